"""Connections that do not fit into memory are refused before they are made.

Oracle: products and expectations of numbers of connections.
"""

import numpy as np
import pytest

import pynn_hx.sim as sim
from pynn_hx.sim.size_estimates import expected


@pytest.mark.parametrize(
    "connector, number",
    [
        (sim.FixedProbabilityConnector(0.1), 0.1 * 200 * 300),
        (sim.FixedNumberPreConnector(20), 20 * 300),
        (sim.FixedNumberPostConnector(20), 20 * 200),
        (sim.FixedTotalNumberConnector(50), 50),
        (sim.OneToOneConnector(), 0),
    ],
)
def test_the_number_of_connections_is_known_before(connector, number):
    assert expected(connector, 200, 300) == pytest.approx(number)


def test_too_many_connections_are_refused_before_anything_is_made():
    sim.setup()
    cells = sim.Population(200_000, sim.IF_curr_exp())
    with pytest.raises(MemoryError, match=r"of 200000 x 200000 cells: about .* GiB are needed"):
        sim.Projection(cells, cells, sim.FixedProbabilityConnector(0.9))
    few = sim.FixedProbabilityConnector(1e-8, rng=sim.NativeRNG(seed=1))
    assert 200 < len(sim.Projection(cells, cells, few)) < 600
    sim.end()


@pytest.mark.parametrize("bits, error", [(8, 0.5 / 255), (16, 0.5 / 65535)])
def test_weights_may_be_stored_in_few_bits(bits, error):
    sim.setup(timestep=0.1)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    cells = sim.Population(100, sim.IF_cond_exp())
    cells.record("gsyn_exc")
    weights = np.random.default_rng(3).random((1, 100))
    synapse = sim.StaticSynapse(weight=weights, delay=1.0, weight_bits=bits)
    projection = sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    sim.run(2.0)
    stored = projection.get("weight", format="array")
    assert 0 < np.abs(stored - weights).max() <= error * 1.001
    peak = cells.get_data().segments[0].analogsignals[0].magnitude[20]
    assert peak == pytest.approx(stored[0], rel=1e-12)
    sim.end()


def test_bits_are_eight_or_sixteen():
    with pytest.raises(ValueError, match="weight_bits=4; weights are stored in 8 or 16 bits"):
        sim.StaticSynapse(weight_bits=4)
