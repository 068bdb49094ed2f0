"""The register page, generated from the tables: ``python -m firmware_protocol.reference``.

Prints Markdown; ``docs/reference/registers.md`` is that output, and a test keeps it fresh.
"""

from __future__ import annotations

import numpy as np

from . import atomic_neuron
from .catalogue import SECTIONS
from .container import Container
from .layout import Field, Register
from .memory_map import ALIASES, BLOCKS
from .registers.capmem import QUADRANT_CELLS, READOUT_CELLS

_HEAD = """\
# Registers

Generated from the tables by `python -m firmware_protocol.reference`; do not edit.
How to read a place such as `1[3:0] 2[5:2]`, and where the numbers come from: [words](words.md).
Containers that belong to a chip's configuration name their group in `ChipConfig`; the others are
written by programs ([initialisation](words.md#initialisation), control, memories), or read.
Addresses are those of 32-bit words.
"""


def _default(field: Field) -> str:
    values = np.unique(np.atleast_1d(np.asarray(field.default)))
    return ", ".join(str(int(v)) for v in values)


def _remarks(field: Field) -> str:
    """Everything about a field that has no column of its own."""
    parts = [field.doc] if field.doc else []
    if field.choices:
        parts.append(", ".join(f"{i} {name}" for i, name in enumerate(field.choices)))
    if field.unit != "1":
        parts.append(f"in {field.unit}")
    if field.entries:
        parts.append(f"{field.entries} entries, {field.step:+d} bits apart")
    if field.inverted:
        parts.append("stored inverted")
    if field.transform is not None:
        parts.append(f"stored {field.transform.name}")
    return "; ".join(parts)


def _fields(register: Register) -> list[str]:
    if not register.fields:
        return ["No fields: writing anything triggers it."]
    rows = ["| field | place | range | default | remarks |", "|---|---|---|---|---|"]
    for f in register.fields:
        span = f"{f.low}..{f.limit}"
        rows.append(f"| `{f.name}` | `{f.place}` | {span} | {_default(f)} | {_remarks(f)} |")
    return rows


_GROUPS = {
    container: [(name, b.shape) for name, b in BLOCKS.items() if b.container.name == container]
    for container in {b.container.name for b in BLOCKS.values()}
}
_ACCESS = {"rw": "written and read", "r": "only read", "w": "only written"}


def _where(container: Container) -> str:
    """Addresses of all instances, or of the first and the last one if they are symbols."""
    if container.rule is None:
        first, last = (
            container.labels(tuple(k * (size - 1) for size in container.shape)) for k in (0, 1)
        )
        names = ", ".join(f"`{label}`" for label in first)
        more = f" to {', '.join(f'`{label}`' for label in last)}" if last != first else ""
        return f"at {names}{more}"
    if container.memory:
        low = int(container.addresses(*(0,) * len(container.axes))[0])
        high = low + container.n_instances - 1
    else:
        addresses = container.all_addresses()
        low, high = int(addresses.min()), int(addresses.max())
    return f"at {low:#010x}" if low == high else f"at {low:#010x} to {high:#010x}"


def _coordinate(container: Container) -> str:
    """The axes of the instances."""
    if not container.axes:
        return "One instance"
    axes = []
    for axis in container.axes:
        names = f" ({', '.join(axis.names)})" if axis.names else ""
        axes.append(f"`{axis.name}` 0..{axis.size - 1}{names}")
    return "By " + ", ".join(axes)


def _container(container: Container) -> list[str]:
    register = container.register
    of = "" if register.n_words == 1 else f" of {register.n_words} words"
    lines = [
        f"### {container.name}",
        "",
        f"{_coordinate(container)}{of}, {_where(container)}; {_ACCESS[container.access]}.",
    ]
    lines += [
        f"In a configuration: `chip.{name}`, shape {' x '.join(map(str, shape)) or 'one'}."
        for name, shape in _GROUPS.get(container.name, ())
    ]
    lines += [
        f"Another way to the bits {alias.mask << alias.shift:#010x} of a SynapseQuad word."
        for alias in ALIASES
        if alias.container is container
    ]
    if register.word_code is not None:
        lines.append(f"Every word is stored {register.word_code.name}.")
    if container.doc:
        lines.append(f"Note: {container.doc}.")
    return [*lines, "", *_fields(register), ""]


def _neurons() -> list[str]:
    rows = [
        "## Neuron circuits: `chip.neurons`",
        "",
        "One array of 512 for each; the PyNN parameter names are these, except the hidden ones.",
        "",
        "| name | kind | range | default | where | hidden | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    for f in atomic_neuron.FIELDS:
        where = f"CapMem row {f.key}" if f.block == "capmem_neurons" else f"`{f.block}.{f.key}`"
        hidden = "yes" if f.hidden else ""
        rows.append(
            f"| `{f.name}` | {f.kind} | 0..{f.limit} | {f.default} | {where} | {hidden} | {f.doc} |"
        )
    return [*rows, ""]


def _shared_cells() -> list[str]:
    rows = [
        "## Shared CapMem cells: `chip.quadrants`, `chip.readout_chain`",
        "",
        "Codes 0..1022; 1023 switches a cell's refresh off.",
        "",
        "| name | quadrants | column | row | default |",
        "|---|---|---|---|---|",
    ]
    for name, (column, row, default) in QUADRANT_CELLS.items():
        rows.append(f"| `quadrants.{name}` | all | {128 + column} | {row} | {default} |")
    for name, (quadrant, column, row, default) in READOUT_CELLS.items():
        cell = f"{quadrant} | {128 + column} | {row} | {default}"
        rows.append(f"| `readout_chain.{name}` | {cell} |")
    return [*rows, ""]


def page() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD, *_neurons(), *_shared_cells()]
    for title, containers in SECTIONS.items():
        lines += [f"## {title}", ""]
        for container in containers:
            lines += _container(container)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
