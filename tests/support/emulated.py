"""Chips and programs for tests that talk to the emulator in words, without PyNN."""

import numpy as np

from emulator import Emulator
from emulator.analog import AnalogCore
from emulator.analog_state import MEMBRANE, Watch
from emulator.crossbar import Inputs
from emulator.effects import Effects
from emulator.latencies import Latencies
from emulator.memory import Memory
from emulator.mismatch import Mismatch
from firmware_protocol import ChipConfig, Program, decode, memory_map
from firmware_protocol.coordinates import crossbar_node
from firmware_protocol.registers.readout import MADC_CONTROL

LEAK_OVER_THRESHOLD = {
    "leak_v_leak": 1000,
    "leak_i_bias": 150,
    "threshold_enable": 1,
    "threshold_v_threshold": 500,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
    "reset_enable_multiplication": 1,
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 255,
    "event_routing_analog_output": 1,
    "event_routing_enable_digital": 1,
}
SYNAPTIC_INPUT = {
    "enable": 1,
    "i_bias_tau": 26,
    "i_bias_gm": 500,
    "i_shift_reference": 310,
    "enable_small_capacitance": 0,
}
LINES = ("neuron_top_even", "neuron_top_odd", "neuron_bottom_even", "neuron_bottom_odd")
CYCLES_PER_US = 125


def chip(neurons=0, **settings):
    """A chip whose `neurons` have leak-over-threshold settings, but for `settings`."""
    config = ChipConfig()
    config.common_backend.enable_event_registers = 1
    for name, value in (LEAK_OVER_THRESHOLD | settings).items():
        config.neurons[name][neurons] = value
    return config


def read_out(config, neuron, source=0):
    """Put a neuron on the line that the MADC samples."""
    config.neurons.readout_enable_amplifier[neuron] = 1
    config.neurons.readout_enable_buffered_access[neuron] = 1
    config.neurons.readout_source[neuron] = source
    config.readout_source[LINES[2 * (neuron // 256) + neuron % 2]][0] = 1
    return config


def add_inputs(config, neurons=0):
    """Switch both synaptic inputs on, with nominal codes, and all columns to their neurons."""
    for side in ("excitatory", "inhibitory"):
        for name, value in SYNAPTIC_INPUT.items():
            config.neurons[f"{side}_input_{name}"][neurons] = value
    config.quadrants.syn_i_bias_dac = 600
    config.column_current.enable_synaptic_current_excitatory = 1
    config.column_current.enable_synaptic_current_inhibitory = 1
    config.padi.enable_spl1 = 1
    return config


def connect(config, neuron, weights, *, mode=1):
    """Synapses of these weights from the FPGA's labels 1, 2, ... to a neuron, by bus 0 of its half.

    mode  of all rows: 1 excitatory, 2 inhibitory
    """
    half, column = divmod(neuron, 256)
    close_crossbar(config)
    open_node(config, 4 * half, 8)
    for k, weight in enumerate(weights):
        driver, row = 4 * (k // 2), 8 * (k // 2) + k % 2
        config.synapse_drivers.enable_receiver[half, driver] = 1
        config.synapse_drivers.row_address_compare_mask[half, driver] = 0
        config.synapse_drivers[("row_mode_bottom", "row_mode_top")[k % 2]][half, driver] = mode
        config.synapses.weight[half, row, column] = weight
        config.synapses.label[half, row, column] = k + 1
    return config


def close_crossbar(config, *, keep_spikes=True):
    """Let nothing through, but neurons' spikes to the FPGA."""
    config.crossbar_nodes.mask = 0
    config.crossbar_nodes.target = 1
    for output in range(8 if keep_spikes else 0):
        open_node(config, 8 + output % 4, output)


def open_node(config, output, input_):
    """Pass everything from a crossbar input to an output."""
    config.crossbar_nodes.target[crossbar_node(output, input_)] = 0
    config.crossbar_nodes.mask[crossbar_node(output, input_)] = 0


def control(**bits):
    """Word of the MADC's control register."""
    values = dict.fromkeys(MADC_CONTROL.by_name, 0) | bits
    return MADC_CONTROL.encode({name: np.array(value) for name, value in values.items()})


def write_chip(program, config):
    """Write all registers and wait until they have settled (20 ms)."""
    program.write(memory_map.ADDRESSES, config.image())
    program.wait(2_500_000)


def start_up(program):
    """Reset the chip and start time."""
    program.reset(True)
    program.wait(10)
    program.reset(False)
    program.wait(100)
    program.systime_init()


def experiment(config, runtime_us, events=None, *, madc=True, fresh=True):
    """Words of a whole run, as the host compiles it; time 0 is the first tick.

    events  (cycles, labels) of FPGA spikes
    """
    program = Program()
    if fresh:
        start_up(program)
    if config is not None:
        write_chip(program, config)
    if madc:
        program.write(memory_map.MADC_CONTROL, control(wake_up=1, pre_amp=1, continuous=1))
        program.wait(125_000)
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    if madc:
        program.write(memory_map.MADC_CONTROL, control(start=1, pre_amp=1, continuous=1))
        program.wait(1250)
    program.setup_timer()
    program.loopback()
    if events is not None:
        program.events(1 + np.asarray(events[0]), events[1])
    program.wait_until(1 + round(runtime_us * CYCLES_PER_US))
    program.loopback()
    program.wait(125)
    program.write(memory_map.MADC_CONTROL, control(stop=1, continuous=1))
    program.write(memory_map.EVENT_RECORDING_CONFIG, 0)
    program.halt()
    return program.words()


class Result:
    """Decoded response; times in us after the first tick, only those of the experiment."""

    def __init__(self, words):
        self.trace = decode(words)
        begin, end = self.trace.ticks[:2]
        inside = (self.trace.spike_time >= begin) & (self.trace.spike_time < end)
        self.spike_cycles = self.trace.spike_time[inside] - begin
        self.labels = self.trace.spike_label[inside]
        sampled = (self.trace.madc_time >= begin) & (self.trace.madc_time < end)
        self.t = (self.trace.madc_time[sampled] - begin) / CYCLES_PER_US
        self.v = self.trace.madc_value[sampled].astype(float)


def run(config, runtime_us, events=None, *, chip_seed=0, run_seed=0, **options):
    """Run one experiment on a fresh emulator."""
    emulator = Emulator(chip_seed=chip_seed, run_seed=run_seed)
    return Result(emulator.execute(experiment(config, runtime_us, events, **options)))


EXACT = {
    name: False
    for name in ("mismatch", "defects", "capmem_crosstalk", "capmem_settling", "stuck_reset")
}
"""Effects that would make circuits differ from what their codes say."""


class Silent:
    """A log that keeps what it is told."""

    def __init__(self):
        self.entries = []

    def note(self, cycle, place, text):
        self.entries.append((cycle, place, text))


def core_of(config, inputs=None, *, chip_seed=0, run_seed=0, step_cycles=4, threads=1, **effects):
    """An analog core with a configuration that has been there since power-on, and its memory."""
    core = AnalogCore(
        Mismatch(chip_seed),
        Effects.of(overrides=effects),
        run_seed=run_seed,
        step_cycles=step_cycles,
        latencies=Latencies(),
        threads=threads,
        log=Silent(),
    )
    memory = Memory(config.image())
    core.levels(memory, 0)
    if inputs is not None:
        core.feed(inputs)
    return core, memory


def ideal_core(config, inputs=None, **options):
    """The same of a chip on which every circuit is exactly nominal."""
    return core_of(config, inputs, **(EXACT | options))


def watch(neurons=(), quantity=None, *, everyone=False, sampled=()):
    """Somebody who reads these neurons' membranes, or `quantity` of each."""
    neurons = np.asarray(neurons, np.int64)
    quantity = np.full(neurons.size, MEMBRANE) if quantity is None else np.asarray(quantity)
    mask = np.zeros(512, bool)
    mask[np.asarray(sampled, np.int64)] = True
    return Watch(neurons, quantity.astype(np.int64), everyone, mask)


def on_bus(cycles, labels):
    """FPGA events by the cycle in which they are due on their buses."""
    labels = np.asarray(labels, np.int64)
    return Inputs(np.asarray(cycles, np.int64), 8 + (labels >> 14), labels & 0x3FFF)


def trace_of(pieces, pair=0):
    """A pair's voltage at all step boundaries of consecutive pieces [V]."""
    return np.concatenate([pieces[0].trace[pair, :1], *(piece.trace[pair, 1:] for piece in pieces)])
