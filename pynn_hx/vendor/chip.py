"""``lola.Chip``: a chip's configuration with the vendor's tree of containers over its arrays.

``chip.neuron_block.atomic_neurons[coordinate].leak.v_leak = 400`` and
``chip.synapse_driver_blocks[half].padi_bus.dacen_pulse_extension.fill(10)`` set what
:class:`firmware_protocol.ChipConfig` holds; nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from firmware_protocol import ChipConfig
from firmware_protocol.memory_map import BLOCKS, locate_bits

from .. import vendor  # its modules load when they are used: configurations must import quickly

if TYPE_CHECKING:
    from .container import Container
    from .coordinate import VendorCoordinate


class Places:
    """Containers by place; each is a view of the configuration, and takes the values of others."""

    def __init__(self, size: int, view: Callable[[int], Any]) -> None:
        self._size, self._view = size, view

    def __getitem__(self, place: int) -> Any:
        if not 0 <= int(place) < self._size:
            raise IndexError(f"there is no place {place}; choose 0..{self._size - 1}")
        return self._view(int(place))

    def __setitem__(self, place: int, container: Container) -> None:
        self[place].assign(container)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return map(self._view, range(self._size))


class _Default:
    """A preset as a class attribute: a fresh configuration each time."""

    def __init__(self, preset: str) -> None:
        self._preset = preset

    def __get__(self, instance: object, owner: type[Chip]) -> Chip:
        return owner.of(ChipConfig.preset(self._preset))


class Chip(ChipConfig):
    """A chip's configuration, by our groups and by the vendor's tree.

    Chip.default_neuron_bypass  a new one in which events become spikes without a membrane
    """

    default_neuron_bypass = _Default("neuron_bypass")

    @classmethod
    def of(cls, config: ChipConfig) -> Self:
        """A configuration with the vendor's tree; both share what they hold."""
        if isinstance(config, cls):
            return config
        chip = cls.__new__(cls)
        chip._adopt(config._arrays)
        return chip

    # --- the vendor's tree ----------------------------------------------------------------------

    def _at(self, block: str, *index: int) -> Any:
        """A container over one instance of a block of registers."""
        arrays, kind = self._arrays[block], getattr(vendor.hal, BLOCKS[block].container.name)
        place: tuple[Any, ...] = (*index, ...)
        return kind.over({name: array[place] for name, array in arrays.items()})

    def _all(self, block: str, size: int, *before: int) -> Places:
        return Places(size, lambda place: self._at(block, *before, place))

    def _row(self, name: str, block: str, fields: dict[str, str], half: int) -> Any:
        arrays, kind = self._arrays[block], getattr(vendor.lola, name)
        return kind.over({theirs: arrays[ours][half] for theirs, ours in fields.items()})

    @property
    def neuron_block(self) -> SimpleNamespace:
        """Circuits, common backend settings, and column switches of both rows."""
        switches = {name: name for name in self._arrays["column_current"]}
        return SimpleNamespace(
            atomic_neurons=Places(512, lambda n: vendor.neuron.AtomicNeuron.on(self, n)),
            backends=self._all("common_backend", 2),
            current_rows=Places(
                2, lambda h: self._row("ColumnCurrentRow", "column_current", switches, h)
            ),
        )

    @property
    def synapse_blocks(self) -> Places:
        """Synapses of each half, and the bias of their DACs (west, east)."""
        fields = {
            "weights": "weight",
            "labels": "label",
            "time_calibs": "time_calib",
            "amp_calibs": "amp_calib",
        }
        value = BLOCKS["capmem_shared"].register.by_name["value"]
        return Places(
            2,
            lambda h: SimpleNamespace(
                matrix=self._row("SynapseMatrix", "synapses", fields, h),
                i_bias_dac=vendor.values.Values(
                    self.quadrants.syn_i_bias_dac[2 * h : 2 * h + 2], value, "i_bias_dac"
                ),
            ),
        )

    @property
    def synapse_driver_blocks(self) -> Places:
        """Drivers, bus settings and recovery clock of each half."""
        return Places(
            2,
            lambda h: SimpleNamespace(
                synapse_drivers=self._all("synapse_drivers", 128, h),
                padi_bus=self._at("padi", h),
                stp=self._at("stp", h),
            ),
        )

    @property
    def cadc_readout_chains(self) -> Places:
        """Channels of each half's column ADCs."""
        return Places(
            2,
            lambda h: SimpleNamespace(
                channels_causal=self._all("cadc_channels", 256, h, 0),
                channels_acausal=self._all("cadc_channels", 256, h, 1),
            ),
        )

    @property
    def crossbar(self) -> SimpleNamespace:
        """Nodes and output settings of the event crossbar."""
        return SimpleNamespace(
            nodes=self._all("crossbar_nodes", 76), outputs=self._at("crossbar_outputs")
        )

    @property
    def background_spike_sources(self) -> Places:
        """The generators of events."""
        return self._all("background_sources", 8)

    # --- any container --------------------------------------------------------------------------

    def apply(self, addresses: Any, words: Any) -> None:
        """Take words as if they were written; those that are no part of a configuration pass by.

        addresses, words  (n,) uint32, in the order of writing
        """
        bits = locate_bits(addresses)
        known = bits.position >= 0
        image = self.image()
        for at, mask, shift, word in zip(
            bits.position[known],
            bits.mask[known],
            bits.shift[known],
            np.asarray(words, np.uint32)[known],
            strict=True,
        ):
            image[at] = image[at] & ~(mask << shift) | (word & mask) << shift
        for block, fields in ChipConfig.from_image(image)._arrays.items():
            for name, values in fields.items():
                self._arrays[block][name][...] = values

    def read(self, coordinate: VendorCoordinate) -> Any:
        """The container at a coordinate, as a value of its own.

        Raises TypeError for a coordinate whose words are no part of a configuration.
        """
        kind = vendor.lola.container_type(coordinate)
        bits = locate_bits(kind.addresses(coordinate))
        if np.any(bits.position < 0):
            raise TypeError(f"{kind.__name__} at {coordinate!r} is no part of a configuration")
        return kind.decode(self.image()[bits.position] >> bits.shift & bits.mask)
