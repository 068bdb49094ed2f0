"""The AtomicNeuron: one neuron circuit's settings by member and field, whatever register they lie in.

One table joins the names users know (``leak_v_leak``) to a register field or CapMem row; the flat views
of :class:`~firmware_protocol.chip_config.ChipConfig`, the PyNN cell type and its range checks derive from it.
Source: lola's AtomicNeuron as collected in ``docs/reference/words.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from .registers.capmem import NEURON_ROWS
from .registers.neuron import NEURON_BACKEND_CONFIG, NEURON_CONFIG

CAPMEM_LIMIT = 1022


@dataclass(frozen=True, slots=True)
class NeuronField:
    """A setting of a neuron circuit.

    name    member and field joined by an underscore
    kind    "flag" (on or off), "choice" (a small enumeration) or "code" (an amount in LSB)
    block   memory-map block that holds it; `key` is the field there, or the CapMem row
    hidden  set by the mapping, not by users
    """

    name: str
    member: str
    field: str
    kind: str
    block: str
    key: str | int
    limit: int
    default: int
    hidden: bool
    doc: str


MEMBERS = (
    "leak",
    "reset",
    "threshold",
    "membrane_capacitance",
    "constant_current",
    "excitatory_input",
    "inhibitory_input",
    "adaptation",
    "exponential",
    "multicompartment",
    "event_routing",
    "readout",
    "refractory_period",
    "bayesian",
)

# fmt: off
_INPUT = (
    ("enable",                   "flag", "enable_synaptic_input_{s}", "synaptic input on"),
    ("i_bias_tau",               "code", None, "larger: shorter synaptic time constant"),
    ("i_bias_gm",                "code", None, "strength of the current-based input"),
    ("i_shift_reference",        "code", None, "trims the input amplifier's offset current"),
    ("i_bias_coba",              "code", None, "strength of the conductance modulation"),
    ("v_rev_coba",               "code", None, "potential at which the modulation vanishes"),
    ("enable_coba_mode",         "flag", "{s}_enable_coba_mode", "conductance-based input"),
    ("enable_small_capacitance", "flag", "{s}_enable_small_capacitance", "disconnects the large line capacitor"),
    ("enable_high_resistance",   "flag", "{s}_enable_high_resistance", "longer synaptic time constant"),
)

# member, field, kind, register field (None: CapMem row of the same name), meaning
_ROWS: tuple[tuple[str, str, str, str | None, str], ...] = (
    ("leak", "v_leak",                "code", None, "leak potential"),
    ("leak", "i_bias",                "code", None, "leak conductance"),
    ("leak", "enable_division",       "flag", "leak_enable_division", "conductance / 8"),
    ("leak", "enable_multiplication", "flag", "leak_enable_multiplication", "conductance x 8"),
    ("leak", "enable_degeneration",   "flag", "leak_enable_degeneration", "source degeneration: lower and more linear"),
    ("reset", "v_reset",              "code", None, "reset potential"),
    ("reset", "i_bias",               "code", None, "reset conductance"),
    ("reset", "enable_division",       "flag", "reset_enable_division", "conductance / 8"),
    ("reset", "enable_multiplication", "flag", "reset_enable_multiplication", "conductance x 8"),
    ("reset", "enable_degeneration",   "flag", "reset_enable_degeneration", "source degeneration"),
    ("threshold", "enable",           "flag", "enable_threshold_comparator", "spike comparator on"),
    ("threshold", "v_threshold",      "code", None, "spike threshold"),
    ("membrane_capacitance", "capacitance", "code", "membrane_capacitance", "63 is about 2.3 pF"),
    ("constant_current", "enable",    "flag", "enable_membrane_offset", "offset current onto the membrane"),
    ("constant_current", "type",      "choice", "invert_current", "0 source, 1 sink"),
    ("constant_current", "i_offset",  "code", None, "strength of the offset current"),
    *(("excitatory_input", f, k, r and r.format(s="excitatory"), d) for f, k, r, d in _INPUT),
    *(("inhibitory_input", f, k, r and r.format(s="inhibitory"), d) for f, k, r, d in _INPUT),
    ("adaptation", "enable",          "flag", "enable_adaptation", "adaptation state w"),
    ("adaptation", "enable_pulse",    "flag", "backend.enable_adaptation_pulse", "spike-triggered adaptation"),
    ("adaptation", "invert_a",        "flag", "invert_adaptation_a", "sign of a"),
    ("adaptation", "invert_b",        "flag", "invert_adaptation_b", "sign of b"),
    ("adaptation", "v_leak",          "code", None, "reference that the membrane is compared with"),
    ("adaptation", "v_ref",           "code", None, "baseline of w"),
    ("adaptation", "i_bias_tau",      "code", None, "time constant of w"),
    ("adaptation", "i_bias_a",        "code", None, "subthreshold adaptation"),
    ("adaptation", "i_bias_b",        "code", None, "spike-triggered adaptation"),
    ("exponential", "enable",         "flag", "enable_exponential", "exponential term"),
    ("exponential", "v_exp",          "code", None, "onset potential"),
    ("exponential", "i_bias",         "code", None, "strength and slope"),
    ("multicompartment", "connect_soma",       "flag", "connect_soma", "membrane to shared line"),
    ("multicompartment", "connect_soma_right", "flag", "connect_soma_right", "shared line to right neighbour"),
    ("multicompartment", "connect_right",      "flag", "connect_membrane_right", "membrane to right neighbour"),
    ("multicompartment", "connect_vertical",   "flag", "connect_bottom", "membrane to the other row"),
    ("multicompartment", "enable_conductance", "flag", "enable_conductance", "resistor to shared line"),
    ("multicompartment", "enable_conductance_division",       "flag", "conductance_division", "/ 4"),
    ("multicompartment", "enable_conductance_multiplication", "flag", "conductance_multiplication", "x 4"),
    ("multicompartment", "i_bias_nmda",        "code", None, "inter-compartment conductance"),
    ("event_routing", "analog_output",         "choice", "analog_output", "0 off, 1 normal, 2 strong"),
    ("event_routing", "enable_digital",        "flag", "backend.enable_spike_out", "spikes leave the backend"),
    ("event_routing", "address",               "code", "backend.address_out", "low 8 bits of the spike label"),
    ("event_routing", "enable_bypass_excitatory", "flag", "enable_bypass_excitatory", "event fires the neuron"),
    ("event_routing", "enable_bypass_inhibitory", "flag", "enable_bypass_inhibitory", "event fires the neuron"),
    ("event_routing", "enable_post_overwrite", "flag", "backend.enable_post_overwrite", "post pulses from outside"),
    ("readout", "source",                      "choice", "readout_source", "0 membrane, 1 exc., 2 inh. input, 3 adaptation"),
    ("readout", "enable_amplifier",            "flag", "enable_readout_amplifier", "readout amplifier on"),
    ("readout", "enable_buffered_access",      "flag", "enable_readout", "amplifier to the readout line"),
    ("readout", "enable_unbuffered_access",    "flag", "enable_unbuffered_access", "membrane to the readout line"),
    ("refractory_period", "refractory_time",   "code", "backend.refractory_time", "duration in clock cycles"),
    ("refractory_period", "reset_holdoff",     "code", "backend.reset_holdoff", "reset ends 31 - 2h cycles early"),
    ("refractory_period", "input_clock",       "choice", "backend.select_input_clock", "0 slow, 1 fast"),
    ("refractory_period", "enable_pause",      "flag", "enable_pause", "gates inputs while in reset"),
    ("bayesian", "to_post_pulse",              "flag", "backend.enable_bayesian_extension", "events, not the wire, give post pulses"),
    ("bayesian", "operation",                  "choice", "backend.bayesian_operation", "0 local, 1 AND, 2 XNOR, 3 Muller C"),
    ("bayesian", "connect_fire_vertical",      "flag", "backend.connect_fire_bottom", "fire to the other row"),
    ("bayesian", "connect_fire_to_right",      "flag", "backend.connect_fire_to_right", "fire to right neighbour"),
    ("bayesian", "connect_fire_from_right",    "flag", "backend.connect_fire_from_right", "does not work on the chip"),
    ("bayesian", "enable_master",              "flag", "backend.enable_neuron_master", "refractory state goes to the wire"),
    ("bayesian", "enable_slave",               "flag", "backend.enable_neuron_slave", "fires with masters on the wire"),
)
# fmt: on

_HIDDEN = {
    "event_routing_analog_output",
    "event_routing_enable_digital",
    "readout_source",
    "readout_enable_amplifier",
    "readout_enable_buffered_access",
}
_DEFAULTS = {
    "excitatory_input_enable_small_capacitance": 1,
    "inhibitory_input_enable_small_capacitance": 1,
    "refractory_period_reset_holdoff": 15,
    "bayesian_to_post_pulse": 1,
}


def _field(member: str, field: str, kind: str, place: str | None, doc: str) -> NeuronField:
    name = f"{member}_{field}"
    default, hidden = _DEFAULTS.get(name, 0), name in _HIDDEN
    block: str
    key: str | int
    if place is None:
        block, key, limit = "capmem_neurons", NEURON_ROWS[name], CAPMEM_LIMIT
    elif place.startswith("backend."):
        block, key = "neuron_backend", place.removeprefix("backend.")
        limit = NEURON_BACKEND_CONFIG.by_name[key].limit
    else:
        block, key, limit = "neuron_config", place, NEURON_CONFIG.by_name[place].limit
    return NeuronField(name, member, field, kind, block, key, limit, default, hidden, doc)


FIELDS: tuple[NeuronField, ...] = tuple(_field(*row) for row in _ROWS)
BY_NAME: dict[str, NeuronField] = {f.name: f for f in FIELDS}
