"""Inter-compartment resistors and soma lines: every number with its source."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    "icc_gm":                Number(1.8e-9, "S/LSB", "measured",
                              "chain demo at code 500, tau_icc about 2.5 us"),
    "icc_scaling":           Number(4, "1", "documented", "division and multiplication flags"),
    "soma_line_capacitance": Number(50e-15, "F", "estimated",
                              "per circuit's piece: 0.1 pF proposed for a line, two join circuits"),
    "wire_capacitance":      Number(2e-15, "F", "estimated",
                              "a node's if parasitics are off: 12 um of wire, 0.2 fF/um"),
}

SIGMAS: dict[str, Number] = {
    "icc.gm":                Number(0.20, "1", "estimated", "per resistor"),
    "icc.offset":            Number(10e-3, "V", "estimated", "per resistor, between its ends"),
}
# fmt: on
