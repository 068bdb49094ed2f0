"""The correlation sensors of all synapses: they see pulses at once and are computed when read.

Presynaptic and postsynaptic pulses are logged; the log is replayed when somebody reads a sensor,
before a register changes what the pulses mean, or when it gets long.  How it is cut changes no
result.  Knows nothing of the CADC: it gives the voltages that the converter sees.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.catalogue import CONTAINERS

from . import biases
from .device import Bools, Context, Ints, among
from .kernels import correlation as kernel
from .memory import Memory
from .mismatch import Mismatch
from .numbers.correlation import NUMBERS, SIGMAS
from .parameters import TICKS_PER_CYCLE
from .physics import correlation as physics

if TYPE_CHECKING:
    from .effects import Effects

Array = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]

SETTING_BLOCKS = ("synapses", "synapse_drivers", "capmem_shared", "capmem_config", "synapse_bias")
"""Before words of these blocks change (or a board DAC does), call :meth:`Correlation.flush`."""

MAX_PENDING = 1 << 17
"""A log of this length is replayed without waiting for a reader."""
SUPPLY_TICKS = 250_000
"""Supplies are looked up once per this (1 ms), so that a settling CapMem is followed."""
RESET_EXTRA_TICKS = 3
"""A reset takes so many PPU clock cycles (4 ns, as the chip tick) more than reset_duration says."""

_SHAPE = (2, kernel.N_HALVES, kernel.N_LINES, kernel.N_LINES)
_RESETS_PER_HALF = kernel.N_LINES * kernel.N_QUADS
_RESET_BASE = CONTAINERS["CorrelationReset"].all_addresses()[:, 0, 0, 0].astype(np.int64)
"""The quads of NeuronResetQuad follow as those of a row 256."""
_POST_PULSE = CONTAINERS["BlockPostPulse"].all_addresses()[:, 0].astype(np.int64)
_LABELS_FROM = ("synapses", "synapse_drivers")
_N = np.arange(512)
_KINDS = 4
_DEFECT = NUMBERS["correlation_defect_sigmas"].value


class Supply(NamedTuple):
    """What the sensors get from outside at some moment.

    ramp, store, output  (4,) float64: syn_i_bias_ramp, _store, _corout of the quadrants, in
                         effective codes [LSB]
    v_reset, v_res_meas  board DACs [V]
    """

    ramp: Array
    store: Array
    output: Array
    v_reset: float
    v_res_meas: float


def _pulses(
    kind: int, tick: Ints, place: Ints, detail: Ints | int = 0, retain: Array | float = 0.0
) -> kernel.Pulses:
    n = tick.size
    return kernel.Pulses(
        np.full(n, kind),
        tick.astype(np.int64),
        place.astype(np.int64),
        np.full(n, detail, dtype=np.int64),
        np.full(n, retain),
    )


def _picked(pulses: kernel.Pulses, which: Ints | slice) -> kernel.Pulses:
    kind, tick, place, detail, retain = pulses
    return kernel.Pulses(kind[which], tick[which], place[which], detail[which], retain[which])


class Correlation:
    """The 2 x 256 x 256 sensors of one chip; their registers are `CorrelationRegisters`.

    supplies  gives the sensors' :class:`Supply` at a cycle, for the registers as they are

    Some 10 MB: constants of all sensors are made when the first of them is reset, for until then
    their capacitors are empty (0 V) and nothing can be taken off them.
    """

    def __init__(
        self,
        memory: Memory,
        mismatch: Mismatch,
        effects: Effects,
        supplies: Callable[[int], Supply],
    ) -> None:
        self._memory, self._mismatch, self._effects = memory, mismatch, effects
        self._supplies = supplies
        self._factors: tuple[F32, F32] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the state after power-on: nothing seen, capacitors empty."""
        self._pending: list[kernel.Pulses] = []
        self._resets: list[tuple[int, int, int, float]] = []
        self._n_pending = 0
        self._changed_tick = 0
        self._labels: kernel.Labels | None = None
        self._labels_version: tuple[int, ...] = ()
        self._memories: kernel.Memories | None = None
        self._sensors: kernel.Sensors | None = None
        self._tuning: kernel.Tuning | None = None
        self._tuned_for: tuple[object, ...] = ()
        self._in_use = False

    # --- pulses -----------------------------------------------------------------------------------

    def add(
        self,
        pre_tick: Ints,
        pre_driver: Ints,
        pre_address: Ints,
        post_tick: Ints,
        post_neuron: Ints,
        *,
        until: int,
    ) -> None:
        """Log the pulses of a stretch of time, (pulse,) int64 each.

        pre_driver   128 * half + driver that sent a pulse into its two rows
        pre_address  6-bit address that it forwarded
        post_neuron  AtomicNeuron that fired; none where registers overwrite the circuit's pulses
        until        chip tick before which now every pulse is known; later calls bring later ones
        """
        if pre_tick.size:
            self._log(_pulses(kernel.PRE, pre_tick, pre_driver, pre_address))
        if post_tick.size:
            passed = self._forwards()[post_neuron]
            self._log(_pulses(kernel.POST, post_tick[passed], post_neuron[passed]))
        if self._n_pending > MAX_PENDING:
            self._replay_until(until)

    def _forwards(self) -> Bools:
        """Which neurons' spikes reach their synapses (512,)."""
        return np.asarray(self._memory.block("neuron_backend")["enable_post_overwrite"] == 0)

    def _log(self, pulses: kernel.Pulses) -> None:
        if pulses.tick.size:
            self._pending.append(pulses)
            self._n_pending += pulses.tick.size

    def flush(self, cycle: int) -> None:
        """Let the sensors see all pulses before `cycle`, where a setting is about to change.

        To be called before words of `SETTING_BLOCKS` or voltages of the board's DACs change.
        """
        tick = cycle * TICKS_PER_CYCLE
        self._replay_until(tick)
        self._changed_tick = max(self._changed_tick, tick)

    # --- what can be read -------------------------------------------------------------------------

    def read(self, half: int, row: int, cycle: int) -> Array:
        """Voltages (2, 256) [V] of a row's sensors at the CADC's inputs, causal ones first.

        All 0 V if the half resets its sensors in auto-calibrating mode, which keeps the CADC from
        reading them, and in quadrants whose output bias is off.
        """
        self._replay_until(cycle * TICKS_PER_CYCLE)
        out = np.zeros((2, kernel.N_LINES))
        if self._memory.block("correlation")["reset_mode"][half]:
            return out
        supply = self._supply(cycle)
        voltage = self._sensors.voltage if self._sensors else np.zeros(_SHAPE, np.float32)
        kernel.read_row(voltage, half, row, supply.store, self._follower_offset(), out)
        if self._effects.dead_biases:
            dead = np.repeat(supply.output[2 * half : 2 * half + 2] <= 0, kernel.N_LINES // 2)
            out[:, dead] = 0.0
        return out

    def disturbance(self, half: int, row: int, cycle: int) -> Array:
        """What a row's capacitors add (2, 256) [V] to neurons read through its columns' CADC."""
        out = np.zeros((2, kernel.N_LINES))
        if self._effects.correlation_disturbs_cadc:
            self._replay_until(cycle * TICKS_PER_CYCLE)
            if self._sensors is not None:
                kernel.disturb_row(self._sensors.voltage, half, row, out)
        return out

    # --- what registers do ------------------------------------------------------------------------

    def reset_quad(self, half: int, row: int, quad: int, cycle: int) -> None:
        """Charge the capacitors of four synapses to v_reset; they take nothing until that is over.

        What their ramps last saw stays.
        """
        timing = self._memory.block("correlation")
        duration = int(timing["reset_duration"][half]) + RESET_EXTRA_TICKS
        tick = cycle * TICKS_PER_CYCLE
        end = tick + duration + int(timing["reset_fall_time"][half])
        place = (half * kernel.N_LINES + row) * kernel.N_QUADS + quad
        self._resets.append((tick, place, end, float(physics.retention(float(duration)))))
        self._in_use = True

    def post_pulse(self, block: int, cycle: int) -> None:
        """A global postsynaptic pulse to the columns of a backend block that take such."""
        overwritten = self._memory.block("neuron_backend")["enable_post_overwrite"] != 0
        neurons = _N[overwritten & (_N % kernel.N_LINES // 128 == block)]
        ticks = np.full(neurons.size, cycle * TICKS_PER_CYCLE)
        self._log(_pulses(kernel.POST, ticks, neurons))

    # --- replay -----------------------------------------------------------------------------------

    def _replay_until(self, tick: int) -> None:
        """Let the sensors see every logged pulse before `tick`."""
        pulses = self._take(tick) if self._pending or self._resets else None
        if pulses is None or not pulses.tick.size:
            return
        memories, labels = self._remembering(), self._present_labels()
        if not self._in_use:
            kernel.remember(pulses, memories)
            return
        sensors = self._present_sensors()
        cell = pulses.tick // SUPPLY_TICKS
        bounds = [0, *(np.nonzero(np.diff(cell))[0] + 1).tolist(), cell.size]
        for first, last in itertools.pairwise(bounds):
            since = max(int(cell[first]) * SUPPLY_TICKS, self._changed_tick)
            tuning = self._tune(self._supply(since // TICKS_PER_CYCLE))
            part = _picked(pulses, slice(first, last))
            kernel.replay(part, labels, memories, sensors, tuning)

    def _take(self, tick: int) -> kernel.Pulses:
        """Remove the pulses before `tick` from the log, in the order in which they count."""
        if self._resets:
            when, place, end, retain = (np.array(c) for c in zip(*self._resets, strict=True))
            self._log(_pulses(kernel.RESET, when, place, end, retain))
            self._resets = []
        logged = kernel.Pulses(*(np.concatenate(c) for c in zip(*self._pending, strict=True)))
        order = np.argsort(logged.tick * _KINDS + logged.kind, kind="stable")
        due = int(np.count_nonzero(logged.tick < tick))
        rest = _picked(logged, order[due:])
        self._pending, self._n_pending = ([rest] if rest.tick.size else []), rest.tick.size
        return _picked(logged, order[:due])

    def _remembering(self) -> kernel.Memories:
        if self._memories is None:
            n = kernel.N_LINES
            self._memories = kernel.Memories(
                np.full((kernel.N_HALVES, n, n), kernel.NEVER),
                np.full((kernel.N_HALVES, kernel.N_DRIVERS, kernel.N_ADDRESSES), kernel.NEVER),
                np.full((kernel.N_HALVES, n), kernel.NEVER),
            )
        return self._memories

    def _present_labels(self) -> kernel.Labels:
        version = self._memory.version(_LABELS_FROM)
        if self._labels is None or version != self._labels_version:
            if self._labels is not None:
                kernel.settle(self._labels, self._remembering())
            by_row = self._memory.field("synapses", "label").astype(np.uint8)
            by_column = np.ascontiguousarray(by_row.transpose(0, 2, 1))
            drivers = self._memory.block("synapse_drivers")
            modes = np.stack([drivers["row_mode_bottom"], drivers["row_mode_top"]], axis=-1)
            driven = modes.reshape(kernel.N_HALVES, kernel.N_LINES) != 0
            self._labels, self._labels_version = kernel.Labels(by_row, by_column, driven), version
        return self._labels

    def _present_sensors(self) -> kernel.Sensors:
        if self._sensors is None:
            held = np.zeros((kernel.N_HALVES, kernel.N_LINES, kernel.N_QUADS), np.int64)
            self._sensors = kernel.Sensors(np.zeros(_SHAPE, np.float32), held)
        return self._sensors

    # --- constants --------------------------------------------------------------------------------

    def _supply(self, cycle: int) -> Supply:
        """The supply at a cycle, without the currents that SynapseBiasSelection takes from pads.

        Nothing is connected to these pads on the board.
        """
        supply, selection = self._supplies(cycle), self._memory.block("synapse_bias")
        currents = {
            name: getattr(supply, name) * selection[f"int_{name}_bias"]
            for name in ("ramp", "store", "output")
        }
        if self._effects.dead_biases:
            currents = {name: biases.enough(i) * i for name, i in currents.items()}
        return supply._replace(**currents)

    def _tune(self, supply: Supply) -> kernel.Tuning:
        wanted = (supply.ramp.tobytes(), supply.store.tobytes(), supply.v_res_meas,
                  supply.v_reset, self._labels_version)  # fmt: skip
        if self._tuning is None or wanted != self._tuned_for:
            if self._tuning is None:
                rate, packet = np.empty(_SHAPE, np.float32), np.empty(_SHAPE, np.float32)
            else:
                rate, packet = self._tuning.rate, self._tuning.packet
            time, amplitude = (
                self._memory.field("synapses", name) for name in ("time_calib", "amp_calib")
            )
            gain = physics.measure_gain(supply.v_res_meas)
            kernel.tune(supply.ramp, supply.store, gain, time, amplitude,
                        *self._mismatch_factors(), rate, packet)  # fmt: skip
            floor, per_headroom = self._range()
            self._tuning = kernel.Tuning(rate, packet, floor, per_headroom, supply.v_reset)
            self._tuned_for = wanted
        return self._tuning

    def _range(self) -> tuple[float, float]:
        """(floor [V], 1 / headroom [1/V]) of the capacitors; straight down to 0 V if ideal."""
        if self._effects.correlation_saturation:
            return physics.FLOOR_V, 1 / (physics.LINEAR_TO_V - physics.FLOOR_V)
        return 0.0, math.inf

    def _mismatch_factors(self) -> tuple[F32, F32]:
        """Factors on time constants and amplitudes, (branch, half, 256, 256) each."""
        if self._factors is None:
            tau, amplitude = np.ones(_SHAPE, np.float32), np.ones(_SHAPE, np.float32)
            if self._effects.mismatch:
                for number, (name, factor) in enumerate((("tau", tau), ("amplitude", amplitude))):
                    logarithm = self._logarithm(name, number)
                    kernel.exponentials(logarithm.reshape(-1), factor.reshape(-1))
            if self._effects.defects:
                amplitude[self._in_branches(self._draw("correlation.defect") > _DEFECT)] = 0.0
            self._factors = tau, amplitude
        return self._factors

    def _logarithm(self, name: str, number: int) -> Array:
        """Of a mismatch factor: synapse, half the asymmetry of its branches, place on the array."""
        place = (np.arange(kernel.N_LINES) + 0.5) / kernel.N_LINES - 0.5
        slope = self._mismatch.draw("correlation.gradient", (2, kernel.N_HALVES, 2))[number]
        slope = SIGMAS["correlation.gradient"].value * slope[:, :, None, None]
        own = self._draw(f"correlation.{name}") * SIGMAS[f"correlation.{name}"].value
        own = own + slope[:, 0] * place[:, None] + slope[:, 1] * place
        asymmetry = f"correlation.{name}_asymmetry"
        apart = self._draw(asymmetry) * (SIGMAS[asymmetry].value / 2)
        return np.stack([(own + apart).transpose(0, 2, 1), own - apart])

    def _draw(self, name: str) -> Array:
        return self._mismatch.draw(name, (kernel.N_HALVES, kernel.N_LINES, kernel.N_LINES))

    @staticmethod
    def _in_branches(synapses: Bools) -> Bools:
        """(half, row, column) in the arrangement of either branch."""
        return np.stack([synapses.transpose(0, 2, 1), synapses])

    def _follower_offset(self) -> Array:
        """Of each column's output followers (branch, half, 256) [V]."""
        shape = (2, kernel.N_HALVES, kernel.N_LINES)
        if not self._effects.mismatch:
            return np.zeros(shape)
        sigma = SIGMAS["correlation.follower"].value
        return sigma * self._mismatch.draw("correlation.follower", shape)


class CorrelationRegisters:
    """The registers that act on the sensors: a `Device`.

    CorrelationReset; NeuronResetQuad, for its side effect on row 0 (its neurons are somebody
    else's); BlockPostPulse.  None of them can be read back.
    """

    def __init__(self, sensors: Correlation) -> None:
        self._sensors = sensors

    def claims(self, address: Ints) -> Bools:
        """Which of these word addresses belong to the device, (n,) each."""
        claimed = among(address, _POST_PULSE)
        for base in _RESET_BASE:
            claimed |= (address >= base) & (address < base + _RESETS_PER_HALF + kernel.N_QUADS)
        return claimed

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Reset four synapses' sensors, or those of row 0 beside four neurons; or pulse columns."""
        if address in _POST_PULSE:
            self._sensors.post_pulse(int(np.flatnonzero(_POST_PULSE == address)[0]), cycle)
            return
        half = int(address >= _RESET_BASE[1])
        row, quad = divmod(address - int(_RESET_BASE[half]), kernel.N_QUADS)
        self._sensors.reset_quad(half, row % kernel.N_LINES, quad, cycle)

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """What the memory holds."""
        return None

    def reset(self) -> None:
        """The chip's reset line: sensors back to the state after power-on."""
        self._sensors.reset()
