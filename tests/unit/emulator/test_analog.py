"""Membranes, synaptic inputs and backends, on a chip without mismatch.

Oracle: closed solutions of the linear circuit (exponential relaxation, double-exponential PSP,
rheobase), and counts of backend clock ticks.
"""

import numpy as np
import pytest

from emulator import parameters as p
from emulator.analog_state import EXC_LINE
from emulator.effects import Effects
from emulator.packing import Packer
from firmware_protocol import memory_map
from tests.support import emulated
from tests.support.emulated import add_inputs, chip, connect, ideal_core, on_bus, watch

QUIET = {"threshold_enable": 0}
READER = watch([0])
ORIGIN = 1_280_000  # cycles: long after power-on, a boundary of steps and noise blocks


def trace(config, duration_us, inputs=None, *, start_v=None, seen=READER, **options):
    """(t [us], V) at step boundaries from ORIGIN on, the circuits, and the pieces."""
    core, memory = ideal_core(config, inputs, **options)
    if start_v is not None:
        core.state.v[0], core.state.step[0] = start_v, ORIGIN // core.step_cycles
    pieces = core.integrate(memory, seen, ORIGIN, ORIGIN + round(duration_us * 125))
    v = emulated.trace_of(pieces).astype(float)
    return np.arange(v.size) * core.step_cycles * 8e-3, v, core.circuits(memory, ORIGIN), pieces


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"leak_enable_division": 1},
        {"leak_enable_multiplication": 1},
        {"leak_enable_degeneration": 1},
    ],
)
def test_small_deviations_relax_exponentially(flags):
    config = chip(leak_v_leak=700, **QUIET, **flags)
    rest = trace(config, 1)[1][0]
    t, v, circuits, _ = trace(config, 40, start_v=rest + 0.005)
    tau_us = 1e6 * circuits.capacitance[0] / circuits.leak.conductance[0]
    assert np.abs(v - rest - 0.005 * np.exp(-t / tau_us)).max() < 2e-6


def test_leak_flags_scale_the_time_constant_as_documented():
    def tau(**flags):
        circuits = trace(chip(**QUIET, **flags), 1)[2]
        return circuits.capacitance[0] / circuits.leak.conductance[0]

    assert tau() == pytest.approx(10.9e-6, rel=0.01)
    assert tau(leak_enable_division=1) == pytest.approx(8 * tau())
    assert tau(leak_enable_multiplication=1) == pytest.approx(tau() / 8)


def test_the_fastest_reset_takes_half_a_microsecond():
    circuits = trace(chip(**QUIET), 1)[2]
    tau = circuits.capacitance[0] / circuits.reset.conductance[0]
    assert tau == pytest.approx(0.5e-6, rel=1e-6)


@pytest.mark.parametrize("mode", [1, 2])
def test_a_weak_event_gives_a_double_exponential(mode):
    config = add_inputs(chip(leak_v_leak=535, leak_i_bias=100, **QUIET))
    connect(config, 0, [4], mode=mode)
    t, v, c, _ = trace(config, 80, on_bus([ORIGIN + 1251], [1]))
    side = c.exc if mode == 1 else c.inh
    tau_s, tau_m = 1e6 * side.tau[0], 1e6 * c.capacitance[0] / c.leak.conductance[0]
    slope = side.i_max[0] / 0.07 * 4 * side.drop[0] / c.capacitance[0] * 1e-6  # V/us
    since = np.maximum(t - 1251 * 8e-3, 0)
    factor = slope / (1 / tau_s - 1 / tau_m)
    expected = factor * (np.exp(-since / tau_m) - np.exp(-since / tau_s))
    change = (v - v[0]) if mode == 1 else (v[0] - v)
    assert expected.max() > 1e-3
    # Rest lies near 0.33 V, where headroom and footroom are both 1.
    assert np.abs(change - expected).max() < 0.02 * expected.max()


def peak_psp(weight_units, mode=1):
    """Largest deflection [LSB] by one volley of so many weight units, tau 10/10 us, C 63."""
    full, rest = divmod(int(weight_units), 63)
    weights = [63] * full + [rest] * (rest > 0)
    config = add_inputs(chip(leak_v_leak=559, leak_i_bias=164, **QUIET))  # rests at 262 LSB
    connect(config, 0, weights, mode=mode)
    volley = on_bus([ORIGIN + 1250] * len(weights), np.arange(len(weights)) + 1)
    v = trace(config, 60, volley)[1]
    return (v.max() - v[0] if mode == 1 else v[0] - v.min()) / p.MADC_LSB_V


WEIGHTS = np.arange(32, 289, 32)


def test_psp_gain_and_linearity_are_the_published_ones():
    """Source: dynamic-range figure, 0.79 LSB per weight up to 288, +- 0.15."""
    peaks = np.array([peak_psp(w) for w in WEIGHTS])
    assert np.all(np.abs(peaks / WEIGHTS - 0.79) < 0.15)
    fit = np.polyval(np.polyfit(WEIGHTS, peaks, 1), WEIGHTS)
    assert np.abs(peaks - fit).max() < 7.5  # LSB, the figure's spread across neurons


def test_inhibition_floors_as_published():
    """Source: the same figure, troughs [LSB] of a neuron at 262; they include some noise."""
    published = [231.5, 205, 181, 164, 148, 138, 128, 122, 117]
    troughs = [262 - peak_psp(w, mode=2) for w in WEIGHTS]
    assert troughs == pytest.approx(published, abs=8)


@pytest.mark.parametrize(("code", "fires"), [(180, False), (240, True)])
def test_rheobase_of_the_offset_current(code, fires):
    """Source: rheobase near code 220 for 75 mV at tau 10 us."""
    config = chip(
        leak_v_leak=700, leak_i_bias=164, constant_current_enable=1, constant_current_i_offset=code
    )
    circuits = trace(config.copy(), 1)[2]
    wanted = circuits.leak.target[0] + 0.075
    config.neurons.threshold_v_threshold[0] = round(((wanted + 0.04) / 1.54e-3 - 60) / 0.99)
    pieces = trace(config, 400)[3]
    assert (sum(piece.spike_tick.size for piece in pieces) > 0) is fires


def test_the_offset_current_sinks_as_well():
    base = trace(chip(leak_v_leak=700, **QUIET), 1)[1][0]
    config = chip(
        leak_v_leak=700, constant_current_enable=1, constant_current_i_offset=100, **QUIET
    )
    up = trace(config, 1)[1][0]
    config.neurons.constant_current_type[0] = 1
    down = trace(config, 1)[1][0]
    assert up - base == pytest.approx(base - down, rel=0.05)
    assert up - base == pytest.approx(100 * 0.085e-9 / 225e-9, rel=0.05)


@pytest.mark.parametrize(
    ("scale", "count", "holdoff"), [(0, 255, 15), (2, 60, 10), (3, 32, 15), (0, 9, 15)]
)
def test_reset_begins_and_ends_on_exact_ticks(scale, count, holdoff):
    config = chip(refractory_period_refractory_time=count, refractory_period_reset_holdoff=holdoff)
    config.common_backend.clock_scale_slow = scale
    core, memory = ideal_core(config, holdoff_glitch=False)
    pieces = core.integrate(memory, READER, ORIGIN, ORIGIN + 25_000)
    tick = 2 << scale  # in chip ticks of 4 ns
    assert np.all(pieces[0].spike_tick % tick == 0)
    circuits = core.circuits(memory, ORIGIN)
    assert circuits.backend.refractory[0] == count * tick
    assert circuits.backend.hold[0] == (31 - 2 * holdoff) * tick
    v, steps = emulated.trace_of(pieces), pieces[0].spike_tick / 8 - ORIGIN / 4
    released = steps[1] + (circuits.backend.refractory[0] - circuits.backend.hold[0]) / 8
    rising = np.diff(v) > 0
    first = int(np.ceil(steps[1])) + int(np.argmax(rising[int(np.ceil(steps[1])) :]))
    assert abs(first - released) <= 1.5  # steps of 32 ns


def test_a_neuron_whose_reset_lies_above_its_threshold_stays_silent():
    config = chip(reset_v_reset=1000, threshold_v_threshold=300)
    pieces = trace(config, 100)[3]
    assert pieces[0].spike_tick.size == 0


@pytest.mark.parametrize(
    "dead",
    [
        "neuron_i_bias_spike_comparator",
        "neuron_v_bias_casc_n",
        "neuron_i_bias_leak_source_follower",
    ],
)
def test_a_bias_of_zero_kills_its_block(dead):
    config = chip()
    config.quadrants[dead][...] = 0
    assert trace(config, 100)[3][0].spike_tick.size == 0


def test_without_synin_drop_bias_events_do_nothing():
    config = connect(add_inputs(chip(leak_v_leak=600, **QUIET)), 0, [63])
    config.quadrants.neuron_i_bias_synin_drop = 0
    v = trace(config, 40, on_bus([ORIGIN + 1250], [1]))[1]
    assert np.ptp(v) < 1e-4


def test_a_floating_line_keeps_its_charge():
    config = connect(add_inputs(chip(leak_v_leak=600, **QUIET)), 0, [63])
    config.neurons.excitatory_input_i_bias_tau[0] = 0
    t, v, *_ = trace(config, 100, on_bus([ORIGIN + 1250], [1]), seen=watch([0], [EXC_LINE]))
    after = v[t > 11]
    assert v[0] - after[0] == pytest.approx(63 * 0.21e-3, rel=1e-3)
    assert np.ptp(after) < 1e-6


def network(step_us):
    """Spikes of a small driven network, integrated in pieces of `step_us`."""
    config = chip(np.arange(20))
    config.neurons.event_routing_address[:20] = np.arange(20)
    add_inputs(config, np.arange(20))
    emulated.open_node(config, 0, 0)
    config.synapse_drivers.enable_receiver[0, ::4] = 1
    config.synapse_drivers.row_address_compare_mask[0, ::4] = 0
    config.synapse_drivers.row_mode_top[0, 0] = 1
    config.synapses.weight[0, 1, :20], config.synapses.label[0, 1, :20] = 20, np.arange(20)[::-1]
    core, memory = emulated.core_of(config, chip_seed=1, run_seed=2, stuck_reset=False)
    at, end, ticks = ORIGIN, ORIGIN + 50_000, []
    while at < end:
        until = min(at + round(step_us * 125), end)
        for piece in core.integrate(memory, READER, at, until):
            ticks.extend(zip(piece.spike_tick.tolist(), piece.spike_neuron.tolist(), strict=True))
        at = until
    return ticks, core.state.v.copy()


@pytest.mark.parametrize("step_us", [0.4, 7.3, 100])
def test_results_do_not_depend_on_how_time_is_cut(step_us):
    (whole, v_whole), (cut, v_cut) = network(400), network(step_us)
    assert len(whole) > 150
    assert cut == whole
    assert np.array_equal(v_cut, v_whole)


def test_after_a_long_wait_firing_neurons_have_been_firing():
    core, memory = ideal_core(chip(np.arange(40)))
    (piece,) = core.integrate(memory, watch(), ORIGIN, ORIGIN + 12_500)
    first = [piece.spike_tick[piece.spike_neuron == n][0] for n in range(40)]
    assert np.std(first) * 4e-3 > 2  # us: not all in step


def test_configuration_writes_act_at_their_time():
    config = chip(leak_v_leak=600, **QUIET)
    core, memory = ideal_core(config)
    before = core.integrate(memory, READER, ORIGIN, ORIGIN + 1250)[0].trace[0]
    config.neurons.leak_v_leak[0] = 700
    memory.write(memory_map.ADDRESSES, config.image())
    after = core.integrate(memory, READER, ORIGIN + 1250, ORIGIN + 12_500)[0].trace[0]
    assert before[0] == pytest.approx(before[-1], abs=1e-6)
    assert after[0] == before[-1]
    assert after[-1] - after[0] == pytest.approx(79 * 1.54e-3, rel=0.05)


@pytest.mark.parametrize("at", range(33))
def test_a_line_is_seen_decaying_from_its_event_on_wherever_that_lies(at):
    """In an interval of eight steps, in a step of four cycles; and from cut to cut."""
    config = connect(add_inputs(chip(leak_v_leak=600, **QUIET)), 0, [40])
    core, memory = ideal_core(config, on_bus([ORIGIN + 1000 + at], [1]))
    seen, pieces, drops = watch([0], [EXC_LINE], sampled=[0]), [], []
    for start in range(ORIGIN, ORIGIN + 2000, 20):
        pieces += core.integrate(memory, seen, start, start + 20)
        line = core.voltages(memory, start, np.ones(512, np.int64))[0]
        drops.append(p.LINE_REST_V - line)
    trace = p.LINE_REST_V - emulated.trace_of(pieces).astype(float)
    cycle = 4 * np.arange(trace.size)
    tau = core.circuits(memory, ORIGIN).exc.tau[0] / p.CYCLE_S
    height = trace[-1] * np.exp((cycle[-1] - 1000 - at) / tau)
    expected = np.where(cycle > 1000 + at, height * np.exp(-(cycle - 1000 - at) / tau), 0)
    assert height == pytest.approx(40 * core.circuits(memory, ORIGIN).exc.drop[0], rel=0.05)
    assert trace == pytest.approx(expected, abs=1e-3 * height)
    assert drops == pytest.approx(trace[5::5], abs=1e-4 * height)


@pytest.mark.parametrize(
    ("setting", "gentle"),
    [
        ({}, True),
        ({"membrane_capacitance_capacitance": 0}, False),
        ({"excitatory_input_enable_coba_mode": 1, "excitatory_input_i_bias_coba": 60}, False),
        ({"inhibitory_input_i_bias_tau": 200}, False),
        ({"leak_i_bias": 1022, "leak_enable_multiplication": 1}, True),
    ],
)
def test_what_acts_back_on_itself_within_a_step_is_not_gentle(setting, gentle):
    config = add_inputs(chip())
    for name, value in setting.items():
        config.neurons[name][0] = value
    core, memory = ideal_core(config)
    packer = Packer(core._effects, core.step_cycles)
    assert packer.gentle(core.circuits(memory, ORIGIN))[0] == gentle


LEAK_X8 = {"leak_i_bias": 1022, "leak_enable_multiplication": 1}
EDGES = {
    "usual": {},
    "stiff leak": LEAK_X8 | {"membrane_capacitance_capacitance": 34},
    "fast line": {"excitatory_input_i_bias_tau": 88},
    "fast line, slow membrane": {"excitatory_input_i_bias_tau": 88, "leak_i_bias": 50},
}


@pytest.mark.parametrize("edge", EDGES)
def test_a_neuron_that_is_barely_gentle_does_what_the_stiff_method_does(edge, monkeypatch):
    """Within the 0.25 LSB that either may err; events fall on all cycles of a step."""
    config = connect(add_inputs(chip(leak_v_leak=600, **QUIET)), 0, [63, 63])
    for name, value in EDGES[edge].items():
        config.neurons[name][0] = value
    at = np.array([1250, 1253, 2600, 2601, 2602, 2603])
    inputs = on_bus(ORIGIN + at, np.ones(at.size))
    _, gentle, circuits, _ = trace(config, 60, inputs)
    packer = Packer(Effects(), 4)
    assert packer.gentle(circuits)[0]
    monkeypatch.setattr(Packer, "gentle", lambda self, circuits: np.zeros(512, bool))
    _, stiff, _, _ = trace(config, 60, inputs)
    assert np.ptp(stiff) > 10 * p.MADC_LSB_V
    assert not np.array_equal(gentle, stiff)
    assert np.abs(gentle - stiff).max() < 0.25 * p.MADC_LSB_V


def test_a_neuron_that_turns_stiff_amid_an_interval_keeps_its_lines():
    config = connect(add_inputs(chip(leak_v_leak=600, **QUIET)), 0, [40])
    core, memory = ideal_core(config, on_bus([ORIGIN + 400], [1]))
    seen = watch([0], [EXC_LINE])
    (before,) = core.integrate(memory, seen, ORIGIN, ORIGIN + 1012)
    config.neurons.membrane_capacitance_capacitance[0] = 0
    memory.write(memory_map.ADDRESSES, config.image())
    (between,) = core.integrate(memory, seen, ORIGIN + 1012, ORIGIN + 2024)
    config.neurons.membrane_capacitance_capacitance[0] = 63
    memory.write(memory_map.ADDRESSES, config.image())
    (after,) = core.integrate(memory, seen, ORIGIN + 2024, ORIGIN + 3000)
    drop = p.LINE_REST_V - emulated.trace_of([before, between, after]).astype(float)[101:]
    tau_steps = core.circuits(memory, ORIGIN).exc.tau[0] / p.STEP_S
    assert drop[0] > 5e-3
    assert np.log(drop / drop[0]) == pytest.approx(-np.arange(drop.size) / tau_steps, abs=2e-3)


def test_a_line_that_has_decayed_never_becomes_a_subnormal_number():
    """Subnormal operands would make every later step many times slower."""
    config = connect(add_inputs(chip(leak_v_leak=600, **QUIET)), 0, [63])
    core, memory = ideal_core(config, on_bus([ORIGIN + 10], [1]))
    core.integrate(memory, READER, ORIGIN, ORIGIN + 3000 * 125)
    assert np.finfo(np.float32).tiny < core.state.exc[0] < 1e-20


@pytest.mark.parametrize(
    "neighbour",
    [
        {"adaptation_enable": 1, "exponential_enable": 1, "exponential_i_bias": 200},
        {"excitatory_input_enable_coba_mode": 1, "excitatory_input_i_bias_coba": 100},
    ],
)
def test_a_trace_does_not_depend_on_what_shares_its_block(neighbour):
    config = connect(add_inputs(chip([0, 1], leak_v_leak=600, **QUIET), [0, 1]), 0, [63])
    inputs = on_bus([ORIGIN + 1250], [1])
    alone = trace(config, 40, inputs)[1]
    for name, value in neighbour.items():
        config.neurons[name][1] = value
    together = trace(config, 40, inputs, seen=watch([0, 1]))[1]
    assert np.ptp(alone) > 0.05
    assert np.array_equal(together, alone)


def test_two_threads_give_the_same_spikes_and_membranes_as_one():
    neurons = np.arange(512)
    config = chip(neurons, leak_i_bias=200)
    config.neurons.event_routing_address[:] = neurons % 256
    add_inputs(config, neurons)
    emulated.open_node(config, 0, 0)
    config.synapse_drivers.enable_receiver[0, ::4] = 1
    config.synapse_drivers.row_address_compare_mask[0, ::4] = 0
    config.synapse_drivers.row_mode_top[0] = 1
    config.synapses.weight[0, 1, :256], config.synapses.label[0, 1, :256] = 20, neurons[:256] % 64
    results = []
    for threads in (1, 2, 3):
        core, memory = emulated.core_of(config, chip_seed=3, threads=threads)
        pieces = core.integrate(memory, watch([7]), ORIGIN, ORIGIN + 12_500)
        results.append(
            (pieces[0].spike_tick, pieces[0].spike_neuron, core.state.v, pieces[0].trace)
        )
    assert results[0][0].size > 1000
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_conductance_mode_scales_an_input_with_the_membrane():
    """Twice the distance from the potential at which the factor is 0, twice the current."""
    heights = []
    for code in (400, 500):
        settings = {"leak_v_leak": code, "excitatory_input_enable_coba_mode": 1}
        config = add_inputs(chip(**QUIET, **settings))
        config.neurons.excitatory_input_i_bias_coba[0] = 60
        config.neurons.excitatory_input_v_rev_coba[0] = 400
        connect(config, 0, [10])
        v = trace(config, 40, on_bus([ORIGIN + 1250], [1]))[1]
        heights.append((v.max() - v[0], v[0]))
    (low, v_low), (high, v_high) = heights
    slope = 0.03 * 60  # 1/V per code times the code
    assert high / low == pytest.approx(1 - slope * (v_high - v_low), rel=0.05)


def test_a_pause_keeps_inputs_from_the_membrane_during_the_reset():
    lows = []
    for pause in (0, 1):
        config = add_inputs(chip(leak_v_leak=900, refractory_period_enable_pause=pause))
        connect(config, 0, [63])
        times = ORIGIN + 1250 + 25 * np.arange(100)
        pieces = trace(config, 40, on_bus(times, np.ones(100, int)))[3]
        lows.append(emulated.trace_of(pieces)[200:].min())
    assert lows[0] > lows[1] + 0.005


@pytest.mark.parametrize(("glitch", "counts"), [(True, 20 - 31 + 256), (False, 20)])
def test_a_missed_end_of_reset_comes_a_round_of_the_counter_later(glitch, counts):
    """20 counts are fewer than the 31 before whose end the reset should be released."""
    config = chip(refractory_period_refractory_time=20, refractory_period_reset_holdoff=0)
    core, memory = ideal_core(config, holdoff_glitch=glitch)
    pieces = core.integrate(memory, READER, ORIGIN, ORIGIN + 25_000)
    v = emulated.trace_of(pieces)
    start = pieces[0].spike_tick[3] // 8 - ORIGIN // 4
    released = start + int(np.argmax(np.diff(v[start + 3 :]) > 0)) + 3
    assert released - start == pytest.approx(counts * 2 / 8, abs=2)  # clock of 2, steps of 8 ticks


@pytest.mark.parametrize(("hold_clocks", "spikes"), [(31, 1), (1, 20)])
def test_a_membrane_above_threshold_when_its_refractory_period_ends_does_not_fire(
    hold_clocks, spikes
):
    """The comparator acts on edges: one within the refractory period is lost.

    A fast leak takes the membrane from reset to threshold in less than 0.5 us.  The reset is
    released 31 or 1 clocks of 64 ns before the period ends.
    """
    config = chip(
        leak_enable_multiplication=1,
        leak_i_bias=1000,
        refractory_period_refractory_time=100,
        refractory_period_reset_holdoff=(31 - hold_clocks) // 2,
    )
    config.common_backend.clock_scale_slow = 3
    core, memory = ideal_core(config, comparator_noise=False)
    pieces = core.integrate(memory, watch([0]), 0, 25_000)
    found = sum(piece.spike_tick.size for piece in pieces)
    v = emulated.trace_of(pieces)
    threshold = core.circuits(memory, 0).threshold[0]
    assert found == 1 if spikes == 1 else found > spikes
    assert v[-1] > threshold if spikes == 1 else v.min() < threshold - 0.05


def test_an_event_does_not_bypass_a_released_but_refractory_neuron():
    """Events come every 0.5 us; a period of 100 clocks of 64 ns with all but its first 69 free."""
    config = add_inputs(
        chip(
            **QUIET,
            event_routing_enable_bypass_excitatory=1,
            refractory_period_refractory_time=100,
            refractory_period_reset_holdoff=0,
        )
    )
    config.common_backend.clock_scale_slow = 3
    connect(config, 0, [63])
    cycles = ORIGIN + np.arange(100, 25_000, 62)
    core, memory = ideal_core(config, on_bus(cycles, np.ones(cycles.size)))
    pieces = core.integrate(memory, watch(), ORIGIN, ORIGIN + 25_000)
    ticks = np.concatenate([piece.spike_tick for piece in pieces])
    assert ticks.size > 20
    assert np.diff(ticks).min() >= 100 * 16
    assert np.diff(ticks).max() <= 100 * 16 + 2 * 62 + 16


def psp(core, memory, at):
    """Largest change [V] of the membrane by an event at cycle `at`."""
    core.feed(on_bus([at], [1]))
    v = emulated.trace_of(core.integrate(memory, READER, at - 125, at + 2500)).astype(float)
    return np.abs(v - v[0]).max()


@pytest.mark.parametrize(
    ("block", "field", "value"),
    [
        ("synapses", "weight", 10),
        ("synapses", "label", 2),
        ("column_current", "enable_synaptic_current_excitatory", 0),
        ("quadrants", "syn_i_bias_dac", 300),
        ("synapse_drivers", "enable_receiver", 0),
        ("padi", "dacen_pulse_extension", 15),
        ("crossbar_nodes", "target", 1),
    ],
)
def test_an_event_does_what_the_present_registers_say(block, field, value):
    """Rows of synapses are kept from one event to the next, unless what they follow changes.

    Oracle: a fresh chip that has had the later registers from the begin.
    """
    config = connect(add_inputs(chip(leak_v_leak=535, leak_i_bias=100, **QUIET)), 0, [30])
    core, memory = ideal_core(config)
    before = psp(core, memory, ORIGIN + 125)
    assert psp(core, memory, ORIGIN + 125_000) == pytest.approx(before, rel=1e-3)
    setattr(getattr(config, block), field, value)
    memory.write(memory_map.ADDRESSES, config.image())
    after = psp(core, memory, ORIGIN + 250_000)
    assert abs(after - before) > 0.1 * before
    assert after == pytest.approx(psp(*ideal_core(config), ORIGIN + 250_000), rel=1e-3, abs=1e-6)
