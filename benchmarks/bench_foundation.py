"""How fast the foundation is: one neuron, a full chip, and a chip's worth of words.

    python benchmarks/bench_foundation.py [--json FILE]

(a) wall time from `Population` to neo of a 0.1 ms experiment with one recorded neuron, warm;
    and wall time of the emulator for each hardware ms of that neuron, ratios as in (b);
(b) wall time of the emulator for each hardware ms of 512 connected, spiking neurons, as a ratio
    to a plain float32 AdEx loop over the same number of neurons and steps in the same run
    (`yardstick.py`);
(c) encode and decode of a whole chip: configuration -> words -> configuration.

Every figure is a median of repeats; ratios pair neighbouring measurements, since the machine
drifts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import emulator.parameters
import pynn_hx as pynn
from emulator import Emulator
from firmware_protocol import ChipConfig, Program, memory_map
from firmware_protocol.instructions import BYTE_ENABLES, parse
from firmware_protocol.transports import InProcess

sys.path.insert(0, str(Path(__file__).parent))
import report
import yardstick

STEP_S = emulator.parameters.STEP_S
LEAK_OVER_THRESHOLD = {
    "leak_v_leak": 1000,
    "leak_i_bias": 150,
    "threshold_v_threshold": 500,
    "threshold_enable": True,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
    "reset_enable_multiplication": True,
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 255,
}


class Stopwatch:
    """A connection that adds up the time its emulator takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._emulator = Emulator(chip_seed=0, run_seed=0)
        self.connection = InProcess(self._execute, identifier="emulator:stopwatch")

    def _execute(self, words: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        answer = self._emulator.execute(words)
        self.seconds += time.perf_counter() - start
        return answer


def median_ms(measure: Callable[[], float], repeats: int) -> float:
    """Median of `repeats` measurements [s], in ms."""
    return 1e3 * statistics.median(measure() for _ in range(repeats))


def introduction(runtime_ms: float) -> int:
    """Run the introduction's experiment: one neuron, five sources, spikes and membrane recorded."""
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    neuron = pynn.Population(1, pynn.cells.HXNeuron(leak_v_leak=400, threshold_v_threshold=400))
    neuron.record(["spikes", "v"])
    times = [0.01, 0.03, 0.05, 0.07, 0.09]
    source = pynn.Population(5, pynn.cells.SpikeSourceArray(spike_times=times))
    pynn.Projection(
        source,
        neuron,
        pynn.AllToAllConnector(),
        synapse_type=pynn.synapses.StaticSynapse(weight=63),
        receptor_type="excitatory",
    )
    pynn.run(runtime_ms)
    signal = neuron.get_data("v").segments[0].irregularlysampledsignals[0]
    pynn.end()
    return len(signal)


def population_to_neo() -> float:
    """Seconds of the whole 0.1 ms experiment."""
    start = time.perf_counter()
    introduction(0.1)
    return time.perf_counter() - start


def emulator_seconds(build: Callable[[], None], runtime_ms: float) -> float:
    """Seconds the emulator takes for a second, warm run of `runtime_ms`."""
    watch = Stopwatch()
    pynn.setup(connection=watch.connection, initial_config=pynn.helper.chip_from_nightly())
    build()
    pynn.run(runtime_ms)
    pynn.reset()
    watch.seconds = 0.0
    pynn.run(runtime_ms)
    pynn.end()
    return watch.seconds


def per_hardware_ms(build: Callable[[], None], long_ms: float, short_ms: float) -> float:
    """Seconds for each further hardware ms: fixed costs cancel in the difference."""
    difference = emulator_seconds(build, long_ms) - emulator_seconds(build, short_ms)
    return difference / (long_ms - short_ms)


def one_neuron() -> None:
    """One recorded neuron that fires by itself."""
    pynn.Population(1, pynn.cells.HXNeuron(**LEAK_OVER_THRESHOLD)).record(["spikes", "v"])


def full_chip() -> None:
    """512 firing neurons; 128 of them excite all, each excites itself as well."""
    population = pynn.Population(512, pynn.cells.HXNeuron(**LEAK_OVER_THRESHOLD))
    population.record("spikes")
    weak = pynn.synapses.StaticSynapse(weight=1)
    pynn.Projection(population[:128], population, pynn.AllToAllConnector(), synapse_type=weak)
    pynn.Projection(population, population, pynn.OneToOneConnector(), synapse_type=weak)


def whole_chip_words() -> float:
    """Seconds from a random configuration to words and back."""
    rng = np.random.default_rng(0)
    chip = ChipConfig()
    chip.synapses.weight = rng.integers(0, 64, (2, 256, 256))
    chip.synapses.label = rng.integers(0, 64, (2, 256, 256))
    start = time.perf_counter()
    program = Program()
    program.write(memory_map.ADDRESSES, chip.image())
    messages = parse(program.words())
    addresses = (messages.payload[0::2] & np.uint64(BYTE_ENABLES - 1)).astype(np.uint32)
    image = np.empty(memory_map.ADDRESSES.size, np.uint32)
    image[memory_map.locate(addresses)] = messages.payload[1::2].astype(np.uint32)
    decoded = ChipConfig.from_image(image)
    elapsed = time.perf_counter() - start
    if decoded != chip:
        raise RuntimeError("the configuration did not survive; its time would mean nothing")
    return elapsed


def yardsticks() -> dict[str, Callable[[int, int, float], float]]:
    """The plain AdEx loops to compare with: Numba, and C where there is a compiler."""
    loops: dict[str, Callable[[int, int, float], float]] = {"Numba": yardstick.numba_seconds}
    for name, flags in (
        ("C -O3", ("-O3",)),
        ("C -O3 -march=native -ffast-math", ("-O3", "-march=native", "-ffast-math")),
    ):
        loop = yardstick.compiled_c(*flags)
        if loop is not None:
            loops[name] = loop
    return loops


def compare(
    what: str,
    build: Callable[[], None],
    n_neurons: int,
    spans_ms: tuple[float, float],
    repeats: int,
) -> dict[str, float]:
    """Emulator time per hardware ms, and its ratio to each plain loop over as many neurons."""
    loops, steps = yardsticks(), round(1e-3 / STEP_S)
    ours: list[float] = []
    plain: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(repeats):
        ours.append(per_hardware_ms(build, *spans_ms))
        for name, loop in loops.items():
            plain[name].append(loop(n_neurons, steps, STEP_S))
    figures = {f"{what}, wall ms / hardware ms": 1e3 * statistics.median(ours)}
    for name, seconds in plain.items():
        figures[f"{what}: AdEx in {name}, same unit"] = 1e3 * statistics.median(seconds)
        ratio = statistics.median(a / b for a, b in zip(ours, seconds, strict=True))
        figures[f"{what}: ratio to AdEx in {name}"] = ratio
    return figures


def measure(repeats: int) -> dict[str, float]:
    """All figures; times in ms, ratios without unit."""
    introduction(0.1)  # compile
    return {
        "a: Population to neo, 0.1 ms [ms]": median_ms(population_to_neo, 5 * repeats),
        **compare("a: one neuron and MADC", one_neuron, 1, (5.0, 1.0), repeats),
        **compare("b: 512 neurons", full_chip, 512, (2.0, 0.5), repeats),
        "c: whole chip to words and back [ms]": median_ms(whole_chip_words, 5 * repeats),
    }


if __name__ == "__main__":
    report.run(__doc__, measure, repeats=5)
