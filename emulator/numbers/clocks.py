"""Clocks."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    "fpga_cycle":            Number(8e-9, "s", "documented", "FPGA timer of 125 MHz"),
    "chip_tick":             Number(4e-9, "s", "documented",
                              "event timestamps and neuron backend, 250 MHz"),
}

SIGMAS: dict[str, Number] = {}
# fmt: on
