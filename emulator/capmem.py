"""CapMem, the analog parameter memory: from the code of each cell to what it supplies at a moment.

What a cell supplies is given as an *effective code* [LSB, float64]: the code that a nominal cell
would need for the same voltage or current.  So the curves from codes to volts and amperes
elsewhere need to know nothing of this:

    voltage   u = (1 + g_quadrant) code + o + x
    current   u = max((1 + g) code + o + x, 0), and exactly 0 at code 0
    crosstalk x = s kappa (n - 1) / 127      n refreshed cells of the row share the code
    settling  u(t) = u_new + (u(t_0) - u_new) exp(-(t - t_0) / tau)

A row are the 130 cells of a quadrant with the same row number, one of each of its columns: they
hold what one ramp brings them, and those with the same code take it at the same moment, which bends
the ramp for all of them.  Its sign s is a row's.  The shift belongs to the value that a cell
approaches; it does not settle on its own.  A cell that is not refreshed (code 1023, or its block
switched off) keeps what it holds, as its drift is documented nowhere, and bends no ramp.

A current cell only sources, hence the limit at 0.  A voltage cell ends at ground, which is code
-10 (code 0 are 19 mV); offset and crosstalk together never reach it, so there is no limit.
All sizes are estimated; emulator/numbers says from what.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.registers.capmem import (
    NEURON_ROWS,
    QUADRANT_CELLS,
    READOUT_CELLS,
    REFRESH_DISABLED,
)

from .device import Notes
from .effects import Effects
from .memory import Memory, power_on_image
from .mismatch import Mismatch
from .numbers.capmem import NUMBERS, SIGMAS
from .parameters import CYCLE_S
from .physics.capmem import cell_current
from .physics.synaptic_input import decay_exact

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BLOCKS = ("capmem_neurons", "capmem_shared", "capmem_config")
"""The registers that decide what cells supply."""

QUADRANT_NAMES = ("NW", "NE", "SW", "SE")

_N_ROWS, _N_QUADRANTS, _N_SHARED_COLUMNS = 24, 4, 2
_N_VOLTAGE_ROWS = 8
_N_NEURON_COLUMNS = N_NEURONS // _N_QUADRANTS
_N_CODES = REFRESH_DISABLED + 1
_LARGEST_DRAW = 3
"""Sigma: where production tests stop; it also keeps every gain positive."""

_SETTLING_TAU_S = NUMBERS["capmem_settling_tau"].value
_SETTLED_LSB = NUMBERS["capmem_settled"].value
_CROSSTALK_LSB = NUMBERS["capmem_crosstalk"].value

# All cells in one array: (row, neuron) first, then (quadrant, shared column, row).
_NEURON_SHAPE = (_N_ROWS, N_NEURONS)
_SHARED_SHAPE = (_N_QUADRANTS, _N_SHARED_COLUMNS, _N_ROWS)
_N_NEURON_CELLS = _N_ROWS * N_NEURONS


def _by_cell(of_neurons: npt.ArrayLike, of_shared: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """One number per cell, from what broadcasts to the shapes of the two kinds of cells."""
    neurons = np.broadcast_to(of_neurons, _NEURON_SHAPE).reshape(-1)
    shared = np.broadcast_to(of_shared, _SHARED_SHAPE).reshape(-1)
    return np.concatenate([neurons, shared]).astype(np.int64)


_ROW = _by_cell(np.arange(_N_ROWS)[:, None], np.arange(_N_ROWS))
_QUADRANT = _by_cell(
    np.arange(N_NEURONS) // _N_NEURON_COLUMNS, np.arange(_N_QUADRANTS)[:, None, None]
)
_GROUP = _QUADRANT * _N_ROWS + _ROW
_N_GROUPS = _N_QUADRANTS * _N_ROWS
_CELLS_OF_GROUP = np.argsort(_GROUP, kind="stable").reshape(_N_GROUPS, -1)
_IS_CURRENT = _ROW >= _N_VOLTAGE_ROWS
_SHIFTS = [NEURON_ROWS[f"{sign}_input_i_shift_reference"] for sign in ("excitatory", "inhibitory")]
_COUNTS_AS_CODE = _by_cell(np.isin(np.arange(_N_ROWS), _SHIFTS)[:, None], False) != 0
"""Cells whose deviation is part of the synaptic amplifier's offset (decision 0010)."""


@dataclass(frozen=True)
class Levels:
    """What all cells supply at one moment, in effective codes [LSB].

    neurons    (512,) float64 each, by AtomicNeuron field (``leak_v_leak``), read-only
    quadrants  (4,) float64 each, by cell (``syn_i_bias_dac``), read-only
    globals    by cell (``madc_in_500na``)
    While nothing moves, every moment has the same object, so `is` tells whether anything changed.
    """

    neurons: dict[str, Array]
    quadrants: dict[str, Array]
    globals: dict[str, float]


@dataclass(frozen=True)
class _Pattern:
    """Fixed pattern: gain and offset [LSB] by cell, crosstalk [LSB] of a full row by group."""

    gain: Array
    offset: Array
    crosstalk: Array

    def supplied(self, groups: Ints, codes: Ints) -> Array:
        """What the cells of some groups supply once they are settled, (group, 130) [LSB].

        codes  of all cells; cells that are not refreshed share none with others, as theirs is 1023
               or their whole block is off
        """
        cells = _CELLS_OF_GROUP[groups]
        code = codes[cells]
        slot = code + _N_CODES * np.arange(groups.size)[:, None]
        same = np.bincount(slot.ravel())[slot]
        share = np.maximum(same - 1, 0) / (_N_NEURON_COLUMNS - 1)
        gain, offset = self.gain[cells], self.offset[cells] + self.crosstalk[groups, None] * share
        linear = code * gain + offset
        current = cell_current(code.astype(np.float64), gain, offset)
        supplied = np.where(_IS_CURRENT[cells], current, linear)
        return np.where(_COUNTS_AS_CODE[cells], code, supplied)


def _pattern(mismatch: Mismatch, effects: Effects) -> _Pattern:
    size = _CROSSTALK_LSB if effects.capmem_crosstalk else 0.0
    if not effects.mismatch:
        # A loaded ramp lags behind, so without mismatch all cells hold too little.
        return _Pattern(np.ones(_GROUP.size), np.zeros(_GROUP.size), np.full(_N_GROUPS, -size))
    sign = np.where(mismatch.draw("capmem.crosstalk", (_N_GROUPS,)) < 0, -1.0, 1.0)
    gain, offset = (_drawn(mismatch, parameter) for parameter in ("gain", "offset"))
    quadrant_gain = np.clip(
        mismatch.draw("capmem.voltage.gain", (_N_QUADRANTS,)), -_LARGEST_DRAW, _LARGEST_DRAW
    )
    gain = np.where(
        _IS_CURRENT,
        SIGMAS["current_cell.gain"].value * np.clip(gain, -_LARGEST_DRAW, _LARGEST_DRAW),
        SIGMAS["voltage_cell.gain"].value * quadrant_gain[_QUADRANT],
    )
    kind = np.where(
        _IS_CURRENT, SIGMAS["current_cell.offset"].value, SIGMAS["voltage_cell.offset"].value
    )
    return _Pattern(1 + gain, kind * offset, size * sign)


def _drawn(mismatch: Mismatch, parameter: str) -> Array:
    """Standard normal deviates of all cells; unused cells, which nobody sees, deviate by 0."""
    neurons, shared = np.zeros(_NEURON_SHAPE), np.zeros(_SHARED_SHAPE)
    for name, row in NEURON_ROWS.items():
        neurons[row] = mismatch.draw(f"capmem.{name}.{parameter}", (N_NEURONS,))
    for name, (column, row, _) in QUADRANT_CELLS.items():
        shared[:, column, row] = mismatch.draw(f"capmem.{name}.{parameter}", (_N_QUADRANTS,))
    for name, (quadrant, column, row, _) in READOUT_CELLS.items():
        shared[quadrant, column, row] = mismatch.draw(f"capmem.{name}.{parameter}", (1,))[0]
    return np.concatenate([neurons.reshape(-1), shared.reshape(-1)])


class CapMem:
    """The cells of one chip: what its registers said, and when."""

    def __init__(self, mismatch: Mismatch, effects: Effects) -> None:
        self._pattern = _pattern(mismatch, effects)
        self._settles = effects.capmem_settling
        self.reset()

    def reset(self) -> None:
        """Back to the state after power-on: the codes of that moment, settled."""
        self._followed: tuple[Memory, tuple[int, ...]] | None = None
        self._cached: tuple[int, Levels] | None = None
        self._refreshed = np.zeros(_GROUP.size, bool)
        self._codes = np.full(_GROUP.size, REFRESH_DISABLED, np.int64)
        self._target: Array = np.zeros(_GROUP.size)
        self._distance: Array = np.zeros(_GROUP.size)
        self._farthest = 0.0
        self._since = self._settled_at = 0
        self._adopt(Memory(power_on_image()), 0)
        self._rest(0)

    def follow(self, memory: Memory, cycle: int, log: Notes | None = None) -> None:
        """Let time pass up to `cycle` with the codes known so far, then adopt those in `memory`.

        Costs a microsecond if they are the same.  A burst of writes may be followed as one: its
        12 480 words take 0.1 ms, of which cells notice little.

        log  gets a remark if a block is switched off
        """
        version = memory.version(BLOCKS)
        if self._followed is not None:
            last, followed = self._followed
            if last is memory and followed == version:
                return
        was_on = self._enabled
        self._adopt(memory, cycle)
        self._followed = memory, version
        if log is not None:
            for quadrant in np.flatnonzero(was_on & ~self._enabled):
                log.note(
                    cycle,
                    f"CapMem {QUADRANT_NAMES[quadrant]}",
                    "switched off (enable_capmem 0): its cells keep what they hold, and codes "
                    "written to them have no effect until it is on again",
                )

    def levels(self, cycle: int) -> Levels:
        """What the cells supply at a cycle; before the last change was followed, at that change."""
        moment = min(cycle, self._settled_at)
        if self._cached is None or self._cached[0] != moment:
            self._cached = moment, _named(self._supplied(moment))
        return self._cached[1]

    def moving(self, cycle: int) -> float:
        """Largest distance [LSB] of any cell from the value it approaches; 0 once settled."""
        return self._farthest * self._remaining(cycle)

    def settled_at(self) -> int:
        """Cycle from which no cell is more than 0.1 LSB away from its value (and is put there)."""
        return self._settled_at

    def _remaining(self, cycle: int) -> float:
        """Share of the distances at the last change that is left at a cycle."""
        if cycle >= self._settled_at:
            return 0.0
        return float(decay_exact(max(cycle - self._since, 0) * (CYCLE_S / _SETTLING_TAU_S)))

    def _supplied(self, cycle: int) -> Array:
        remaining = self._remaining(cycle)
        return self._target + self._distance * remaining if remaining else self._target

    def _adopt(self, memory: Memory, cycle: int) -> None:
        """Make what the codes in `memory` mean the values that cells approach from `cycle` on."""
        values = (memory.block(name)["value"].reshape(-1) for name in BLOCKS[:2])
        codes = np.concatenate([*values]).astype(np.int64)
        self._enabled = memory.block("capmem_config")["enable_capmem"] != 0
        refreshed = (codes != REFRESH_DISABLED) & self._enabled[_QUADRANT]
        changed = (codes != self._codes) | (refreshed != self._refreshed)
        if not changed.any():
            return
        groups = np.unique(_GROUP[changed])
        cells = _CELLS_OF_GROUP[groups]
        start = self._supplied(cycle)
        target = self._target.copy()
        approached = self._pattern.supplied(groups, codes)
        target[cells] = np.where(refreshed[cells], approached, start[cells])
        self._codes, self._refreshed, self._target = codes, refreshed, target
        self._since, self._cached = max(cycle, self._since), None
        self._distance = start - target if self._settles else np.zeros_like(target)
        self._farthest = float(np.abs(self._distance).max())
        self._settled_at = self._since + _cycles_until_settled(self._farthest)

    def _rest(self, cycle: int) -> None:
        """Put every cell where it is going."""
        self._distance, self._farthest = np.zeros_like(self._target), 0.0
        self._settled_at = cycle


def _cycles_until_settled(distance: float) -> int:
    """Cycles until a distance [LSB] has fallen to what counts as settled."""
    if distance <= _SETTLED_LSB:
        return 0
    per_cycle = CYCLE_S / _SETTLING_TAU_S
    # The last bits of a logarithm depend on the machine, so the exact decay has the last word.
    cycles = max(math.floor(math.log(distance / _SETTLED_LSB) / per_cycle) - 1, 0)
    while distance * decay_exact(cycles * per_cycle) > _SETTLED_LSB:
        cycles += 1
    return cycles


def _named(supplied: Array) -> Levels:
    neurons = supplied[:_N_NEURON_CELLS].reshape(_NEURON_SHAPE)
    shared = supplied[_N_NEURON_CELLS:].reshape(_SHARED_SHAPE)
    by_quadrant = np.ascontiguousarray(shared.transpose(1, 2, 0))  # (column, row, quadrant)
    neurons.setflags(write=False)
    by_quadrant.setflags(write=False)
    return Levels(
        neurons={name: neurons[row] for name, row in NEURON_ROWS.items()},
        quadrants={name: by_quadrant[at[0], at[1]] for name, at in QUADRANT_CELLS.items()},
        globals={name: float(shared[at[:3]]) for name, at in READOUT_CELLS.items()},
    )
