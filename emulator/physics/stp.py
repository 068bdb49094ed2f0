"""Short-term plasticity of a synapse driver: one voltage decides how long its pulses are.

    between events  dV/dt = (V_recover - V) / tau_rec
    at an event     V <- V + U_0 (V_charge - V),  then a pulse of width t(V),
                    then V <- V + U (V_charge - V)
    width           t(V) = clip(t_0 - (V + V_off) / (k i_ramp), 0, t_full)

A ramp that rises at k i_ramp starts the pulse when it passes V + V_off; t_0 ends it.  So a higher V
is a shorter pulse, and a larger ramp current brings all pulses closer to the full one.  With
V_charge < V_recover events lengthen the pulses (facilitation), otherwise they shorten them.
Source: the circuit's publications; the early step U_0: calix, by which v_recover is never fully
seen.  Hagen mode puts the output of a DAC in the place of V.
"""

from __future__ import annotations

from ..jit import inlined, larger, merged, smaller
from .synaptic_input import decay_exact


@inlined
def recovered(v, v_recover, ratio):  # type: ignore[no-untyped-def]
    """V after `ratio` time constants without an event; all voltages in V."""
    return v_recover + (v - v_recover) * decay_exact(ratio)


@inlined
def utilized(v, v_charge, utilization):  # type: ignore[no-untyped-def]
    """V after an event has moved it by the fraction `utilization` of the way to V_charge."""
    return v + utilization * (v_charge - v)


@merged
def relative_width(v, start, per_volt):  # type: ignore[no-untyped-def]
    """Pulse width in units of t_full for V + V_off = `v` [V].

    start     width at 0 V, t_0 / t_full
    per_volt  1/V, 1 / (k i_ramp t_full)
    """
    return smaller(larger(start - v * per_volt, 0.0), 1.0)
