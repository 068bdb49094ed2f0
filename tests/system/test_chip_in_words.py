"""Every part of the chip that an experiment can see, end to end: words in, words out.

Oracle: what two independent observers of one chip say about the same thing (counters and recorded
spikes, a column's ADC and the codes that were written, an event register and the FPGA's events),
closed forms for time constants, and the published limits that the tests name.
"""

import numpy as np
import pytest

from emulator import Emulator
from emulator.mismatch import Mismatch
from firmware_protocol import Program, decode, memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import crossbar_node
from firmware_protocol.registers.synapse import PADI_EVENT
from tests.support.emulated import (
    EXACT,
    Result,
    add_inputs,
    chip,
    connect,
    control,
    experiment,
    open_node,
    read_out,
    start_up,
    write_chip,
)
from tests.support.played import (
    QUIET,
    SILENT,
    close_crossbar_of,
    play,
    recording,
    reset_neurons,
    us,
)
from tests.support.synapses import STP_CELLS

COUNTS, OVERFLOW = 256, 0x100
CADC_LSB_V, CADC_ZERO_V = 4.5e-3, 0.06
MADC_LSB_V, MADC_ZERO_V = 1.54e-3, -0.04
DAC_25_V, DAC_FULL, DAC_12_V = 2.5, 4095, 1.2


# --- spike counters -------------------------------------------------------------------------------

COUNTED = [0, 40, 300, 511]


def spike_count(recorded, duration_us):
    """(spikes recorded certainly and possibly between reset and read, count words)."""
    config = close_crossbar_of(chip(COUNTED))
    config.neurons.event_routing_address[COUNTED] = np.arange(4)

    def fill(program):
        recording(program, recorded)
        program.wait(us(20))
        program.write(memory_map.spike_counter_address(np.array(COUNTED), reset=True), 0)
        begin = program.loopback()
        program.wait(us(duration_us))
        end = program.loopback()
        counts = program.read(memory_map.spike_counter_address(np.array(COUNTED)))
        program.wait(us(20))
        return begin, end, counts

    trace, (begin, end, counts) = play(config, fill)
    t0, t1 = int(trace.redeem(begin)[0]), int(trace.redeem(end)[0])
    edge = 12
    own = [trace.spike_time[trace.spike_label & 0xFF == k] for k in range(4)]
    least = [np.sum((t >= t0 + edge) & (t < t1 - edge)) for t in own]
    most = [np.sum((t >= t0 - edge) & (t < t1 + edge)) for t in own]
    return np.array(least), np.array(most), trace.redeem(counts).astype(int)


def test_a_spike_counter_counts_what_is_recorded_and_flags_its_overflow():
    for duration_us in (500, 10_000):
        least, most, word = spike_count(True, duration_us)
        count = word & 0xFF
        overflow = word & OVERFLOW != 0
        assert np.all(most - least <= 1)
        assert np.all((count == least % COUNTS) | (count == most % COUNTS))
        assert np.all((overflow == (least >= COUNTS)) | (overflow == (most >= COUNTS)))
        assert np.all(overflow == (duration_us == 10_000))


def test_a_spike_counter_counts_without_a_recording():
    """Not the very same count: when nobody looked before, neurons begin in another phase."""
    seen, (_, most, unseen) = spike_count(True, 500)[2], spike_count(False, 500)
    assert not most.any()
    assert np.all(np.abs(seen - unseen) <= 1)
    assert np.all(seen > 10)


@pytest.mark.parametrize("fires", [True, False])
def test_a_poll_waits_for_a_count_or_times_out(fires):
    config = close_crossbar_of(chip(7, **({} if fires else SILENT)))
    address = int(memory_map.spike_counter_address(7))

    def fill(program):
        program.instruction_timeout(us(300))
        program.write(int(memory_map.spike_counter_address(7, reset=True)), 0)
        begin = program.loopback()
        program.poll(address, 3, 0xFF)
        return begin, program.loopback(), program.read([address])

    trace, (begin, end, count) = play(config, fill)
    waited = int(trace.redeem(end)[0] - trace.redeem(begin)[0])
    assert trace.timeouts.size == (not fires)
    if fires:
        assert us(5) < waited < us(100)
        assert int(trace.redeem(count)[0]) == 3
    else:
        assert waited == pytest.approx(us(300), abs=20)
        assert int(trace.redeem(count)[0]) == 0


# --- events ---------------------------------------------------------------------------------------

PERIOD_TICKS = 5000


def driven(neuron=3, weights=(63,) * 8, **settings):
    """A silent neuron of nominal codes behind strong synapses."""
    config = chip(neuron, **(NOMINAL | settings))
    add_inputs(config, neuron)
    return connect(config, neuron, weights)


NOMINAL = {"leak_v_leak": 606, "leak_i_bias": 164, "reset_v_reset": 461}


def same_label(config, half, column, rows=16):
    config.synapses.label[half, :rows, column] = 1
    return config


def test_background_drives_neurons_at_its_rate():
    """Time constants of 10 us; the refractory time of 8 us keeps doubles out."""
    config = same_label(driven(weights=(63, 63), threshold_v_threshold=300), 0, 3)
    config.common_backend.clock_scale_slow = 2
    for node in (0, 1, 2, 3):
        config.crossbar_nodes.target[crossbar_node(node, 8)] = 1
    open_node(config, 0, 12)
    sources = config.background_sources
    sources.period[0], sources.neuron_label[0], sources.enable[0] = PERIOD_TICKS, 1, 1
    program = experiment(config, 2000.0, madc=False)
    result = Result(Emulator(effects=EXACT).execute(program))
    intervals = np.diff(result.spike_cycles)
    assert result.spike_cycles.size == pytest.approx(100, abs=1)
    assert np.abs(intervals - PERIOD_TICKS // 2).max() < us(1)


@pytest.mark.parametrize("source", range(8))
def test_background_events_reach_the_host_on_the_link_of_their_source(source):
    config = driven(weights=())
    config.neurons.event_routing_enable_digital[:] = 0
    open_node(config, 8 + source % 4, 12 + source)
    sources = config.background_sources
    sources.period[source], sources.enable[source] = PERIOD_TICKS, 1
    sources.neuron_label[source] = 0x1234
    result = Result(Emulator(effects=EXACT).execute(experiment(config, 500.0, madc=False)))
    assert set(result.labels.tolist()) == {source % 4 << 14 | 0x1234}
    assert set(np.diff(result.spike_cycles).tolist()) == {PERIOD_TICKS // 2}
    assert result.spike_cycles.size == 25


def psp_heights(config, times_us, neuron=3):
    """Rise of the membrane [LSB] in the 25 us after each time."""
    read_out(config, neuron)
    config.neurons.threshold_enable = 0
    words = experiment(config, times_us[-1] + 60, ([us(t) for t in times_us], [1] * len(times_us)))
    result = Result(Emulator(effects=QUIET).execute(words))
    t, v = result.t, result.v
    base = v[(t > 0) & (t < times_us[0])].mean()
    return np.array([v[(t >= at) & (t < at + 25)].max() - base for at in times_us])


def test_a_padi_register_fires_the_synapses_that_an_fpga_event_fires():
    config = driven(weights=(40,))
    (by_event,) = psp_heights(config.copy(), [50.0])
    config.padi.enable_spl1[0, 0] = 0
    config.neurons.threshold_enable = 0
    read_out(config, 3)

    def fill(program):
        program.write(memory_map.MADC_CONTROL, control(wake_up=1, pre_amp=1, continuous=1))
        program.wait(us(1000))
        recording(program, True)
        program.write(memory_map.MADC_CONTROL, control(start=1, pre_amp=1, continuous=1))
        program.wait(us(100))
        fields = {"fire_bus": np.array([1, 0, 0, 0]), "event_address": np.array(1),
                  "row_select_address": np.array(0)}  # fmt: skip
        fired = program.loopback()
        program.write(memory_map.PADI_EVENT[0], PADI_EVENT.encode(fields))
        program.wait(us(50))
        recording(program, False)
        return fired

    trace, fired = play(config, fill, effects=QUIET)
    t, v = trace.madc_time - int(trace.redeem(fired)[0]), trace.madc_value
    base = v[(t > -us(40)) & (t < 0)].mean()
    height = v[(t > 0) & (t < us(25))].max() - base
    assert by_event > 20
    assert height == pytest.approx(by_event, abs=1.5)
    peak = t[t > 0][np.argmax(v[t > 0])]
    assert us(3) < peak < us(20)


@pytest.mark.parametrize(("voltages", "grows"), [(0, False), (1, True)])
def test_short_term_plasticity_changes_a_train(voltages, grows):
    """Depression charges from the recovered voltage up (a shorter pulse), facilitation down."""
    config = driven(weights=(40,))
    charge, recover = (100, 400) if grows else (400, 100)
    cells = STP_CELLS | {f"stp_v_charge_{voltages}": charge, f"stp_v_recover_{voltages}": recover}
    for name, code in cells.items():
        config.quadrants[name][...] = code
    plain = psp_heights(config.copy(), [50 + 80 * k for k in range(5)])
    drivers = config.synapse_drivers
    drivers.enable_stp[0, 0], drivers.select_target_voltages[0, 0] = 1, voltages
    drivers.utilization[0, 0], drivers.enable_recovery[0, 0], drivers.recovery[0, 0] = 6, 1, 15
    config.stp.enable_recovery_clock, config.stp.recovery_clock_speed = 1, 9
    heights = psp_heights(config, [50 + 80 * k for k in range(5)])
    assert np.ptp(plain) < 1.5
    steps = np.diff(heights)
    assert abs(heights[-1] - heights[0]) > 0.2 * plain[0]
    assert np.all(steps > -0.6) if grows else np.all(steps < 0.6)


# --- firing by register ---------------------------------------------------------------------------


def fired(config, neurons, after_us=100, quads=False, **options):
    def fill(program):
        recording(program, True)
        program.wait(us(100))
        at = program.loopback()
        if quads:
            program.write(CONTAINERS["NeuronResetQuad"].all_addresses().reshape(-1), 0)
        else:
            reset_neurons(program, neurons)
        program.wait(us(after_us))
        recording(program, False)
        return at

    trace, at = play(config, fill, **options)
    return trace, int(trace.redeem(at)[0])


@pytest.mark.parametrize("threshold", [1, 0])
def test_a_register_makes_a_silent_neuron_fire_once(threshold):
    config = close_crossbar_of(chip(300, threshold_enable=threshold, **SILENT))
    trace, at = fired(config, [300])
    assert trace.spike_time.size == 1
    assert 0 <= trace.spike_time[0] - at < us(2)


def test_a_stuck_neuron_is_released_by_a_register():
    """Which neurons hang: 2.6 standard deviations of their draw, 1 % of them."""
    draw = np.abs(Mismatch(0).draw("backend.stuck", (512,)))
    stuck = int(np.flatnonzero(draw > 2.6)[0])
    trace, at = fired(
        close_crossbar_of(chip(stuck)), [stuck], effects=EXACT | {"stuck_reset": True}
    )
    assert not np.any(trace.spike_time < at)
    assert np.sum(trace.spike_time > at) >= 3


def test_most_of_what_registers_fire_in_two_microseconds_arrives():
    """Published: more than 250 of 512 (spec 4, loss anchors)."""
    config = close_crossbar_of(chip(np.arange(512), **SILENT))
    trace, at = fired(config, None, quads=True)
    assert 250 < trace.spike_time.size <= 512
    assert np.all(trace.spike_time - at < us(5))


def test_most_but_not_all_of_a_volley_arrive():
    """One event fires all 512 neurons at once; published: more than 250 arrive."""
    neurons = np.arange(512)
    config = chip(neurons, threshold_enable=0, event_routing_enable_bypass_excitatory=1)
    config = connect(add_inputs(config, neurons), 0, (63,))
    config.padi.dacen_pulse_extension = 15
    open_node(config, 4, 8)
    config.synapses.weight[:, 0], config.synapses.label[:, 0] = 63, 1
    config.synapse_drivers.enable_receiver[:, 0] = 1
    config.synapse_drivers.row_address_compare_mask[:, 0] = 0
    config.synapse_drivers.row_mode_bottom[:, 0] = 1
    words = experiment(config, 50.0, ([us(10)], [1]), madc=False)
    result = Result(Emulator(effects=EXACT).execute(words))
    assert 250 < result.spike_cycles.size < 512
    assert np.ptp(result.spike_cycles) < us(2)


@pytest.mark.parametrize("bypass", [1, 0])
def test_a_bypass_turns_an_event_into_a_spike(bypass):
    config = driven(
        weights=(63,), threshold_enable=0, event_routing_enable_bypass_excitatory=bypass
    )
    config.padi.dacen_pulse_extension = 15
    times = [us(20 + 10 * k) for k in range(20)]
    result = Result(
        Emulator(effects=EXACT).execute(experiment(config, 300, (times, [1] * 20), madc=False))
    )
    assert result.spike_cycles.size == 20 * bypass
    if bypass:
        assert np.all(np.abs(result.spike_cycles - times) < us(2))


@pytest.mark.parametrize(
    ("analog_output", "weight", "fires"), [(1, 6, 0), (2, 6, 1), (1, 40, 1), (2, 40, 1), (0, 40, 0)]
)
def test_a_weak_event_bypasses_only_a_neuron_that_fires_strongly(analog_output, weight, fires):
    """A weight unit takes 0.21 mV from the line; 2 mV are needed, strongly a quarter of that."""
    config = driven(
        weights=(weight,),
        threshold_enable=0,
        event_routing_analog_output=analog_output,
        event_routing_enable_bypass_excitatory=1,
    )
    times = [us(20 + 10 * k) for k in range(20)]
    words = experiment(config, 300, (times, [1] * 20), madc=False)
    result = Result(Emulator(effects=EXACT).execute(words))
    assert result.spike_cycles.size == 20 * fires


def test_crossbar_counters_count_recorded_spikes():
    config = close_crossbar_of(chip([0, 40, 72, 100, 300]))
    config.crossbar_outputs.enable_event_counter = 1
    counters = CONTAINERS["CrossbarOutputEventCounter"].addresses(np.arange(8, 12))[:, 0]

    def fill(program):
        recording(program, True)
        before = program.read(counters)
        begin = program.loopback()
        program.wait(us(1000))
        after, end = program.read(counters), program.loopback()
        program.wait(us(10))
        recording(program, False)
        return before, begin, after, end

    trace, (before, begin, after, end) = play(config, fill)
    inside = (trace.spike_time >= trace.redeem(begin)[0]) & (
        trace.spike_time < trace.redeem(end)[0]
    )
    link = trace.spike_label[inside] >> 14
    counted = trace.redeem(after).astype(int) - trace.redeem(before).astype(int)
    assert np.all(np.abs(counted - np.bincount(link, minlength=4)) <= 2)
    assert counted.min() > 30


def counted_later(first, second):
    """(count of neuron 7, remarks on counters) after two programs on one emulator."""
    reset = int(memory_map.spike_counter_address(7, reset=True))
    read = int(memory_map.spike_counter_address(7))
    emulator, asked = Emulator(effects=EXACT), None
    for k, resets in enumerate((first, second)):
        program = Program()
        if k == 0:
            start_up(program)
            write_chip(program, close_crossbar_of(chip(7)))
        if resets:
            program.write(reset, 0)
        program.wait(us(300))
        if k == 1:
            asked = program.read([read])
        program.wait(us(5))
        program.halt()
        trace = decode(emulator.execute(program.words()))
    remarks = [entry for entry in emulator.log if entry.place == "spike counters"]
    return int(trace.redeem(asked)[0]), remarks


def test_a_counter_that_ran_unseen_through_a_program_says_so():
    whole, remarks = counted_later(first=True, second=False)
    assert not remarks
    late, remarks = counted_later(first=False, second=False)
    assert len(remarks) == 1 and "reset" in remarks[0].text
    fresh, remarks = counted_later(first=False, second=True)
    assert not remarks
    assert abs(late - fresh) <= 1
    assert whole > late + 8 > 16
