"""One instance of a container: its addresses and words from a coordinate and fields, and back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..catalogue import CONTAINERS
from ..container import Container
from ..coordinates import ExternalPPUDRAMByte, ExternalPPUMemoryByte
from ..layout import Field
from ..registers.infrastructure import jtag_pll_registers
from .errors import InspectError, NotCovered
from .places import described, index_of, whole_number
from .spelling import ALL_BYTES, Spelled, spelled, spoken

Address = int | str
WORD_LIMIT = (1 << 32) - 1
CHIP_ADDRESSES = 1 << 31
PLL_ADDRESSES = range(0x80000, 0x80010)

ALIASES = {
    "CapMemBlock(cell)": "CapMemCell",
    "ExternalPPUMemory(word)": "ExternalPPUMemory",
    "ExternalPPUMemoryQuad": "ExternalPPUMemory",
    "ExternalPPUDRAMMemory(word)": "ExternalPPUDRAMMemory",
    "PPUMemory(word)": "PPUMemoryWord",
}
"""Other names of containers, and the words that larger containers consist of."""

BYTES: dict[str, tuple[str, type[ExternalPPUMemoryByte] | type[ExternalPPUDRAMByte]]] = {
    "ExternalPPUMemoryByte": ("ExternalPPUMemory", ExternalPPUMemoryByte),
    "ExternalPPUDRAMMemoryByte": ("ExternalPPUDRAMMemory", ExternalPPUDRAMByte),
}
"""Single bytes of a memory -> the container of its words, and their coordinate."""

BACKENDS = {
    "jtag_phy_register": "jtag_phy",
    "ad5252": "i2c_ad5252",
    "dac6573": "i2c_dac6573",
    "ina219": "i2c_ina219",
    "tca9554": "i2c_tca9554",
    "tmp112": "i2c_temp",
    "eeprom": "i2c_id",
    "spi.shift_register": "spi_shift_register",
    "spi.dac": "spi_dac",
    "ut.": "ut",
    "jtag.": "ut",
    "system.": "ut",
}
"""How symbolic addresses begin -> the name of what carries them."""
OMNIBUS = ("omnibus", "omnibus_chip_over_jtag")
JTAG_PLL_BACKEND = "jtag_pll"


def container_named(name: str) -> Container:
    """The container of a name; NotCovered, with the nearest names, if there is none."""
    found = CONTAINERS.get(ALIASES.get(name, name))
    if found is None:
        near = difflib.get_close_matches(name, CONTAINERS, n=3, cutoff=0.6)
        hint = f"; near to it are {', '.join(near)}" if near else ""
        raise NotCovered(f"no container is called {name!r}{hint}")
    return found


@dataclass(frozen=True)
class Instance:
    """An instance of a container with values for its fields.

    backend  through what it is reached: None for the usual way
    """

    container: Container
    index: tuple[int, ...]
    spelled: Spelled
    backend: str | None = None

    @classmethod
    def of(
        cls,
        name: str,
        at: Mapping[str, object],
        fields: Mapping[str, object],
        backend: str | None = None,
    ) -> Instance:
        """The instance that names, coordinate and fields mean.

        Raises NotCovered for what the tables do not know, another ProtocolError for what they
        contradict.
        """
        enables = None
        if name in BYTES:
            name, at, fields, enables = _byte(name, at, fields)
        container = container_named(name)
        if backend is not None:
            check_backend(container, backend)
        values = spelled(container, fields)
        values.enables = values.enables if enables is None else enables
        return cls(container, index_of(container, at), values, backend)

    @property
    def coordinate(self) -> dict[str, int | str]:
        """The coordinate by axis."""
        return described(self.container, self.index)

    def addresses(self) -> list[Address]:
        """Address of each word: a number on the Omnibus, else a symbol."""
        if self.backend == JTAG_PLL_BACKEND:
            return list(jtag_pll_registers(self.container, self.index))
        return list(self.container.labels(self.index))

    def words(self) -> list[int]:
        """The words of the fields."""
        return [int(w) for w in self.container.register.encode(self.spelled.values)]

    def byte_enables(self) -> list[int]:
        """For each word, the bytes that are written (bit k: bits 8 k + 7 .. 8 k)."""
        one = ALL_BYTES if self.spelled.enables is None else self.spelled.enables
        return [one] * self.container.register.n_words

    def decoded(self, words: Sequence[int]) -> dict[str, np.ndarray]:
        """Field values of the register's words."""
        return dict(self.container.register.decode(np.asarray(words, dtype=np.uint32)))

    def contradictions(self, words: Sequence[int]) -> list[str]:
        """Fields that were said and that these words decode to something else."""
        decoded, problems = self.decoded(words), []
        for name, given in self.spelled.given.items():
            wrong = given & (decoded[name] != self.spelled.values[name])
            for entry in np.argwhere(wrong):
                at = tuple(int(i) for i in entry)
                problems.append(
                    f"the words decode to {field_text(name, at)} = {int(decoded[name][at])}, "
                    f"expected {int(self.spelled.values[name][at])}"
                )
        return problems

    def fields_that_differ(self, words: Sequence[int]) -> list[str]:
        """Fields whose values in these words are not ours, as text."""
        decoded, parts = self.decoded(words), []
        for f in self.container.register.fields:
            ours = self.spelled.values[f.name]
            for entry in np.argwhere(decoded[f.name] != ours):
                at = tuple(int(i) for i in entry)
                pair = (spoken(f, int(decoded[f.name][at])), spoken(f, int(ours[at])))
                parts.append(f"{field_text(f.name, at)} {pair[0]} there, {pair[1]} ours")
        return parts


def _byte(
    name: str, at: Mapping[str, object], fields: Mapping[str, object]
) -> tuple[str, dict[str, object], dict[str, object], int]:
    """A byte as a word of which only that byte is written."""
    container, kind = BYTES[name]
    keys = ("byte", "enum", "coord", f"{name}OnFPGA")
    if len(at) != 1 or next(iter(at)) not in keys:
        raise NotCovered(f"coordinate {dict(at)!r} of {name} is unknown; it has byte")
    byte = kind(whole_number(f"coordinate of {name}", next(iter(at.values()))))
    if fields.keys() != {"value"}:
        raise InspectError(f"{name} has the field 'value' and no other, not {sorted(fields)}")
    entry = {str(byte.entry_on_quad): fields["value"]}
    return container, {"quad": int(byte.quad)}, {"bytes": entry}, byte.byte_enable


def field_text(name: str, entry: Sequence[int]) -> str:
    """``weight[2]``, or the name alone."""
    return name + (f"[{', '.join(map(str, entry))}]" if len(entry) else "")


def check_backend(container: Container, backend: str) -> None:
    """InspectError if a container is not reached that way, NotCovered if nothing is."""
    known = {*OMNIBUS, JTAG_PLL_BACKEND, *BACKENDS.values()}
    if backend not in known:
        raise NotCovered(f"backend {backend!r} is unknown; the tables have {sorted(known)}")
    usual = usual_backends(container)
    if backend not in usual:
        raise InspectError(
            f"{container.name} is reached through {' or '.join(usual)}, not through {backend!r}"
        )


def usual_backends(container: Container) -> tuple[str, ...]:
    """Through what a container is reached, the usual way first."""
    first = container.labels((0,) * len(container.axes))[0]
    if isinstance(first, str):
        return tuple(b for start, b in BACKENDS.items() if first.startswith(start))[:1]
    if first in PLL_ADDRESSES:
        return (*OMNIBUS, JTAG_PLL_BACKEND)
    return OMNIBUS if first < CHIP_ADDRESSES else OMNIBUS[:1]


def symbol_text(address: str) -> str:
    """A symbolic address without the prefix that some of the vendor's symbols have."""
    return address.removeprefix("ut.")


def same_address(one: object, other: Address) -> bool:
    """Whether two addresses mean the same place; a number may be written as hexadecimal text."""
    if isinstance(one, str) and isinstance(other, str):
        return symbol_text(one) == symbol_text(other)
    if isinstance(one, str) and re.fullmatch(r"0x[0-9a-fA-F]+", one):
        return int(one, 16) == other
    return not isinstance(one, bool) and isinstance(one, int) and one == other


def address_text(address: object) -> str:
    """An address as it is printed."""
    return f"{address:#010x}" if isinstance(address, int) else str(address)


def symbols() -> dict[str, tuple[Container, tuple[int, ...], int]]:
    """Every symbolic address -> container, index and word; JTAG's PLL registers included."""
    found: dict[str, tuple[Container, tuple[int, ...], int]] = {}
    for container in CONTAINERS.values():
        jtag_pll = JTAG_PLL_BACKEND in usual_backends(container)
        if container.symbols is None and not jtag_pll:
            continue
        for index in np.ndindex(*container.shape):
            labels = jtag_pll_registers(container, index) if jtag_pll else container.labels(index)
            for word, label in enumerate(labels):
                found[symbol_text(str(label))] = (container, index, word)
    return found


def piece_of(container: Container, name: str) -> tuple[Field, int]:
    """Field and entry of a name such as ``mask`` or ``bypass_output2``."""
    table = container.register.by_name
    match = re.fullmatch(r"(.*?\D)_?(\d+)", name)
    if name in table:
        return table[name], 0
    if match and match[1].rstrip("_") in table:
        found = table[match[1].rstrip("_")]
        if int(match[2]) < max(found.entries, 1):
            return found, int(match[2])
    raise InspectError(f"{container.name} has no field {name!r}; it has {', '.join(table)}")
