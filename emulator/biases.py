"""Which blocks of the chip have the bias they need, and which are dead for want of it.

A bias of 0 is what a forgotten configuration looks like, and on the chip it gives silence: no
spikes, readings at a rail.  How a block is silent stands where the block is; :data:`BIASES` says
which cells it needs and what is lost without.  What takes its current from a pad instead
(SynapseBiasSelection), to which nothing is connected, is not considered here.
Operating points are the vendor's default calibration; that 0 is dead is our assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from firmware_protocol.layout import IntArray
from firmware_protocol.registers.capmem import QUADRANT_CELLS, READOUT_CELLS

from .capmem import QUADRANT_NAMES
from .device import Notes
from .effects import Effects
from .memory import Memory
from .numbers.capmem import NUMBERS

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_FIRST_CURRENT_ROW = 8


class Levels(Protocol):
    """What the CapMem supplies at some moment, in effective codes."""

    @property
    def quadrants(self) -> Mapping[str, Array]:
        """(4,) each, by cell."""

    @property
    def globals(self) -> Mapping[str, float]:
        """Cells that exist once, by name."""


class Bias(NamedTuple):
    """What a block needs.

    place  "quadrant": each quadrant has the block and all of its `cells`; "pair": there are two
           blocks, each with one of `cells`; "chip": one block that needs all of `cells`
    cells  CapMem cells by name
    usual  code that software uses [LSB]; None where none is documented
    dies   what does not work without, to follow "so"
    """

    place: Literal["quadrant", "pair", "chip"]
    cells: tuple[str, ...]
    usual: int | None
    dies: str


# fmt: off
BIASES: dict[str, Bias] = {
    # neurons
    "readout_amplifier": Bias("quadrant", ("neuron_i_bias_readout_amp",), 110,
        "readout amplifiers drive neither a readout line nor the CADC"),
    "source_follower": Bias("quadrant", ("neuron_i_bias_leak_source_follower",), 100,
        "leak, reset, adaptation and reversal potentials are 0 V, and exponential terms are off"),
    "cascode": Bias("quadrant", ("neuron_v_bias_casc_n",), 250,
        "the neurons' current mirrors are closed and neither amplifiers nor other currents reach "
        "a membrane"),
    "spike_comparator": Bias("quadrant", ("neuron_i_bias_spike_comparator",), 200,
        "thresholds are never crossed"),
    "synaptic_input": Bias("quadrant", ("neuron_i_bias_synin_drop",), 300,
        "synaptic lines do not reach their amplifiers and no synaptic current flows"),
    # synapses and their drivers
    "synapse_dac": Bias("quadrant", ("syn_i_bias_dac",), 600,
        "synapses take no charge from their lines"),
    "correlation_ramp": Bias("quadrant", ("syn_i_bias_ramp",), 80,
        "correlation sensors do not forget: their time constant is infinite"),
    "correlation_store": Bias("quadrant", ("syn_i_bias_store",), 70,
        "nothing limits what correlation sensors accumulate per pair"),
    "correlation_output": Bias("quadrant", ("syn_i_bias_corout",), 600,
        "correlation sensors read as 0 V"),
    "stp_comparator": Bias("quadrant", ("stp_i_bias_comparator",), 1022,
        "drivers with short-term plasticity or hagen modulation give no pulse"),
    "stp_ramp": Bias("quadrant", ("stp_i_ramp",), 600,
        "drivers with short-term plasticity or hagen modulation give no pulse"),
    "hagen_dac": Bias("pair", ("hagen_i_bias_dac_top", "hagen_i_bias_dac_bottom"), 820,
        "hagen DACs stay at 0 V and activations are all alike"),
    "stp_readout": Bias("pair", ("stp_i_bias_readout_top", "stp_i_bias_readout_bottom"), None,
        "drivers' voltages do not reach the readout"),
    # CADC
    "cadc_ramp": Bias("quadrant", ("cadc_i_ramp_slope",), 350,
        "the CADC's ramp does not rise and every channel counts to its end"),
    "cadc_comparator": Bias("quadrant", ("cadc_i_bias_comp",), 1022,
        "CADC channels are never stopped and count to their end"),
    "cadc_reset_buffer": Bias("quadrant", ("cadc_i_bias_vreset_buf",), 1022,
        "the CADC's ramp does not return to its start and channels count to their end"),
    "cadc_ramp_buffer": Bias("quadrant", ("cadc_v_bias_ramp_buf",), 400,
        "the CADC's ramp does not reach its channels, which count to their end"),
    # readout chain
    "output_amplifier": Bias("pair", ("readout_out_amp_i_bias_0", "readout_out_amp_i_bias_1"), 1022,
        "a multiplexer's buffer does not drive its pad"),
    "active_multiplexer": Bias("chip", ("ac_mux_i_bias",), 500,
        "the multiplexers' amplifiers are off and the MADC sees 0 V"),
    "madc_input": Bias("chip", ("madc_in_500na",), 500,
        "the MADC's input stage is off and it sees 0 V"),
    "switched_capacitors": Bias("chip", ("sc_amp_i_bias", "readout_sc_amp_v_ref"), 500,
        "the MADC's preamplifier is off and it sees 0 V"),
    "pseudo_differential": Bias("chip", ("pseudo_diff_buffer_bias", "pseudo_diff_v_ref"), None,
        "there is no pseudo-differential reference"),
    "current_dac": Bias("chip", ("idac_i_bias", "idac_i_bias_casc"), None,
        "the current DAC delivers nothing"),
    "current_meter": Bias("chip",
        ("iconv_sc_amp_i_bias", "iconv_i_bias_buffer", "iconv_sc_amp_v_ref"), None,
        "the current meter shows nothing"),
}
# fmt: on
"""Every block that a bias of 0 kills, by the name of its field in :class:`Alive`."""

NEURONS_NEED = (
    "readout_amplifier", "source_follower", "cascode", "spike_comparator", "synaptic_input",
    "synapse_dac", "stp_comparator", "stp_ramp", "hagen_dac",
)  # fmt: skip
CADC_NEEDS = ("cadc_ramp", "cadc_comparator", "cadc_reset_buffer", "cadc_ramp_buffer")
MADC_NEEDS = ("active_multiplexer", "madc_input", "switched_capacitors")
"""Blocks that neurons and their inputs, a ramp of the CADC, and every path to the MADC need."""

_ROWS = {name: row for name, (_, row, _) in QUADRANT_CELLS.items()} | {
    name: row for name, (_, _, row, _) in READOUT_CELLS.items()
}
_CURRENT_NEEDED = NUMBERS["bias_current_needed"].value
_VOLTAGE_NEEDED = NUMBERS["bias_voltage_needed"].value
_NEEDED = {
    name: _CURRENT_NEEDED if row >= _FIRST_CURRENT_ROW else _VOLTAGE_NEEDED
    for name, row in _ROWS.items()
}


@dataclass(frozen=True)
class Alive:
    """Which blocks work, by the rows of :data:`BIASES`.

    Shapes: (4,) by quadrant, (2,) top and bottom or multiplexer 0 and 1, () for the chip.
    """

    readout_amplifier: Bools
    source_follower: Bools
    cascode: Bools
    spike_comparator: Bools
    synaptic_input: Bools
    synapse_dac: Bools
    correlation_ramp: Bools
    correlation_store: Bools
    correlation_output: Bools
    stp_comparator: Bools
    stp_ramp: Bools
    hagen_dac: Bools
    stp_readout: Bools
    cadc_ramp: Bools
    cadc_comparator: Bools
    cadc_reset_buffer: Bools
    cadc_ramp_buffer: Bools
    output_amplifier: Bools
    active_multiplexer: Bools
    madc_input: Bools
    switched_capacitors: Bools
    pseudo_differential: Bools
    current_dac: Bools
    current_meter: Bools


def alive(levels: Levels, effects: Effects) -> Alive:
    """Which blocks have the biases they need; all of them if dead biases are switched off."""
    return Alive(**{name: works(name, levels, effects) for name in BIASES})


def works(name: str, levels: Levels, effects: Effects) -> Bools:
    """Which instances of one block have the biases they need, shaped as its field in `Alive`."""
    found = _works(BIASES[name], levels)
    return found if effects.dead_biases else np.ones_like(found)


def enough(current: Array) -> Bools:
    """Which of a current cell's effective codes [LSB] keep a block alive."""
    found: Bools = current >= _CURRENT_NEEDED
    return found


def _works(bias: Bias, levels: Levels) -> Bools:
    if bias.place == "quadrant":
        of_cells = [np.asarray(levels.quadrants[cell]) >= _NEEDED[cell] for cell in bias.cells]
        return np.logical_and.reduce(of_cells)
    each = np.array([levels.globals[cell] >= _NEEDED[cell] for cell in bias.cells])
    return each if bias.place == "pair" else np.asarray(each.all())


def warn(
    levels: Levels, memory: Memory, names: Iterable[str] = tuple(BIASES)
) -> dict[tuple[str, int], tuple[str, str]]:
    """(place, remark) for each block that is in use and dead, for the log, by its name and number.

    names  blocks to look at
    """
    used = _used(memory)
    return {
        (name, number): (_place(BIASES[name], number), _remark(BIASES[name], levels, number))
        for name in names
        for number in np.flatnonzero(~_works(BIASES[name], levels) & used[name]).tolist()
    }


class Remarks:
    """Notes dead blocks that are in use, each once.

    names  blocks to look at
    """

    def __init__(self, names: Iterable[str], effects: Effects) -> None:
        self._names = tuple(names) if effects.dead_biases else ()
        self._told: set[tuple[str, int]] = set()
        self._fine: Levels | None = None  # last levels at which all of them work

    def note(self, levels: Levels, memory: Memory, cycle: int, log: Notes) -> None:
        """Note those that have died since the last call, or have come into use."""
        if levels is self._fine:
            return
        if all(np.all(_works(BIASES[name], levels)) for name in self._names):
            self._fine = levels
            return
        for block, (place, remark) in warn(levels, memory, self._names).items():
            if block not in self._told:
                self._told.add(block)
                log.note(cycle, place, remark)


def _place(bias: Bias, number: int) -> str:
    if bias.place == "quadrant":
        return f"quadrant {QUADRANT_NAMES[number]}"
    return "readout chain" if bias.place == "chip" else bias.cells[number]


def _remark(bias: Bias, levels: Levels, number: int) -> str:
    cells = (bias.cells[number],) if bias.place == "pair" else bias.cells
    supplied = {
        cell: levels.quadrants[cell][number] if bias.place == "quadrant" else levels.globals[cell]
        for cell in cells
    }
    lacking = [
        f"{cell} supplies {level:.1f} LSB of at least {_NEEDED[cell]:.0f}"
        for cell, level in supplied.items()
        if level < _NEEDED[cell]
    ]
    usual = "" if bias.usual is None else f"; {bias.usual} is usual"
    return f"{' and '.join(lacking)}, so {bias.dies}{usual}"


def _used(memory: Memory) -> dict[str, Bools]:
    """Which blocks the registers make use of, shaped as in :class:`Alive`."""
    return _neurons_use(memory) | _synapses_use(memory) | _readout_uses(memory)


def _neurons_use(memory: Memory) -> dict[str, Bools]:
    n = memory.block("neuron_config")
    inputs = (n["enable_synaptic_input_excitatory"] | n["enable_synaptic_input_inhibitory"]) != 0
    amplifier = n["enable_readout_amplifier"] != 0
    comparator = n["enable_threshold_comparator"] != 0
    neuron = inputs | amplifier | comparator
    return {
        name: of_neurons.reshape(4, -1).any(axis=1)
        for name, of_neurons in {
            "readout_amplifier": amplifier,
            "source_follower": neuron,
            "cascode": neuron,
            "spike_comparator": comparator & (n["analog_output"] != 0),
            "synaptic_input": inputs,
        }.items()
    }


def _synapses_use(memory: Memory) -> dict[str, Bools]:
    drivers, selection = memory.block("synapse_drivers"), memory.block("synapse_bias")
    receives = drivers["enable_receiver"] != 0
    drives = receives & ((drivers["row_mode_top"] | drivers["row_mode_bottom"]) != 0)
    modulated = receives & (drivers["enable_stp"] != 0)
    hagen = (drivers["enable_hagen_modulation"] & drivers["enable_hagen_dac"]) != 0
    hagen &= modulated & (drivers["enable_address_out"] == 0)
    # Even drivers are supplied from the west, odd ones from the east.
    pulses = modulated.reshape(2, -1, 2).any(axis=1).reshape(4)
    currents, columns = memory.block("column_current"), memory.block("column_correlation")
    weights = _quadrants_with(
        currents, "enable_synaptic_current_excitatory", "enable_synaptic_current_inhibitory"
    )
    sensors = _quadrants_with(columns, "enable_internal_causal", "enable_internal_acausal")
    source = memory.block("readout_source")
    return {
        "synapse_dac": weights & drives.any(axis=1).repeat(2) & (selection["int_dac_bias"] != 0),
        "correlation_ramp": sensors & (selection["int_ramp_bias"] != 0),
        "correlation_store": sensors & (selection["int_store_bias"] != 0),
        "correlation_output": sensors & (selection["int_output_bias"] != 0),
        "stp_comparator": pulses,
        "stp_ramp": pulses,
        "hagen_dac": hagen.any(axis=1),
        "stp_readout": np.array([source[f"stp_readout_{s}"].any() for s in ("top", "bottom")]),
    }


def _quadrants_with(columns: Mapping[str, IntArray], *names: str) -> Bools:
    """Quadrants (4,) in which one of these column switches (2, 256) is closed."""
    closed = np.logical_or.reduce([columns[name] != 0 for name in names])
    return np.asarray(closed.reshape(4, -1).any(axis=1))


def _readout_uses(memory: Memory) -> dict[str, Bools]:
    madc, source = memory.block("madc"), memory.block("readout_source")
    pads, cadc = memory.block("pad_multiplexers"), memory.block("cadc")["enable"] != 0
    direct = [source[f"buffer_{k}_to_pad_{k}"].any() for k in range(2)]
    to_pad = (pads["buffer_to_pad"] != 0).any(axis=0) | np.array(direct)
    measures = np.array(any(wire.any() for name, wire in source.items() if "to_pad" not in name))
    through_mux = measures & (madc["signal_selection_connect_active_mux"] != 0)
    differential = [madc[f"enable_pseudo_differential_reference_{s}"] for s in ("top", "bottom")]
    metered = madc["enable_iconv_amplifier"] | madc["signal_selection_connect_current_meter"]
    return {
        "cadc_ramp": cadc.repeat(2),
        "cadc_comparator": cadc.repeat(2),
        "cadc_reset_buffer": cadc.repeat(2),
        "cadc_ramp_buffer": cadc.repeat(2),
        "output_amplifier": to_pad,
        "active_multiplexer": through_mux & (madc["enable_active_mux_amplifiers"] != 0),
        "madc_input": measures,
        "switched_capacitors": measures & (madc["connect_preamp_to_madc"] != 0),
        "pseudo_differential": np.array(np.any(differential)),
        "current_dac": memory.block("current_dac")["enable_current"] != 0,
        "current_meter": metered != 0,
    }
