"""The wires of the readout: which voltages meet where, for the switches as they are.

Neuron amplifiers, CADC channels, debug lines, multiplexers and pads are nodes; closed switches make
pieces of wire of them.  A piece has the mean voltage of what drives it: outputs of equal strength
against each other; a half's line of STP voltages is one of them.  Synaptic lines and membranes
drive a wire only where nothing stronger does.
Knows nothing of converters.
Sources: ``docs/reference/words.md``; haldls readout.h (what the multiplexers connect); calix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.layout import IntArray
from firmware_protocol.registers.capmem import NEURON_ROWS, QUADRANT_CELLS, READOUT_CELLS

from . import biases
from .board import Board
from .device import Bools, Ints
from .kernels.converters import connected
from .memory import Memory
from .numbers.readout import NUMBERS
from .physics.cadc import cell_voltage

if TYPE_CHECKING:
    from .effects import Effects

Array = npt.NDArray[np.float64]

MEMBRANE, EXCITATORY, INHIBITORY, ADAPTATION = range(4)
"""Quantities of a neuron that can be read out, as `readout_source` counts them."""

NETWORK_BLOCKS = ("neuron_config", "column_correlation", "column_current", "madc", "readout_source",
                  "pad_multiplexers", "current_dac", "capmem_config")  # fmt: skip

NEURON_LINES = ("neuron_top_even", "neuron_top_odd", "neuron_bottom_even", "neuron_bottom_odd")
"""Line of hemisphere r and column parity c: index 2 r + c."""
STIMULUS_LINES = ("stimulus_top", "stimulus_bottom")
CADC_DEBUG = ("cadc_debug_causal", "cadc_debug_acausal")
SYNIN_DEBUG = ("synin_debug_excitatory", "synin_debug_inhibitory")
STP_LINES = ("stp_readout_top", "stp_readout_bottom")
_STP_BIASES = ("stp_i_bias_readout_top", "stp_i_bias_readout_bottom")
DEBUG_LINES = ("debug_plus", "debug_minus")
"""Line that pad 0 and pad 1 can be connected to."""
PADS = ("pad_0", "pad_1")
MUXES = ("mux_0", "mux_1")
_CAPMEM_MUXES = ("capmem_mux_0", "capmem_mux_1")
_SYNAPSE_MUXES = ("synapse_mux_0", "synapse_mux_1")
_V_OUTS = tuple(f"capmem_v_out_{quadrant}" for quadrant in range(4))
_NAMED = (*NEURON_LINES, *STIMULUS_LINES, *CADC_DEBUG, *SYNIN_DEBUG, *STP_LINES, *DEBUG_LINES,
          *PADS, *MUXES, *_CAPMEM_MUXES, *_SYNAPSE_MUXES, *_V_OUTS, "current_dac")  # fmt: skip

# An amplifier's output has two ends: one at the column switches, one at the readout line.
_N = np.arange(N_NEURONS)
_AMPLIFIER, _TAP = _N, _N + N_NEURONS
_CADC = np.arange(2 * N_NEURONS).reshape(2, 2, N_NEURONS // 2) + 2 * N_NEURONS
"""Node of a CADC channel by half, causal or acausal, column."""
_NODE = {name: 4 * N_NEURONS + k for k, name in enumerate(_NAMED)}
_N_NODES = 4 * N_NEURONS + len(_NAMED)
_LINE_OF_NEURON = np.array([_NODE[name] for name in NEURON_LINES])[2 * (_N // 256) + _N % 2]
_HALF_OF_NEURON, _QUADRANT_OF_NEURON = _N // 256, _N // 128

FLOATING_V = NUMBERS["floating_line"].value
_CURRENT_RAIL_V = NUMBERS["current_dac_rail"].value
_MUX_LEAK, LEAK_ONSET_V = NUMBERS["mux_leak"].value, NUMBERS["mux_leak_onset"].value

_NAME_OF_ROW = {row: name for name, row in NEURON_ROWS.items()}
_NAME_OF_SHARED = {(column, row): name for name, (column, row, _) in QUADRANT_CELLS.items()}
_NAME_OF_GLOBAL = {(q, column, row): name for name, (q, column, row, _) in READOUT_CELLS.items()}
_N_NEURON_COLUMNS, _N_VOLTAGE_ROWS = 128, 8

_MUX_SOURCES = (*NEURON_LINES, *CADC_DEBUG, *SYNIN_DEBUG, *STP_LINES, *DEBUG_LINES, "current_dac")
# Switch of the pad multiplexers -> the two nodes it joins, for the pad that is put in.
_PAD_SWITCHES = {
    "capmem_v_out_mux_to_capmem_intermediate_mux": None,
    "capmem_intermediate_mux_to_pad": (_CAPMEM_MUXES, PADS),
    "cadc_debug_causal_to_synapse_intermediate_mux": (CADC_DEBUG[:1] * 2, _SYNAPSE_MUXES),
    "cadc_debug_acausal_to_synapse_intermediate_mux": (CADC_DEBUG[1:] * 2, _SYNAPSE_MUXES),
    "synin_debug_excitatory_to_synapse_intermediate_mux": (SYNIN_DEBUG[:1] * 2, _SYNAPSE_MUXES),
    "synin_debug_inhibitory_to_synapse_intermediate_mux": (SYNIN_DEBUG[1:] * 2, _SYNAPSE_MUXES),
    "synapse_intermediate_mux_to_pad": (_SYNAPSE_MUXES, PADS),
    "debug_to_pad": (DEBUG_LINES, PADS),
}
_NOT_ON_PADS = {
    "cadc_v_ramp_mux_to_pad": "CADC ramps",
    "capmem_i_out_mux_to_capmem_intermediate_mux": "CapMem currents",
    "capmem_v_ref_mux_to_capmem_intermediate_mux": "CapMem reference voltages",
    "buffer_to_pad": "outputs of the readout buffers",
}


class Levels(Protocol):
    """What the CapMem supplies at some moment, in effective codes."""

    @property
    def neurons(self) -> Mapping[str, Array]:
        """(512,) each, by AtomicNeuron field."""

    @property
    def quadrants(self) -> Mapping[str, Array]:
        """(4,) each, by cell."""

    @property
    def globals(self) -> Mapping[str, float]:
        """Cells that exist once, by name."""


class Mixture(NamedTuple):
    """The voltage of a wire: constant [V] plus weight times a quantity of a neuron, (term,) each.

    leak                   what the neuron's membrane adds for every volt above the leak's onset
    driver, driver_weight  (driver,) synapse drivers whose STP voltages are on it
    """

    constant: float
    neuron: Ints
    quantity: Ints
    weight: Array
    leak: Array
    driver: Ints
    driver_weight: Array


class Nets(NamedTuple):
    """The wires for some state of the switches.

    group        (node,) piece of wire
    amplifiers   (driver,) AtomicNeuron, and in `at` its node
    weak         (driver,) AtomicNeuron, `weak_quantity`, and in `weak_at` its node
    strength     (piece,) number of amplifiers on it
    """

    group: Ints
    at: Ints
    amplifiers: Ints
    weak_at: Ints
    weak: Ints
    weak_quantity: Ints
    strength: Array


class Network:
    """The readout's wires on one chip.

    levels   gives what the CapMem supplies at a cycle
    drivers  gives the STP voltages (256,) [V] of the synapse drivers at a cycle
    """

    def __init__(
        self,
        memory: Memory,
        effects: Effects,
        board: Board,
        levels: Callable[[int], Levels],
        drivers: Callable[[int], Array],
    ) -> None:
        self.memory, self.effects, self.board = memory, effects, board
        self.levels, self._drivers = levels, drivers
        self._cached: tuple[object, Levels, object, Nets] | None = None
        self._switches: dict[tuple[str, int], tuple[int, Bools]] = {}
        self._sampled: tuple[int, Bools] | None = None
        self._debug: tuple[int, Bools | None] | None = None  # closed debug switches, if any

    # --- what stands on a wire --------------------------------------------------------------------

    def mixture(self, names: tuple[str, ...], levels: Levels) -> Mixture:
        """The voltage where these nodes meet at an input that joins them."""
        nets, statics = self._nets(levels), self._statics(levels)
        groups = np.unique(nets.group[[_NODE[name] for name in names]])
        here = np.isin(nets.group[nets.at], groups)
        fixed = [volts for node, volts in statics if nets.group[node] in groups]
        lines = [on for node, on in self._stp_lines(levels) if nets.group[node] in groups]
        neuron = nets.amplifiers[here]
        quantity = self.memory.block("neuron_config")["readout_source"][neuron].astype(np.int64)
        synaptic = (quantity == EXCITATORY) | (quantity == INHIBITORY)
        leak = np.where(synaptic & self.effects.mux_leak, _MUX_LEAK, 0.0)
        if not fixed and not lines and not neuron.size:
            here = np.isin(nets.group[nets.weak_at], groups)
            neuron, quantity = nets.weak[here], nets.weak_quantity[here]
            leak = np.zeros(neuron.size)
        n = len(fixed) + len(lines) + neuron.size
        constant = sum(fixed) / n if n else self._open(nets, groups)
        weight = np.full(neuron.size, 1 / max(n, 1))
        return Mixture(constant, neuron, quantity, weight, weight * leak, *_shares(lines, n))

    def cadc_inputs(
        self, half: int, amplifiers: Array, sensors: Array | None, levels: Levels, cycle: int
    ) -> Array:
        """Voltages (2, 256) [V] at a half's CADC channels, causal ones first.

        amplifiers  (512,) what each neuron's readout amplifier sees [V]
        sensors     (2, 256) what the addressed row's correlation sensors give [V], None for nothing
        """
        nets = self._nets(levels)
        total = np.zeros(nets.strength.size)
        np.add.at(total, nets.group[nets.at], amplifiers[nets.amplifiers])
        count = nets.strength.copy()
        lines = self._stp_lines(levels)
        drivers = self._drivers(cycle) if lines else np.empty(0)
        means = [(node, float(drivers[on].mean())) for node, on in lines]
        for node, static in self._statics(levels) + means:
            total[nets.group[node]] += static
            count[nets.group[node]] += 1
        if sensors is not None:
            internal = self.internal(half)
            at = nets.group[_CADC[half][internal]]
            np.add.at(total, at, sensors[internal])
            np.add.at(count, at, 1.0)
        driven = count > 0
        volts = np.where(driven, total / np.where(driven, count, 1.0), FLOATING_V)
        return volts[nets.group[_CADC[half]]]

    def amplifier_inputs(self, selected: Array, membranes: Array) -> Array:
        """What readout amplifiers see (512,) [V] of the selected source, for the CADC.

        A membrane above the leak's onset adds to what is read of its synaptic lines.
        """
        source = self.memory.block("neuron_config")["readout_source"]
        leaks = ((source == EXCITATORY) | (source == INHIBITORY)) & self.effects.mux_leak
        return selected + np.where(
            leaks, _MUX_LEAK * np.maximum(membranes - LEAK_ONSET_V, 0.0), 0.0
        )

    def cadc_sees_neurons(self, half: int, levels: Levels) -> bool:
        """Whether any channel of a half hangs on a neuron's amplifier, in whatever way."""
        nets = self._nets(levels)
        return bool(np.any(nets.strength[nets.group[_CADC[half]]] > 0))

    def internal(self, half: int) -> Bools:
        """Which channels (2, 256) of a half look at correlation sensors."""
        return self._column_switch("enable_internal", half)

    def neurons_on_cadc(self, half: int) -> Bools:
        """Which channels (2, 256) of a half look at a neuron's amplifier."""
        return self._column_switch("enable_cadc_neuron_readout", half)

    def sampled_neurons(self) -> Bools:
        """Which neurons (512,) some channel of the CADC looks at; not to be written to."""
        (version,) = self.memory.version(("column_correlation",))
        if self._sampled is None or self._sampled[0] != version:
            on = [self.neurons_on_cadc(half).any(axis=0) for half in range(2)]
            self._sampled = version, np.concatenate(on)
        return self._sampled[1]

    def held_lines(self, cycle: int) -> tuple[Array, Array] | None:
        """Voltages (512,) [V] that excitatory and inhibitory lines are held at from outside.

        They follow their debug line where their column's switch is closed; nan: not held.
        """
        (version,) = self.memory.version(("column_current",))
        if self._debug is None or self._debug[0] != version:
            columns = self.memory.block("column_current")
            names = (name.replace("synin", "enable") for name in SYNIN_DEBUG)
            closed = np.stack([columns[name].reshape(-1) != 0 for name in names])
            self._debug = version, closed if closed.any() else None
        closed_now = self._debug[1]
        if closed_now is None:
            return None
        at = [np.nan if v is None else v for v in self._debug_volts(self.levels(cycle))]
        exc, inh = np.where(closed_now, np.array(at)[:, None], np.nan)
        return None if np.isnan(exc).all() and np.isnan(inh).all() else (exc, inh)

    def _debug_volts(self, levels: Levels) -> tuple[float | None, float | None]:
        """Voltages [V] that a source outside holds the excitatory, inhibitory debug line at."""
        nets, statics = self._nets(levels), self._statics(levels)
        held: list[float | None] = []
        for name in SYNIN_DEBUG:
            group = nets.group[_NODE[name]]
            fixed = [volts for node, volts in statics if nets.group[node] == group]
            held.append(sum(fixed) / len(fixed) if fixed else None)
        return held[0], held[1]

    def remarks(self) -> list[str]:
        """Which closed switches lead to something that is not emulated."""
        pads, source = self.memory.block("pad_multiplexers"), self.memory.block("readout_source")
        found = [
            f"{what} do not reach the pads"
            for switch, what in _NOT_ON_PADS.items()
            if np.any(pads[switch])
        ]
        for half, name in enumerate(STP_LINES):
            if np.any(source[name]) and not self._selected_drivers(half).size:
                found.append(f"{name}: no driver is on that line")
        return found

    # --- switches ---------------------------------------------------------------------------------

    def _column_switch(self, name: str, half: int) -> Bools:
        """(2, 256) causal and acausal switches of a half's columns; not to be written to."""
        (version,) = self.memory.version(("column_correlation",))
        known = self._switches.get((name, half))
        if known is None or known[0] != version:
            columns = self.memory.block("column_correlation")
            both = [columns[f"{name}_{kind}"][half] for kind in ("causal", "acausal")]
            known = self._switches[name, half] = version, np.stack(both) != 0
        return known[1]

    def _nets(self, levels: Levels) -> Nets:
        version, cached = self.memory.version(NETWORK_BLOCKS), self._cached
        if cached is not None and cached[0] == version and cached[1] is levels:
            return cached[3]
        alive = self.memory.block("neuron_config")["enable_readout_amplifier"] != 0
        powered = biases.works("readout_amplifier", levels, self.effects)
        alive = alive & powered[_QUADRANT_OF_NEURON]
        who = alive.tobytes()
        same = cached is not None and cached[0] == version and cached[2] == who
        nets = cached[3] if cached is not None and same else self._build(alive)
        self._cached = version, levels, who, nets
        return nets

    def _build(self, alive: Bools) -> Nets:
        config = self.memory.block("neuron_config")
        buffered = config["enable_readout"] != 0
        on_cadc = np.zeros(N_NEURONS, bool)
        edges = [(_TAP[buffered], _LINE_OF_NEURON[buffered])]
        for half in range(2):
            switch, nodes = self.neurons_on_cadc(half), _CADC[half]
            own = slice(256 * half, 256 * half + 256)
            on_cadc[own] = switch.any(axis=0)
            debug = self._column_switch("enable_debug", half)
            for kind in range(2):
                edges.append((_AMPLIFIER[own][switch[kind]], nodes[kind][switch[kind]]))
                edges.append(_star(nodes[kind][debug[kind]], CADC_DEBUG[kind]))
        joined = buffered & on_cadc if self.effects.readout_shorts else np.zeros(N_NEURONS, bool)
        edges.append((_AMPLIFIER[joined], _TAP[joined]))
        edges += self._mux_edges() + self._pad_edges() + self._current_edges()
        group = connected(_N_NODES, *(np.concatenate(side) for side in zip(*edges, strict=True)))
        neuron = np.concatenate([_N[alive], _N[alive & buffered & ~joined]])
        at = np.concatenate([_AMPLIFIER[alive], _TAP[alive & buffered & ~joined]])
        strength = np.bincount(group[at], minlength=int(group.max()) + 1).astype(np.float64)
        return Nets(group, at, neuron, *self._weak(config), strength)

    def _weak(self, config: dict[str, IntArray]) -> tuple[Ints, Ints, Ints]:
        """Nodes, neurons and quantities of membranes and synaptic lines on their debug lines."""
        columns = self.memory.block("column_current")
        direct = _N[config["enable_unbuffered_access"] != 0]
        stimulus = np.array([_NODE[name] for name in STIMULUS_LINES])
        at, neuron = [stimulus[_HALF_OF_NEURON[direct]]], [direct]
        quantity = [np.full(direct.size, MEMBRANE)]
        for name, which in zip(SYNIN_DEBUG, (EXCITATORY, INHIBITORY), strict=True):
            closed = _N[columns[name.replace("synin", "enable")].reshape(-1) != 0]
            at.append(np.full(closed.size, _NODE[name]))
            neuron.append(closed)
            quantity.append(np.full(closed.size, which))
        return np.concatenate(at), np.concatenate(neuron), np.concatenate(quantity)

    def _mux_edges(self) -> list[tuple[Ints, Ints]]:
        source = self.memory.block("readout_source")
        return [
            _star(np.array([_NODE[name] for name in _MUX_SOURCES if source[name][mux]], int), node)
            for mux, node in enumerate(MUXES)
        ]

    def _pad_edges(self) -> list[tuple[Ints, Ints]]:
        switches = self.memory.block("pad_multiplexers")
        pairs: list[tuple[str, str]] = []
        for pad in range(2):
            for switch, nodes in _PAD_SWITCHES.items():
                if nodes is not None and switches[switch][pad]:
                    pairs.append((nodes[0][pad], nodes[1][pad]))
            if switches["capmem_v_out_mux_to_capmem_intermediate_mux"][pad]:
                chosen = np.nonzero(switches["capmem_v_out_mux"][pad])[0]
                pairs += [(_V_OUTS[quadrant], _CAPMEM_MUXES[pad]) for quadrant in chosen]
            if switches["neuron_i_stim_mux_to_pad"][pad]:
                chosen = np.nonzero(switches["neuron_i_stim_mux"][pad])[0]
                pairs += [(STIMULUS_LINES[half], PADS[pad]) for half in chosen]
        return [_joined(a, b) for a, b in pairs]

    def _current_edges(self) -> list[tuple[Ints, Ints]]:
        dac = self.memory.block("current_dac")
        lines = zip((*STIMULUS_LINES, *SYNIN_DEBUG),
                    (*dac["connect_neuron"], *dac["connect_synapse"]), strict=True)  # fmt: skip
        return [_joined(line, "current_dac") for line, closed in lines if closed]

    # --- sources that are no neurons --------------------------------------------------------------

    def _selected_drivers(self, half: int) -> Ints:
        """Synapse drivers, 128 * half + d, that put their STP voltage onto the half's line."""
        selected = self.memory.block("synapse_drivers")["enable_readout"][half]
        return np.flatnonzero(selected) + half * selected.size

    def _stp_lines(self, levels: Levels) -> list[tuple[int, Ints]]:
        """Nodes of STP readout lines that are driven and connected, and their drivers."""
        source, found = self.memory.block("readout_source"), []
        for half, name in enumerate(STP_LINES):
            if source[name].any() and biases.works("stp_readout", levels, self.effects)[half]:
                drivers = self._selected_drivers(half)
                found += [(_NODE[name], drivers)] if drivers.size else []
        return found

    def _statics(self, levels: Levels) -> list[tuple[int, float]]:
        """Nodes that something else than a circuit drives, and their voltages [V]."""
        found = [(_NODE[PADS[pad]], volts) for pad in range(2)
                 if (volts := self.board.pad(pad)) is not None]  # fmt: skip
        config = self.memory.block("capmem_config")
        for quadrant in range(4):
            powered = config["debug_out_amp_bias"][quadrant] or not self.effects.dead_biases
            if config["debug_row"][quadrant] and powered:
                column, row = config["debug_column"][quadrant], config["debug_row"][quadrant] - 1
                volts = _cell_volts(levels, quadrant, int(column), int(row))
                found.append((_NODE[_V_OUTS[quadrant]], volts))
        return found

    def _open(self, nets: Nets, groups: Ints) -> float:
        """A wire that nothing drives: ground, unless the current DAC charges it."""
        dac = self.memory.block("current_dac")
        charged = dac["enable_current"] and dac["current"] and not dac["sign"]
        if charged and nets.group[_NODE["current_dac"]] in groups:
            return _CURRENT_RAIL_V
        return FLOATING_V


def _shares(lines: list[Ints], n: int) -> tuple[Ints, Array]:
    """Drivers on these lines, and their weights on a wire with `n` sources; a line is one."""
    drivers = np.concatenate([np.empty(0, np.int64), *lines])
    return drivers, np.concatenate(
        [np.empty(0), *(np.full(on.size, 1 / (n * on.size)) for on in lines)]
    )


def _star(nodes: Ints, centre: str) -> tuple[Ints, Ints]:
    """Edges that join nodes to a named one."""
    return nodes, np.full(nodes.size, _NODE[centre])


def _joined(a: str, b: str) -> tuple[Ints, Ints]:
    return np.array([_NODE[a]]), np.array([_NODE[b]])


def _cell_volts(levels: Levels, quadrant: int, column: int, row: int) -> float:
    """Voltage [V] of the CapMem cell that a quadrant shows; ground for currents and unused ones."""
    shared = column - _N_NEURON_COLUMNS
    if row >= _N_VOLTAGE_ROWS:
        return FLOATING_V
    if shared < 0:
        code = levels.neurons[_NAME_OF_ROW[row]][_N_NEURON_COLUMNS * quadrant + column]
    elif (shared, row) in _NAME_OF_SHARED:
        code = levels.quadrants[_NAME_OF_SHARED[shared, row]][quadrant]
    elif (quadrant, shared, row) in _NAME_OF_GLOBAL:
        code = levels.globals[_NAME_OF_GLOBAL[quadrant, shared, row]]
    else:
        return FLOATING_V
    return float(cell_voltage(float(code)))
