"""Models in the engine's language that several tests use."""

from __future__ import annotations

from simulator.models import NeuronModel

LIF = NeuronModel(
    name="lif",
    parameters="""
        v_rest = -65.0 : mV
        v_reset = -65.0 : mV
        v_thresh = -50.0 : mV
        cm = 1.0 : nF
        tau_m = 20.0 : ms
        tau_syn = 5.0 : ms
        tau_refrac = 2.0 : ms
        i_offset = 0.0 : nA
    """,
    equations="""
        dv/dt = (v_rest - v)/tau_m + (i_syn + i_offset + i_inj)/cm : mV (unless refractory)
        di_syn/dt = -i_syn/tau_syn : nA
    """,
    initial="v = v_rest",
    threshold="v >= v_thresh",
    reset="v = v_reset",
    refractory="tau_refrac",
    receptors={"excitatory": "i_syn += weight", "inhibitory": "i_syn += weight"},
)
"""A leaky integrate-and-fire neuron with exponential currents, as PyNN's IF_curr_exp."""
