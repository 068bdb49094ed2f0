"""Messages to the FPGA and sequences of them, as files of words describe them.

``ut:NAME`` is a 64-bit message word; the other names are sequences of JTAG, I2C, SPI and Omnibus
accesses, told as payloads (``jtag.Ins``, ``w:0x88007850``).  Everything is built by the functions
that programs use, and told from the words they make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from .. import jtag
from ..catalogue import CONTAINERS
from ..instructions import (
    ALL_BYTES,
    ENABLES_LSB,
    FROM_FPGA_PAYLOAD_BITS,
    PAYLOAD_MASK,
    READ_BIT,
    TO_FPGA_PAYLOAD_BITS,
    FromFpga,
    ToFpga,
    message,
    parse,
    whole_number,
)
from ..program import Program
from .errors import InspectError, NotCovered
from .instances import address_text
from .places import member_named, plain
from .spelling import spelled

Word = int | str | dict[str, int]
_DATA_BITS = (1 << 40) - 1
_N_BITS_LSB, _KEEP_LSB = 40, 48

# fmt: off
TO_FPGA_NAMES = {
    ToFpga.JTAG_INIT:             "jtag.Init",
    ToFpga.JTAG_CLOCK_SCALER:     "jtag.Scaler",
    ToFpga.JTAG_INSTRUCTION:      "jtag.Ins",
    ToFpga.JTAG_DATA:             "jtag.Data",
    ToFpga.TIMER_SETUP:           "timing.Setup",
    ToFpga.WAIT_UNTIL:            "timing.WaitUntil",
    ToFpga.SYSTIME_INIT:          "timing.SystimeInit",
    ToFpga.BARRIER:               "timing.Barrier",
    ToFpga.POLLING_OMNIBUS_BLOCK: "timing.PollingOmnibusBlock",
    ToFpga.RESET:                 "system.Reset",
    ToFpga.LOOPBACK:              "system.Loopback",
    ToFpga.OMNIBUS_ADDRESS:       "omnibus.Address",
    ToFpga.OMNIBUS_DATA:          "omnibus.Data",
    ToFpga.SPIKE_PACK_1:          "event.SpikePack1",
    ToFpga.SPIKE_PACK_2:          "event.SpikePack2",
    ToFpga.SPIKE_PACK_3:          "event.SpikePack3",
}
"""The vendor's names of messages to the FPGA."""

FROM_FPGA_NAMES = {
    FromFpga.JTAG_DATA:                  "jtag.Data",
    FromFpga.OMNIBUS_DATA:               "omnibus.Data",
    FromFpga.LOOPBACK:                   "system.Loopback",
    FromFpga.HIGHSPEED_LINK_NOTIFICATION: "system.HighspeedLinkNotification",
    FromFpga.TIMEOUT_NOTIFICATION:       "system.TimeoutNotification",
    FromFpga.SYSTIME:                    "timing.Systime",
    FromFpga.SYSDELTA:                   "timing.Sysdelta",
    FromFpga.MADC_PACK_1:                "event.MADCSamplePack1",
    FromFpga.MADC_PACK_2:                "event.MADCSamplePack2",
    FromFpga.MADC_PACK_3:                "event.MADCSamplePack3",
    FromFpga.SPIKE_PACK_1:               "event.SpikePack1",
    FromFpga.SPIKE_PACK_2:               "event.SpikePack2",
    FromFpga.SPIKE_PACK_3:               "event.SpikePack3",
}
"""The vendor's names of messages from the FPGA."""

NAMESPACES = {
    "to_fpga_jtag": "jtag", "jtag_from_hicann": "jtag", "omnibus_to_fpga": "omnibus",
    "omnibus_from_fpga": "omnibus", "event_to_fpga": "event", "event_from_fpga": "event",
    "from_fpga_system": "system", "timing_from_fpga": "timing",
}
"""The vendor's longer names of groups of messages."""

PAYLOAD_CONTAINERS = {
    ToFpga.JTAG_INIT:             "ResetJTAGTap",
    ToFpga.JTAG_CLOCK_SCALER:     "JTAGClockScaler",
    ToFpga.SYSTIME_INIT:          "SystimeSync",
    ToFpga.BARRIER:               "Barrier",
    ToFpga.POLLING_OMNIBUS_BLOCK: "PollingOmnibusBlock",
    ToFpga.RESET:                 "ResetChip",
}
"""Messages whose payload is a container's word."""
# fmt: on


@dataclass(frozen=True)
class Sequence:
    """What a description of messages stands for.

    addresses, words  as files write them
    access            "r" or "w"
    backend           the name of what carries it
    read_back         words of a file -> fields that they mean; those that were said are compared
    """

    addresses: list[str]
    words: list[Word]
    access: str
    backend: str
    read_back: Callable[[list[int]], dict[str, object]] | None = None


class Arguments:
    """Coordinate and fields of a description; what is not asked for is an error."""

    def __init__(self, name: str, at: Mapping[str, object], fields: Mapping[str, object]) -> None:
        self._name = name
        self._groups = {"coordinate": dict(at), "fields": dict(fields)}

    def value(self, group: str, *keys: str, default: object = None) -> object:
        """What is said under one of `keys`; the default, or InspectError if there is none."""
        parts = self._groups[group]
        said = [key for key in keys if key in parts]
        if len(said) > 1:
            raise InspectError(f"{self._name}: {' and '.join(said)} mean the same; say one")
        if said:
            return parts.pop(said[0])
        if default is None:
            raise InspectError(f"{self._name}: {group} {self._groups[group]} lacks {keys[0]!r}")
        return default

    def number(self, group: str, *keys: str, limit: int, default: int | None = None) -> int:
        """As :meth:`value`, a whole number in 0..limit."""
        value = self.value(group, *keys, default=default)
        place = f"{self._name}: {keys[0]}"
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, int):
            raise InspectError(f"{place} = {value!r} is no whole number (0..{limit})")
        return whole_number(place, value, limit, "choose one that fits")

    def member(
        self, group: str, kind: type[IntEnum], *keys: str, default: int | None = None
    ) -> int:
        """As :meth:`value`, a number or name of an enumeration."""
        value = self.value(group, *keys, default=default)
        found = member_named(kind, value) if isinstance(value, str) else None
        if found is None and (isinstance(value, bool) or not isinstance(value, int)):
            known = ", ".join(f"{m.name.lower()} ({int(m)})" for m in kind)
            raise InspectError(f"{self._name}: {keys[0]} = {value!r} is unknown; choose {known}")
        return int(found) if found is not None else int(value)  # type: ignore[call-overload]

    def rest(self, group: str) -> dict[str, object]:
        """Everything that is left of a group."""
        rest, self._groups[group] = self._groups[group], {}
        return rest

    def done(self) -> None:
        """InspectError if something was said that nobody asked for."""
        for group, parts in self._groups.items():
            if parts:
                raise InspectError(f"{self._name} has no {' or '.join(map(repr, parts))} ({group})")


WORD_LIMIT = (1 << 32) - 1


# --- single messages ----------------------------------------------------------------------------


def ut_message(name: str, arguments: Arguments) -> Sequence:
    """The 64-bit words of ``ut:NAME``."""
    program = Program()
    read_back = _build(name, program, arguments)
    arguments.done()
    words: list[Word] = [int(w) for w in program.words()]
    access = "r" if name == "omnibus read" else "w"
    return Sequence(["to_fpga"] * len(words), words, access, "ut64", read_back)


def _build(
    name: str, program: Program, arguments: Arguments
) -> Callable[[list[int]], dict[str, object]]:
    """Append the messages of a name; returns how their fields are read from the words."""
    simple = {"system.Loopback halt": program.halt, "system.Loopback tick": program.loopback}
    if name in simple:
        simple[name]()
        return lambda words: {}
    if name in ("omnibus write", "omnibus read"):
        return _omnibus(program, arguments, write=name.endswith("write"))
    header = _header_named(name)
    if header == ToFpga.TIMER_SETUP:
        program.setup_timer()
        return lambda words: {}
    if header == ToFpga.WAIT_UNTIL:
        program.wait_until(arguments.number("fields", "value", limit=WORD_LIMIT))
        return lambda words: {"value": _payload(words[0])}
    if header >= ToFpga.SPIKE_PACK_1:
        return _spikes(program, arguments, header - ToFpga.SPIKE_PACK_1 + 1)
    if header == ToFpga.JTAG_INSTRUCTION:
        value = arguments.member("fields", jtag.Instruction, "value", "instruction")
        jtag.instruction(program, value)
        return lambda words: {"value": _payload(words[0])}
    if header == ToFpga.JTAG_DATA:
        return _jtag_data(program, arguments)
    container = CONTAINERS[PAYLOAD_CONTAINERS[header]]
    fields = spelled(container, arguments.rest("fields"))
    program.append(message(header, int(container.register.encode(fields.values)[0])))
    return lambda words: {}


def _header_named(name: str) -> ToFpga:
    """The message of a name; NotCovered if there is none that stands alone."""
    wanted = vendor_message_name(name)
    for header, known in TO_FPGA_NAMES.items():
        alone = header in PAYLOAD_CONTAINERS or header in _BUILT
        if known == wanted and alone:
            return header
    raise NotCovered(f"no message is called {name!r}; those to the FPGA are {_known_messages()}")


_BUILT = (
    ToFpga.TIMER_SETUP,
    ToFpga.WAIT_UNTIL,
    ToFpga.JTAG_INSTRUCTION,
    ToFpga.JTAG_DATA,
    ToFpga.SPIKE_PACK_1,
    ToFpga.SPIKE_PACK_2,
    ToFpga.SPIKE_PACK_3,
)


def _known_messages() -> str:
    names = [TO_FPGA_NAMES[h] for h in TO_FPGA_NAMES if h in _BUILT or h in PAYLOAD_CONTAINERS]
    loopbacks = ["system.Loopback halt", "system.Loopback tick"]
    return ", ".join([*names, *loopbacks, "omnibus write", "omnibus read"])


def vendor_message_name(name: str) -> str:
    """``"jtag Data"`` and ``"to_fpga_jtag.Data"`` as ``"jtag.Data"``."""
    group, _, rest = name.strip().replace("::", ".").replace(" ", ".", 1).partition(".")
    return f"{NAMESPACES.get(group, group)}.{rest.strip()}"


def _payload(word: int) -> int:
    return word & PAYLOAD_MASK


def _omnibus(
    program: Program, arguments: Arguments, *, write: bool
) -> Callable[[list[int]], dict[str, object]]:
    address = arguments.number("coordinate", "address", limit=WORD_LIMIT)
    if not write:
        program.read(address)
        return lambda words: {"address": _payload(words[0]) & WORD_LIMIT}
    value = arguments.number("fields", "value", limit=WORD_LIMIT)
    enables = arguments.number("fields", "byte_enables", limit=ALL_BYTES, default=ALL_BYTES)
    program.write(address, value, enables)
    return lambda words: {
        "value": _payload(words[1]),
        "byte_enables": _payload(words[0]) >> ENABLES_LSB & ALL_BYTES,
    }


def _spikes(
    program: Program, arguments: Arguments, n: int
) -> Callable[[list[int]], dict[str, object]]:
    labels = arguments.value("fields", "labels")
    if not isinstance(labels, list) or len(labels) != n:
        raise InspectError(f"event SpikePack{n}: labels = {labels!r}; write a list of {n}")
    if any(isinstance(label, bool) or not isinstance(label, int) for label in labels):
        raise InspectError(f"event SpikePack{n}: labels = {labels!r} are no whole numbers")
    program.spikes_now(labels)
    return lambda words: {
        "labels": [_payload(words[0]) >> 16 * (n - 1 - i) & 0xFFFF for i in range(n)]
    }


def _jtag_data(program: Program, arguments: Arguments) -> Callable[[list[int]], dict[str, object]]:
    payload = arguments.number("fields", "payload", "value", limit=(1 << jtag.MAX_BITS) - 1)
    n_bits = arguments.number("fields", "num_bits", limit=jtag.MAX_BITS)
    keep = arguments.number("fields", "keep", "keep_response", limit=1, default=0)
    (jtag.exchange if keep else jtag.data)(program, payload, n_bits)
    return lambda words: dict(jtag_data(_payload(words[0])))


def jtag_data(payload: int) -> dict[str, int]:
    """Payload of a JTAG data message as files write it."""
    return {
        "payload": payload & _DATA_BITS,
        "num_bits": payload >> _N_BITS_LSB & 0xFF,
        "keep": payload >> _KEEP_LSB & 1,
    }


# --- sequences, told as payloads ----------------------------------------------------------------


def told(program: Program) -> tuple[list[str], list[Word]]:
    """Names and payloads of a program's messages, as the vendor's tests tell them."""
    messages = parse(program.words())
    names, words = [], []
    for header, payload in zip(messages.header, messages.payload, strict=True):
        names.append(TO_FPGA_NAMES[ToFpga(int(header))])
        words.append(_told_payload(ToFpga(int(header)), int(payload)))
    return names, words


def _told_payload(header: ToFpga, payload: int) -> Word:
    if header == ToFpga.JTAG_DATA:
        return jtag_data(payload)
    if header == ToFpga.JTAG_INSTRUCTION and payload in set(jtag.Instruction):
        return f"{jtag.Instruction(payload).name}({payload})"
    return payload


def accesses(program: Program) -> tuple[list[str], list[int]]:
    """Omnibus accesses of a program (``w:0x88007850``, ``r:...``), and the values written."""
    messages = parse(program.words())
    names, values = [], []
    for header, payload in zip(messages.header, messages.payload.tolist(), strict=True):
        if header == ToFpga.OMNIBUS_ADDRESS:
            kind = "r" if payload & READ_BIT else "w"
            names.append(f"{kind}:{address_text(payload & WORD_LIMIT)}")
        else:
            values.append(payload)
    return names, values


def _jtag_sequence(name: str, program: Program, arguments: Arguments) -> str:
    """Append a JTAG sequence; returns its access."""
    if name == "OmnibusChipOverJTAG read":
        jtag.read_omnibus(program, _chip_address(arguments))
        return "r"
    if name == "OmnibusChipOverJTAG write":
        value = arguments.number("fields", "value", limit=WORD_LIMIT)
        jtag.write_omnibus(program, _chip_address(arguments), value)
    elif name == "JTAGPLLRegister write":
        register = arguments.number(
            "coordinate", "register", "JTAGPLLRegisterOnDLS", "enum", limit=15
        )
        value = arguments.number("fields", "value", limit=WORD_LIMIT)
        jtag.write_pll_register(program, register, value)
    elif name == "JTAGPhyRegister write":
        keys = ("register", "JTAGPhyRegisterOnDLS", "enum")
        register = arguments.number("coordinate", *keys, limit=jtag.N_PHYS - 1)
        value = arguments.number("fields", "value", limit=(1 << 22) - 1)
        jtag.write_phy_register(program, register, value)
    elif name == "JTAGIdCode read":
        jtag.read_id_code(program)
        return "r"
    return "w"


def _chip_address(arguments: Arguments) -> int:
    keys = ("address", "OmnibusChipOverJTAGAddress", "OmnibusAddress")
    return arguments.number("coordinate", *keys, limit=(1 << 31) - 1)


_JTAG_SEQUENCES = (
    "OmnibusChipOverJTAG read",
    "OmnibusChipOverJTAG write",
    "JTAGPLLRegister write",
    "JTAGPhyRegister write",
    "JTAGIdCode read",
)


def jtag_sequence(name: str, arguments: Arguments) -> Sequence | None:
    """A sequence of JTAG messages; None if the name is no such sequence."""
    if name not in _JTAG_SEQUENCES:
        return None
    program = Program()
    access = _jtag_sequence(name, program, arguments)
    arguments.done()
    names, words = told(program)
    return Sequence(names, words, access, "ut")


def omnibus_payloads(name: str, arguments: Arguments) -> Sequence | None:
    """``Omnibus write`` and ``Omnibus read`` as payloads; None for another name."""
    plain_name = re.sub(r"\s*\(fisch\)$", "", name)
    if plain_name not in ("Omnibus write", "Omnibus read"):
        return None
    program = Program()
    writes = plain_name.endswith("write")
    read_back = _omnibus(program, arguments, write=writes)
    arguments.done()
    names, words = told(program)
    return Sequence(names, words, "w" if writes else "r", "ut", read_back)


# --- the dictionaries ---------------------------------------------------------------------------


def dictionary_problems(fields: Mapping[str, object]) -> tuple[int, list[str]]:
    """How many statements about the message dictionaries there are, and which are wrong.

    fields  ``to_fpga`` and ``from_fpga``: header -> ``"timing.Setup size 0"`` (payload bits)
    """
    tables: dict[str, tuple[Mapping[int, str], list[int]]] = {
        "to_fpga": ({int(h): n for h, n in TO_FPGA_NAMES.items()}, TO_FPGA_PAYLOAD_BITS.tolist()),
        "from_fpga": (
            {int(h): n for h, n in FROM_FPGA_NAMES.items()},
            FROM_FPGA_PAYLOAD_BITS.tolist(),
        ),
    }
    n, problems = 0, []
    for direction, statements in fields.items():
        if direction not in tables or not isinstance(statements, dict):
            raise InspectError(f"dictionary {direction!r} is unknown; write to_fpga or from_fpga")
        names, sizes = tables[direction]
        for key, statement in statements.items():
            n += 1
            index = int(key) if key.isdecimal() else -1
            ours = f"{names[index]} size {sizes[index]}" if index in names else "no message"
            if not _same_statement(statement, ours):
                problems.append(f"{direction} header {key}: expected {statement!r}, ours {ours!r}")
    return n, problems


def _same_statement(statement: object, ours: str) -> bool:
    match = re.fullmatch(r"(.+?)\s+size\s+(\d+)", statement) if isinstance(statement, str) else None
    if match is None:
        raise InspectError(f"statement {statement!r} cannot be read; write 'timing.Setup size 0'")
    return f"{vendor_message_name(match[1])} size {int(match[2])}" == ours


def same_word(one: object, other: Word) -> bool:
    """Whether a word of a file is ours; instructions may be written by name, number, or both."""
    if isinstance(other, str) and not isinstance(one, bool):
        name, number = other.rstrip(")").split("(")
        if isinstance(one, str):
            match = re.fullmatch(r"(.+?)\s*\(\s*(\d+)\s*\)", one)
            said, said_number = (match[1], match[2]) if match else (one, number)
            return plain(said) == plain(name) and said_number == number
        return one == int(number)
    return type(one) is type(other) and one == other


def is_word(value: object) -> bool:
    """Whether a file may write this as a word of a sequence."""
    if isinstance(value, dict):
        return all(isinstance(v, int) for v in value.values())
    return isinstance(value, (int, str)) and not isinstance(value, bool)
