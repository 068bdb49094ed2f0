"""Who is looked at, and by which converter: two inputs of the MADC, columns of the CADC, two pads.

Each half of the chip has a readout line for its even and one for its odd columns; two multiplexers
select lines for the MADC (and, buffered, for pad 0 and pad 1).  The MADC alternates between the two
multiplexers; the chip's own software records one neuron of an even and one of an odd column at a
time, and so do we.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from firmware_protocol import ChipConfig
from firmware_protocol.coordinates import N_COLUMNS

from .errors import MappingError
from .graph import Ints

_LINES = (("neuron_top_even", "neuron_top_odd"), ("neuron_bottom_even", "neuron_bottom_odd"))
_STIMULUS_LINES = ("neuron_i_stim_mux", "neuron_i_stim_mux_to_pad")
N_MUXES = 2


class Sight(NamedTuple):
    """A quantity of a circuit: AtomicNeuron, and 0 membrane, 1 exc., 2 inh. input, 3 adaptation."""

    circuit: int
    source: int

    @property
    def parity(self) -> int:
        """0 in an even column, 1 in an odd one."""
        return self.circuit % 2


class Pad(NamedTuple):
    """A quantity on an analog pin."""

    sight: Sight
    buffered: bool


@dataclass(frozen=True)
class Readout:
    """What one run shows.

    madc  what the MADC samples, by multiplexer; None where nothing
    pads  what is on pad 0 and pad 1
    cadc  what the columns' ADC samples
    muxes  multiplexers that the MADC samples, if not just those that show something: it learns them
           when it is started, so that all parts of a run have the same
    """

    madc: tuple[Sight | None, Sight | None] = (None, None)
    pads: tuple[Pad | None, Pad | None] = (None, None)
    cadc: tuple[Sight, ...] = field(default=())
    muxes: tuple[int, ...] = ()

    @property
    def sampled(self) -> tuple[int, ...]:
        """Multiplexers that the MADC samples; of two, in turn."""
        return self.muxes or tuple(mux for mux, s in enumerate(self.madc) if s is not None)

    @property
    def channels(self) -> dict[int, Sight]:
        """What the MADC's samples of channel bit 0 and 1 belong to.

        The bit says where the selection stands when a conversion is over: of two inputs, it is the
        other one's; of a single input, that of its multiplexer.
        """
        alternating = len(self.sampled) == N_MUXES
        return {
            1 - mux if alternating else mux: sight
            for mux, sight in enumerate(self.madc)
            if sight is not None
        }


def together(readouts: Sequence[Readout]) -> tuple[Readout, ...]:
    """Readouts that follow each other in one run, while the MADC goes on sampling as it began."""
    muxes = tuple(sorted({mux for r in readouts for mux in r.sampled}))
    return tuple(replace(r, muxes=muxes) for r in readouts)


def plan(
    madc: Sequence[Sight],
    pads: Sequence[Pad | None] = (None, None),
    cadc: Iterable[Sight] = (),
) -> list[Readout]:
    """Distribute what is to be seen over as few runs as possible, at least one.

    All runs have the same pads; only the first one samples the CADC.  Raises MappingError if the
    pads leave no way to the MADC.
    """
    pad_0, pad_1 = pads
    waiting = list(dict.fromkeys(madc))
    runs: list[Readout] = []
    while waiting or not runs:
        muxes: list[Sight | None] = [None, None]
        for mux, taken in enumerate((pad_0, pad_1)):
            if taken is not None and taken.buffered and taken.sight in waiting:
                muxes[mux] = taken.sight
                waiting.remove(taken.sight)
        for mux, taken in enumerate((pad_0, pad_1)):
            other = muxes[1 - mux] or _on_mux(pads, 1 - mux)
            if muxes[mux] is not None or (taken is not None and taken.buffered):
                continue
            fitting = [s for s in waiting if other is None or s.parity != other.parity]
            if fitting:
                muxes[mux] = fitting[0]
                waiting.remove(fitting[0])
        if waiting and muxes == [None, None]:
            raise MappingError(
                f"the MADC cannot see circuit {waiting[0].circuit}: the pads take the readout "
                "lines that it needs; record fewer neurons with device='pad_0' or 'pad_1'"
            )
        runs.append(Readout((muxes[0], muxes[1]), (pad_0, pad_1), tuple(cadc) if not runs else ()))
    return runs


def _on_mux(pads: Sequence[Pad | None], mux: int) -> Sight | None:
    pad = pads[mux]
    return pad.sight if pad is not None and pad.buffered else None


def check_pads(pads: Sequence[Pad | None]) -> None:
    """MappingError if two buffered pads need the same kind of readout line."""
    first, second = (_on_mux(pads, mux) for mux in range(N_MUXES))
    if first is not None and second is not None and first.parity == second.parity:
        raise MappingError(
            f"pads 0 and 1 both show circuits of {('even', 'odd')[first.parity]} columns "
            f"({first.circuit} and {second.circuit}), which share a readout line; place one of "
            "them elsewhere with neuronPermutation"
        )


def write(chip: ChipConfig, readout: Readout) -> None:
    """Connect converters and pads to what they are to show; replaces what was connected."""
    neurons = chip.neurons
    neurons.readout_enable_amplifier = 0
    neurons.readout_enable_buffered_access = 0
    for name in chip.readout_source:
        chip.readout_source[name][...] = 0
    _write_muxes(chip, readout)
    _write_pads(chip, readout)
    _write_cadc(chip, readout.cadc)


def _write_muxes(chip: ChipConfig, readout: Readout) -> None:
    buffered = [p.sight if p is not None and p.buffered else None for p in readout.pads]
    for mux in range(N_MUXES):
        sight = readout.madc[mux] or buffered[mux]
        if sight is not None:
            _select(chip, sight)
            chip.neurons.readout_enable_buffered_access[sight.circuit] = 1
            half, column = divmod(sight.circuit, N_COLUMNS)
            chip.readout_source[_LINES[half][column % 2]][mux] = 1
    chip.madc.active_mux_initially_selected_input = int(readout.sampled == (1,))
    chip.madc.active_mux_input_select_length = int(len(readout.sampled) == N_MUXES)


def _write_pads(chip: ChipConfig, readout: Readout) -> None:
    pads = chip.pad_multiplexers
    for name in _STIMULUS_LINES:
        pads[name][...] = 0
    for number, pad in enumerate(readout.pads):
        if pad is None:
            continue
        if pad.buffered:
            chip.readout_source[f"buffer_{number}_to_pad_{number}"][1] = 1
        else:
            _select(chip, pad.sight)
            chip.neurons.readout_enable_unbuffered_access[pad.sight.circuit] = 1
            half = pad.sight.circuit // N_COLUMNS
            pads.neuron_i_stim_mux[number, half] = 1
            pads.neuron_i_stim_mux_to_pad[number] = 1


def _select(chip: ChipConfig, sight: Sight) -> None:
    chip.neurons.readout_enable_amplifier[sight.circuit] = 1
    chip.neurons.readout_source[sight.circuit] = sight.source


def _write_cadc(chip: ChipConfig, sights: Sequence[Sight]) -> None:
    columns = np.zeros((2, N_COLUMNS), dtype=np.uint8)
    if sights:
        circuit = np.array([s.circuit for s in sights])
        columns[circuit // N_COLUMNS, circuit % N_COLUMNS] = 1
        chip.neurons.readout_enable_amplifier[circuit] = 1
        chip.neurons.readout_source[circuit] = [s.source for s in sights]
        chip.cadc.enable = 1
        # The sensors of a column that shows its neuron would mix into the reading.
        for kind in ("causal", "acausal"):
            chip.column_correlation[f"enable_internal_{kind}"][columns != 0] = 0
    chip.column_correlation.enable_cadc_neuron_readout_causal = columns
    chip.column_correlation.enable_cadc_neuron_readout_acausal = 0


def quads(circuits: Ints) -> tuple[Ints, Ints, Ints]:
    """Sample registers that hold the CADC's readings of circuits: (half, quad, entry), (n,) each.

    Quad q of a row holds columns 2 e + 8 (q % 32) + q // 32 for its entries e = 0..3
    (``docs/reference/words.md``).
    """
    half, column = circuits // N_COLUMNS, circuits % N_COLUMNS
    return half, column // 8 + 32 * (column % 2), column % 8 // 2
