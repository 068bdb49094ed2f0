"""Nominal codes reach their targets on an emulated chip whose circuits are all typical; neurons
with default targets do what scripts expect of them, on a chip as it is.

In words, without PyNN: targets become codes, codes a configuration, and what the ADC shows is
compared with the targets.  Oracle: the targets themselves, and closed forms of what a reset, a
leak and a line do.  Readings in MADC LSB become CADC LSB by their published characteristics (V =
1.54 mV * LSB - 40 mV and V = 4.5 mV * LSB + 60 mV).
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import curve_fit

from calibration.neurons import neuron_codes
from calibration.nominal import nominal_shared
from calibration.refractory import choose_clocks
from calibration.targets import spiking
from emulator import Emulator
from firmware_protocol import ChipConfig
from pynn_hx.standardmodels.calibrated import write_shared
from pynn_hx.standardmodels.cells import CalibHXNeuronCoba, CalibHXNeuronCuba
from tests.support import emulated

NEURON, EVENT = 0, 1
"""The neuron that is looked at, and the label of the events that reach it."""
EXC_SYNIN, INH_SYNIN = 1, 2


def chip_for(settings=None, *, dac_bias=600, weights=(63,), mode=1, **targets):
    """A configuration whose neuron has "spiking" targets but for these, and a synapse row each.

    settings  codes to write instead of the calibrated ones
    """
    wanted = replace(spiking(), **{name: np.array([float(v)]) for name, v in targets.items()})
    clocks = choose_clocks(wanted.tau_refractory)
    config = ChipConfig()
    nominal_shared(dac_bias, clocks).write(config)
    for name, code in (neuron_codes(wanted, clocks) | (settings or {})).items():
        config.neurons[name][NEURON] = np.squeeze(code)
    return with_synapses(config, weights, mode=mode)


def with_synapses(config, weights, *, mode=1):
    """Let the neuron fire and hear events by synapses of these weights."""
    config.neurons.event_routing_analog_output[NEURON] = 1
    config.neurons.event_routing_enable_digital[NEURON] = 1
    config.column_current.enable_synaptic_current_excitatory = 1
    config.column_current.enable_synaptic_current_inhibitory = 1
    config.padi.enable_spl1 = 1
    return emulated.connect(config, NEURON, weights, mode=mode)


def run(config, runtime_us, event_us=(), *, source=0, label=EVENT):
    """Run on a chip of typical circuits; the neuron is on the ADC."""
    emulated.read_out(config, NEURON, source)
    cycles = np.asarray(np.rint(np.asarray(event_us) * emulated.CYCLES_PER_US), np.int64)
    events = (cycles, np.full(cycles.size, label))
    program = emulated.experiment(config, runtime_us, events if cycles.size else None)
    return emulated.Result(Emulator(effects=emulated.EXACT).execute(program))


def cadc(madc):
    """CADC LSB of a MADC reading."""
    return (1.54e-3 * madc - 0.04 - 0.06) / 4.5e-3


def exponential(t, level, height, tau):
    return level + height * np.exp(-t / tau)


FIRED_BY_EVENTS = {
    "threshold_enable": 0,
    "event_routing_enable_bypass_excitatory": 1,
    "excitatory_input_i_bias_gm": 0,  # events fire, but do not excite
}


def since_last(event_us, result):
    """(time since the last event [us], reading) of all samples after the first event."""
    order = np.searchsorted(event_us, result.t) - 1
    return (result.t - np.asarray(event_us)[order])[order >= 0], result.v[order >= 0]


@pytest.mark.parametrize("target", [50, 80, 120, 160])
def test_the_membrane_rests_at_its_target(target):
    rest = run(chip_for(leak=target, threshold=220), 300).v.mean()
    assert cadc(rest) == pytest.approx(target, abs=2)


@pytest.mark.parametrize("target", [50, 80, 120, 160])
def test_a_spike_resets_to_the_target(target):
    event_us = np.arange(5, 500, 50)
    config = chip_for(FIRED_BY_EVENTS, reset=target, leak=100, tau_refractory=20)
    t, v = since_last(event_us, run(config, 505, event_us))
    assert cadc(v[(t > 10) & (t < 18)].mean()) == pytest.approx(target, abs=2)


@pytest.mark.parametrize("target", [50, 100, 150, 220])
def test_the_membrane_fires_at_its_threshold(target):
    config = chip_for({"leak_v_leak": 1022}, threshold=target, reset=min(target - 30, 160))
    if target == 220:  # beyond any leak potential: an offset current lifts the membrane
        config.neurons.constant_current_enable[NEURON] = 1
        config.neurons.constant_current_i_offset[NEURON] = 900
    result = run(config, 500)
    spikes = result.spike_cycles / emulated.CYCLES_PER_US
    assert spikes.size > 5
    peaks = [result.v[np.abs(result.t - spike) < 0.1].max() for spike in spikes[1:-1]]
    assert cadc(np.mean(peaks)) == pytest.approx(target, abs=3)


@pytest.mark.parametrize("capacitance", [20, 63])
@pytest.mark.parametrize("target", [0.5, 2, 10, 25, 60])
def test_the_membrane_relaxes_with_its_time_constant(target, capacitance):
    period = 6 * target + 12
    event_us = np.arange(5, 5 + 20 * period, period)
    config = chip_for(
        FIRED_BY_EVENTS,
        leak=100,
        reset=80,
        tau_mem=target,
        capacitance=capacitance,
        tau_refractory=8,
    )
    t, v = since_last(event_us, run(config, event_us[-1] + period, event_us))
    free = t > 9  # an event needs half a microsecond, the reset lasts 8
    fit, _ = curve_fit(exponential, t[free] - 9, v[free], p0=(360, -50, target))
    assert fit[2] == pytest.approx(target, rel=0.1)


@pytest.mark.parametrize("sign", [EXC_SYNIN, INH_SYNIN])
@pytest.mark.parametrize("target", [0.3, 1, 5, 10, 12, 30])
def test_a_synaptic_line_recovers_with_its_time_constant(target, sign):
    period = 8 * target + 2
    event_us = np.arange(5, 5 + 30 * period, period)
    config = chip_for(tau_syn_exc=target, tau_syn_inh=target, mode=sign, dac_bias=1022)
    t, v = since_last(event_us, run(config, event_us[-1] + period, event_us, source=sign))
    after = t > 0.7  # events take half a microsecond to arrive
    fit, _ = curve_fit(exponential, t[after] - 0.7, v[after], p0=(800, -15, target))
    assert fit[1] < 0
    assert fit[2] == pytest.approx(target, rel=0.2)


@pytest.mark.parametrize("target", [0.3, 0.7, 2, 8, 32])
def test_a_neuron_that_always_wants_to_fire_does_so_once_per_refractory_period(target):
    config = chip_for(FIRED_BY_EVENTS, tau_refractory=target)
    event_us = np.arange(1, 1 + 8 * target, 8e-3)
    spikes = run(config, 2 + 8 * target, event_us).spike_cycles / emulated.CYCLES_PER_US
    assert spikes.size >= 5
    assert np.diff(spikes).mean() == pytest.approx(target, rel=0.1)


def psp_height(config):
    """Largest deflection by a volley every 100 us [MADC LSB], signed, from the mean of 20."""
    event_us = np.arange(5, 2005, 100)
    t, v = since_last(event_us, run(config, 2005, event_us))
    bins = np.histogram(t, 50, (0, 50))[0], np.histogram(t, 50, (0, 50), weights=v)[0]
    mean = bins[1] / bins[0] - v[t > 80].mean()
    return mean[np.abs(mean).argmax()]


COBA = {"leak": 100, "threshold": 160, "reversal_exc": 180, "reversal_inh": 80}
"""Both reversal potentials 50 LSB from the reference of 130."""


def at_rest(potential, **targets):
    """Leak code of a potential [CADC LSB], and no threshold."""
    code = int(chip_for(leak=potential, **targets).neurons.leak_v_leak[NEURON])
    return {"leak_v_leak": code, "threshold_enable": 0}


@pytest.mark.parametrize(("mode", "sign"), [(1, 1), (2, -1)])
def test_a_conductance_is_as_strong_as_a_current_at_its_reference(mode, sign):
    current = psp_height(chip_for(at_rest(130), mode=mode))
    conductance = psp_height(chip_for(at_rest(130), mode=mode, **COBA))
    assert current * sign > 20
    # Driven off the reference by the event itself, it weakens on the way.
    assert 0.7 < conductance / current < 1.02


@pytest.mark.parametrize(("mode", "nearer", "reversal"), [(1, 155, 180), (2, 105, 80)])
def test_a_conductance_weakens_towards_its_reversal_potential(mode, nearer, reversal):
    height = {
        v: abs(psp_height(chip_for(at_rest(v), mode=mode, **COBA)))
        for v in (130, nearer, reversal)
    }  # fmt: skip
    assert 0.35 < height[nearer] / height[130] < 0.75, "half of the way"
    assert height[reversal] < 0.15 * height[130]


# --- neurons with default targets, on a chip with all its imperfections ---------------------------

FIVE = (63,) * 5
DEFAULTS = pytest.mark.parametrize("cell", [CalibHXNeuronCuba(), CalibHXNeuronCoba()])


def default_chip(cell, *, weights=()):
    """A configuration in which one neuron has the default targets of a cell type."""
    values = {name: np.array([value]) for name, value in cell.default_parameters.items()}
    config = ChipConfig()
    write_shared(config, [("p", values)])
    cell.write(config, np.array([[NEURON]]), values, {}, "p")
    return with_synapses(config, weights)


def volleys(n_sources, event_us):
    """Events of sources 1 to n at the same times, as (cycles, labels)."""
    cycles = np.asarray(np.rint(np.asarray(event_us) * emulated.CYCLES_PER_US), np.int64)
    return np.repeat(cycles, n_sources), np.tile(1 + np.arange(n_sources), cycles.size)


@DEFAULTS
@pytest.mark.parametrize("chip_seed", [0, 1, 2])
def test_a_default_neuron_is_silent_without_input_and_fires_with_its_leak_high(cell, chip_seed):
    config = default_chip(cell)
    assert emulated.run(config, 2000, chip_seed=chip_seed, madc=False).spike_cycles.size == 0
    config.neurons.leak_v_leak[NEURON] = 1022
    assert emulated.run(config, 2000, chip_seed=chip_seed, madc=False).spike_cycles.size > 10


def ten_poisson_sources():
    """Events of ten sources with 100 kHz each for 2 ms, as (cycles, labels)."""
    rng = np.random.default_rng(0)
    cycles = np.sort(rng.integers(0, 2000 * emulated.CYCLES_PER_US, 2000))
    return cycles + 1, rng.integers(1, 11, cycles.size)


@pytest.mark.parametrize("chip_seed", [0, 1, 2])
def test_a_neuron_with_currents_fires_under_ten_poisson_sources_of_full_weight(chip_seed):
    config = default_chip(CalibHXNeuronCuba(), weights=(63,) * 10)
    result = emulated.run(config, 2010, ten_poisson_sources(), chip_seed=chip_seed, madc=False)
    assert result.spike_cycles.size > 10


@pytest.mark.parametrize("chip_seed", [0, 1, 2])
def test_a_neuron_with_conductances_comes_near_its_threshold_under_such_input(chip_seed):
    """Emulated, the input lifts it to just where it would fire: mismatch decides whether it does.

    Excitation fades towards the supply, and the default threshold is high.
    """
    config = default_chip(CalibHXNeuronCoba(), weights=(63,) * 10)
    emulated.read_out(config, NEURON)
    result = emulated.run(config, 2010, ten_poisson_sources(), chip_seed=chip_seed)
    assert cadc(np.percentile(result.v, 95)) > 140


@DEFAULTS
def test_five_synchronous_events_move_the_membrane_and_the_line(cell):
    config = default_chip(cell, weights=FIVE)
    config.neurons.threshold_enable[NEURON] = 0
    event_us = np.arange(10, 1010, 100)
    events = volleys(5, event_us)
    v = emulated.run(emulated.read_out(config.copy(), NEURON), 1010, events)
    line = emulated.run(emulated.read_out(config, NEURON, EXC_SYNIN), 1010, events)
    for result, rise, dip in ((v, (20, 400), (0, 12)), (line, (0, 10), (20, 80))):
        t, reading = since_last(event_us, result)
        rest = np.median(reading[t > 80])
        assert rise[0] < reading.max() - rest < rise[1]
        assert dip[0] <= rest - reading.min() < dip[1]
