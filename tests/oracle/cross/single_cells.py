"""One cell under known input, as a PyNN script: the same lines run on NEST and on our engine.

Nothing here imports a simulator; `sim` is a PyNN backend.  Every cell gets the same spikes on both
receptors and a step of current, once too weak to make it fire and once strong enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

DT_MS = 0.1
END_MS = 120.0
EXCITATORY_MS = (5.0, 12.3, 12.4, 20.0, 31.7, 33.0, 34.2, 80.0)
INHIBITORY_MS = (8.0, 25.5, 40.0, 41.0, 81.2)
DELAY_MS = {"excitatory": 1.0, "inhibitory": 0.7}
STEP_MS = (50.0, 100.0)


@dataclass(frozen=True)
class Cell:
    """A standard cell with its parameters and two strengths of input.

    weights   (excitatory, inhibitory) in nA, uS or mV, as the cell takes them
    weak, strong  current [nA] from 50 ms to 100 ms: below and above threshold
    recorded  variables beside the spikes
    """

    model: str
    weights: tuple[float, float]
    weak: float
    strong: float
    recorded: tuple[str, ...] = ("v",)
    parameters: dict[str, Any] = field(default_factory=dict)


LEAKY = {
    "tau_m": 17.0, "cm": 0.9, "v_rest": -64.0, "v_reset": -67.0, "v_thresh": -52.0,
    "tau_refrac": 2.5,
}  # fmt: skip
SYNAPTIC = {"tau_syn_E": 4.0, "tau_syn_I": 7.5}
CONDUCTANCES = ("v", "gsyn_exc", "gsyn_inh")
CELLS = {
    "IF_curr_exp": Cell("IF_curr_exp", (0.4, -0.3), 0.4, 2.0, parameters=LEAKY | SYNAPTIC),
    "IF_curr_exp, equal time constants": Cell(
        "IF_curr_exp", (0.4, -0.3), 0.4, 2.0,
        parameters=LEAKY | {"tau_m": 10.0, "tau_syn_E": 10.0, "tau_syn_I": 10.0},
    ),
    "IF_curr_alpha": Cell("IF_curr_alpha", (0.4, -0.3), 0.4, 2.0, parameters=LEAKY | SYNAPTIC),
    "IF_curr_delta": Cell("IF_curr_delta", (2.0, -1.5), 0.4, 2.0, parameters=LEAKY),
    "IF_cond_exp": Cell(
        "IF_cond_exp", (0.008, 0.02), 0.4, 2.0, CONDUCTANCES, LEAKY | SYNAPTIC
    ),
    "IF_cond_alpha": Cell(
        "IF_cond_alpha", (0.008, 0.02), 0.4, 2.0, CONDUCTANCES, LEAKY | SYNAPTIC
    ),
    "IF_cond_exp_gsfa_grr": Cell(
        "IF_cond_exp_gsfa_grr", (0.004, 0.01), 0.1, 2.0, (*CONDUCTANCES, "g_s", "g_r"),
        SYNAPTIC | {"cm": 0.3, "tau_m": 15.0, "q_rr": 300.0, "q_sfa": 15.0},
    ),
    "EIF_cond_exp_isfa_ista": Cell(
        "EIF_cond_exp_isfa_ista", (0.004, 0.01), 0.1, 2.0, (*CONDUCTANCES, "w"), SYNAPTIC
    ),
    "EIF_cond_alpha_isfa_ista": Cell(
        "EIF_cond_alpha_isfa_ista", (0.004, 0.01), 0.1, 2.0, (*CONDUCTANCES, "w"), SYNAPTIC
    ),
    "HH_cond_exp": Cell("HH_cond_exp", (0.0005, 0.001), 0.02, 0.8, CONDUCTANCES, SYNAPTIC),
    "Izhikevich": Cell("Izhikevich", (1.5, -1.0), 0.002, 0.012, ("v", "u")),
    # Its spikes are drawn; with so narrow a threshold there is nothing left to chance.
    "GIF_cond_exp": Cell(
        "GIF_cond_exp", (0.004, 0.01), 0.1, 4.0, (*CONDUCTANCES, "i_eta", "v_t"),
        SYNAPTIC | {"delta_v": 0.001},
    ),
}  # fmt: skip
EXACT = ("IF_curr_exp", "IF_curr_exp, equal time constants", "IF_curr_alpha", "IF_curr_delta")
"""Cells that both simulators integrate exactly."""


def run(sim: Any, name: str, *, strong: bool, **setup: Any) -> dict[str, Any]:
    """Run one cell; returns ``spikes`` [ms] and (sample,) arrays of what it records."""
    cell = CELLS[name]
    sim.setup(timestep=DT_MS, min_delay=DT_MS, max_delay=5.0, **setup)
    neuron = sim.Population(1, getattr(sim, cell.model)(**cell.parameters))
    trains = {"excitatory": EXCITATORY_MS, "inhibitory": INHIBITORY_MS}
    for (receptor, times), weight in zip(trains.items(), cell.weights, strict=True):
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(times)))
        synapse = sim.StaticSynapse(weight=weight, delay=DELAY_MS[receptor])
        sim.Projection(source, neuron, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    current = sim.DCSource(
        amplitude=cell.strong if strong else cell.weak, start=STEP_MS[0], stop=STEP_MS[1]
    )
    current.inject_into(neuron)
    neuron.record(["spikes", *cell.recorded])
    sim.run(END_MS)
    segment = neuron.get_data().segments[0]
    result = {"spikes": np.asarray(segment.spiketrains[0].rescale("ms").magnitude, float)}
    for variable in cell.recorded:
        (signal,) = segment.filter(name=variable)
        result[variable] = np.asarray(signal.magnitude[:, 0], float)
    sim.end()
    return result
