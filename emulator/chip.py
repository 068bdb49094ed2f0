"""The emulated chip and its FPGA: words in, words out."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.growing import GrowingArray
from firmware_protocol.instructions import Words

from . import compilation
from .analog import AnalogCore
from .analog_readout import Madc
from .background import BackgroundSources
from .board import Board
from .cadc import Cadc
from .correlation import Correlation, CorrelationRegisters, Supply
from .counters import SpikeCounters
from .crossbar import CrossbarCounters
from .device import Context, Device
from .effects import Effects
from .errors import EmulatorError
from .latencies import Latencies
from .links import Downlinks, Uplinks
from .log import Log
from .memory import Memory
from .mismatch import Mismatch
from .padi import PadiRegisters
from .parameters import STEP_CYCLES
from .player.analog_side import AnalogSide, Parts
from .player.bus import Bus
from .player.devices import EventRecording, NeuronResets, PlasticityProcessors, ResetLine, Timer
from .player.words import as_words
from .readout_network import Network
from .sequencer import Player, State

_SEED_LIMIT = 1 << 64
_DNA_MARK = 0x155
MOST_THREADS = 64


def _device_dna(chip_seed: int) -> tuple[int, int]:
    """Serial number (high, low) of the emulated FPGA: tells chip seeds apart from real FPGAs.

    Nine bits say "emulator", 48 bits are the seed; the seed's upper 16 bits are folded in.
    """
    serial = _DNA_MARK << 48 | (chip_seed ^ chip_seed >> 48) & (1 << 48) - 1
    return serial >> 32, serial & 0xFFFFFFFF


class Emulator:
    """One chip with its FPGA.

    The same chip seed, run seed and words since construction give the same response bytes on any
    machine and any number of threads.

    chip_seed    which chip: fixes all mismatch
    run_seed     fixes all temporal noise
    ideal        without any non-ideality: the textbook AdEx neuron behind the chip's registers
    effects      non-idealities to switch on or off by name; see :data:`emulator.effects.EFFECTS`;
                 or all of them as :class:`~emulator.effects.Effects`
    latencies    how long events and reads travel
    threads      how many threads integrate neurons, worth it from some hundred of them on
    step_cycles  integration step in FPGA cycles of 8 ns, a power of two; only for studies of the
                 error
    Raises       EmulatorError naming what is out of range or unknown
    """

    def __init__(
        self,
        *,
        chip_seed: int = 0,
        run_seed: int = 0,
        ideal: bool = False,
        effects: Effects | Mapping[str, bool] | None = None,
        latencies: Latencies | None = None,
        threads: int = 1,
        step_cycles: int = STEP_CYCLES,
    ) -> None:
        _check(chip_seed, run_seed, threads, step_cycles)
        if not isinstance(effects, Effects):
            effects = Effects.of(ideal=ideal, overrides=effects)
        self.effects = effects
        compilation.begin()
        latencies = Latencies() if latencies is None else latencies
        state, self._log = State(), Log()
        core = AnalogCore(
            Mismatch(chip_seed),
            self.effects,
            run_seed=run_seed,
            step_cycles=step_cycles,
            latencies=latencies,
            threads=threads,
            log=self._log,
        )
        board, timer = Board(), Timer()
        parts = _parts(core, state.memory, board, Mismatch(chip_seed), self.effects, run_seed)
        analog = AnalogSide(core, state.memory, parts, latencies=latencies)
        cadc = Cadc(
            Mismatch(chip_seed), parts.network, run_seed=run_seed, sensors=parts.correlation
        )
        devices: tuple[Device, ...] = (
            parts.recording,
            timer,
            parts.madc,
            cadc,
            parts.counters,
            parts.crossbar,
            parts.background,
            parts.padi,
            CorrelationRegisters(parts.correlation),
            NeuronResets(analog.fire),
            PlasticityProcessors(),
            board,
            ResetLine(analog.reset),
        )
        bus = Bus(devices, Context(state.memory, analog.voltages, self._log))
        self._player = Player(state, bus, analog, self._log, latencies)
        timer.now = self._player.timer
        self._playing: Generator[Words, None, None] | None = None
        dna = CONTAINERS["FPGADeviceDNA"].addresses().tolist()
        state.memory.others.update(zip(dna, _device_dna(chip_seed), strict=True))

    @property
    def log(self) -> Log:
        """What programs asked for that the chip ignores, cuts short or times out on."""
        return self._log

    def execute(self, words: npt.ArrayLike) -> Words:
        """Play a program of 64-bit words to its halt and return the response words.

        Registers, membranes and time persist from one call to the next.  No program is refused:
        what means nothing is ignored, as the FPGA would, and noted in `log`; without a halt the
        response lacks one.  Raises EmulatorError for what is no list of 64-bit words.
        """
        response = GrowingArray(np.uint64)
        for chunk in self.stream(words):
            response.extend(chunk)
        return response.take()

    def stream(self, words: npt.ArrayLike) -> Iterator[Words]:
        """Play a program as `execute`, and yield its response in chunks while time passes.

        The program is played as far as the iterator is followed; another program ends it there.
        """
        checked = as_words(words)
        if self._playing is not None:
            self._playing.close()
        self._playing = playing = self._player.play(checked)
        return playing


def _check(chip_seed: int, run_seed: int, threads: int, step_cycles: int) -> None:
    for name, seed in (("chip_seed", chip_seed), ("run_seed", run_seed)):
        if not 0 <= seed < _SEED_LIMIT:
            raise EmulatorError(f"{name} = {seed} is outside 0..2**64-1; choose another seed")
    if not 1 <= threads <= MOST_THREADS:
        raise EmulatorError(f"threads = {threads} is outside 1..{MOST_THREADS}; choose one or two")
    if step_cycles not in (1, 2, 4, 8, 16):
        raise EmulatorError(f"step_cycles = {step_cycles}; choose 1, 2, 4, 8 or 16")


def _parts(
    core: AnalogCore,
    memory: Memory,
    board: Board,
    mismatch: Mismatch,
    effects: Effects,
    run_seed: int,
) -> Parts:
    """What sees the circuits: converters, counters, sensors, links."""

    def supplies(cycle: int) -> Supply:
        cells = core.levels(memory, cycle).quadrants
        return Supply(
            cells["syn_i_bias_ramp"],
            cells["syn_i_bias_store"],
            cells["syn_i_bias_corout"],
            board.v_reset,
            board.v_res_meas,
        )

    network = Network(
        memory,
        effects,
        board,
        lambda cycle: core.levels(memory, cycle),
        lambda cycle: core.driver_voltages(memory, cycle),
    )
    return Parts(
        recording=EventRecording(),
        madc=Madc(mismatch, network, run_seed=run_seed),
        network=network,
        counters=SpikeCounters(),
        crossbar=CrossbarCounters(),
        background=BackgroundSources(),
        padi=PadiRegisters(),
        correlation=Correlation(memory, mismatch, effects, supplies),
        uplinks=Uplinks(effects),
        downlinks=Downlinks(effects),
    )
