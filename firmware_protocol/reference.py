"""The register page, generated from the tables: ``python -m firmware_protocol.reference``.

Prints Markdown; ``docs/reference/registers.md`` is that output, and a test keeps it fresh.
"""

from __future__ import annotations

import numpy as np

from . import atomic_neuron
from .layout import Field, Register
from .memory_map import ALIASES, BLOCKS, CONTROL_REGISTERS, Block
from .registers.capmem import QUADRANT_CELLS, READOUT_CELLS

_HEAD = """\
# Registers

Generated from the tables by `python -m firmware_protocol.reference`; do not edit.
How to read a place such as `1[3:0] 2[5:2]`, and where the numbers come from: [words](words.md).
"""


def _default(field: Field) -> str:
    values = np.unique(np.atleast_1d(np.asarray(field.default)))
    return ", ".join(str(int(v)) for v in values)


def _remarks(field: Field) -> str:
    """Everything about a field that has no column of its own."""
    parts = [field.doc] if field.doc else []
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
    rows = ["| field | place | range | default | remarks |", "|---|---|---|---|---|"]
    for f in register.fields:
        span = f"{f.low}..{f.limit}"
        rows.append(f"| `{f.name}` | `{f.place}` | {span} | {_default(f)} | {_remarks(f)} |")
    return rows


def _block(block: Block) -> list[str]:
    register = block.register
    shape = " x ".join(map(str, block.shape)) or "one"
    low, high = int(block.addresses.min()), int(block.addresses.max())
    return [
        f"## {register.name}: `chip.{block.name}`",
        "",
        f"Array shape {shape}; {register.n_words} words of {register.width} used bits; "
        f"addresses {low:#010x} to {high:#010x}.",
        "",
        *_fields(register),
        "",
    ]


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


def _control() -> list[str]:
    lines: list[str] = []
    for address, register in CONTROL_REGISTERS.items():
        lines += [f"## {register.name} at {address:#010x}", "", *_fields(register), ""]
    return lines


def _aliases() -> list[str]:
    lines: list[str] = []
    for alias in ALIASES.values():
        low, high = int(alias.addresses.min()), int(alias.addresses.max())
        lines += [
            f"## {alias.register.name} at {low:#010x} to {high:#010x}",
            "",
            f"Another way to the bits {alias.mask:#010x} of a SynapseQuad word.",
            "",
            *_fields(alias.register),
            "",
        ]
    return lines


def page() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD, *_neurons(), *_shared_cells()]
    for block in BLOCKS.values():
        lines += _block(block)
    return "\n".join([*lines, *_aliases(), *_control()]).rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
