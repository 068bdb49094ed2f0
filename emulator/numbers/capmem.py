"""Numbers of the analog parameter memory (CapMem) and of the biases that circuits need."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    "capmem_settling_tau":   Number(3e-3, "s", "estimated",
                              "software waits 20 ms after a write, then 0.1 % is left"),
    "capmem_settled":        Number(0.1, "LSB", "estimated",
                              "nearer to its value than this a cell counts as there"),
    "capmem_crosstalk":      Number(3.0, "LSB", "estimated",
                              "shift if all 128 cells of a row share a code; 2-4 proposed"),
    "bias_current_needed":   Number(2.0, "LSB", "estimated",
                              "dead at 0; a cell on its way from 1022 to 0 is there in 19 ms"),
    "bias_voltage_needed":   Number(10.0, "LSB", "estimated",
                              "dead at code 0, where mismatch and crosstalk leave up to 8 LSB"),
}

SIGMAS: dict[str, Number] = {
    "voltage_cell.gain":     Number(0.01, "1", "estimated", "per quadrant"),
    "voltage_cell.offset":   Number(2 / 1.875, "LSB", "estimated", "2 mV per cell, 1.875 mV/LSB"),
    "current_cell.gain":     Number(0.04, "1", "estimated", "every current cell"),
    "current_cell.offset":   Number(2.0, "LSB", "estimated", "every current cell, 1 nA/LSB"),
}
# fmt: on
