"""What is left of the chip's quirks on an ideal one: nothing.

Oracle: the textbook neuron (Brette & Gerstner 2005), whose threshold is a level and whose
parameters follow their codes in a straight line.
"""

import numpy as np
import pytest

from emulator import Emulator
from emulator import parameters as p
from tests.support import emulated
from tests.support.emulated import add_inputs, chip, connect, core_of, ideal_core, on_bus, watch

ORIGIN = 1_280_000
STEP_TICKS = 2 * p.STEP_CYCLES
CODES = np.array([100, 300, 500, 700, 900, 1022])


def circuits(**effects):
    config = chip(np.arange(CODES.size))
    for name in ("leak_v_leak", "reset_v_reset", "exponential_v_exp", "adaptation_v_leak",
                 "excitatory_input_v_rev_coba", "constant_current_i_offset"):  # fmt: skip
        config.neurons[name][: CODES.size] = CODES
    config.neurons.constant_current_enable[: CODES.size] = 1
    core, memory = core_of(config, mismatch=False, capmem_crosstalk=False, **effects)
    return core.circuits(memory, 1 << 40)


def test_without_their_nonlinearity_all_codes_count_alike():
    c = circuits(code_nonlinearity=False)
    for name, values in {
        "leak": c.leak.target, "reset": c.reset.target, "exponential": c.exponential.v,
        "adaptation": c.adaptation.v_leak, "reversal": c.exc.coba_v, "offset": c.offset_current,
    }.items():  # fmt: skip
        per_code = np.diff(values[: CODES.size]) / np.diff(CODES)
        assert per_code == pytest.approx(per_code[0], rel=1e-6), name
    assert c.offset_current[5] == pytest.approx(1022 * 0.085e-9)
    assert c.leak.target[3] == pytest.approx(p.madc_to_volt(0.79 * 700 - 180), abs=2e-3)


def test_the_chips_codes_do_not_count_alike():
    c = circuits()
    for values in (c.leak.target, c.exponential.v, c.exc.coba_v, c.offset_current):
        per_code = np.diff(values[: CODES.size]) / np.diff(CODES)
        assert per_code[-1] < 0.98 * per_code[2]


@pytest.mark.parametrize(("edge", "fires"), [(True, False), (False, True)])
def test_a_neuron_reset_above_its_threshold_fires_unless_its_comparator_needs_an_edge(edge, fires):
    """N = 100 ticks of 2^(s+1)/250 MHz: it fires again as soon as it may."""
    settings = {"leak_v_leak": 800, "reset_v_reset": 800, "threshold_v_threshold": 100}
    config = chip([3], refractory_period_refractory_time=100, **settings)
    core, memory = ideal_core(config, edge_triggering=edge)
    (piece,) = core.integrate(memory, watch([3]), ORIGIN, ORIGIN + 12_000)
    if not fires:
        assert piece.spike_tick.size <= 1
        return
    refractory = 100 * core.circuits(memory, ORIGIN).backend.clock[3]
    interval = np.diff(piece.spike_tick)
    assert piece.spike_tick.size > 50
    assert np.all((interval >= refractory) & (interval <= refractory + 2 * STEP_TICKS))


@pytest.mark.parametrize(("ideal", "least", "most"), [(True, 20, 10_000), (False, 0, 1)])
def test_an_ideal_chip_has_a_level_for_a_threshold(ideal, least, most):
    config = chip([3], leak_v_leak=800, reset_v_reset=800, threshold_v_threshold=100)
    words = emulated.experiment(config, 100, madc=False)
    spikes = emulated.Result(Emulator(ideal=ideal).execute(words)).spike_cycles
    assert least <= spikes.size <= most


def test_a_neuron_that_rested_above_its_threshold_fires_once_it_was_below():
    """After a long wait, too; inhibition takes it below, and it rises again when that ends."""
    config = connect(
        add_inputs(chip(0, leak_v_leak=500, reset_v_reset=500, threshold_v_threshold=20), 0),
        0, [63] * 8, mode=2,
    )  # fmt: skip
    inhibition = on_bus(ORIGIN + 100 + 10 * np.arange(40), np.full(40, 1))
    core, memory = ideal_core(config, inhibition, comparator_noise=False)
    (piece,) = core.integrate(memory, watch([0]), ORIGIN, ORIGIN + 9000)
    threshold = core.circuits(memory, ORIGIN).threshold[0]
    below = np.flatnonzero(piece.trace[0] < threshold)
    assert piece.trace[0, 0] > threshold
    assert below.size > 10
    tick = (ORIGIN // p.STEP_CYCLES + below[-1] + 1) * STEP_TICKS
    assert piece.spike_tick[0] == pytest.approx(tick, abs=STEP_TICKS)
