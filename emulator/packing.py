"""From circuit parameters (SI, per neuron) to the neuron kernel's arrays (per lane and step)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from . import parameters as p
from .circuits import Circuits, Ota
from .effects import Effects
from .kernels import lanes as ln
from .kernels.idle import fill_decay, line_weights
from .physics.coefficients import COEFFICIENTS
from .physics.logarithm import log2
from .physics.ota import CUBIC

F32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]

_LOG2_E = 1.4426950408889634
_STIFFEST = 0.3
"""Of a gentle lane: how much of a deviation its currents may take back per step.  The method bears
0.49 (`physics.membrane.extrapolate`)."""
_FASTEST_LINE = 1 / 90
"""Of a gentle lane: 1 / tau of a line per step.  Its current is drawn as its mean over an interval
of 8; the trace errs by (8/90)^2/8 of what it changes in a tau, 0.1 LSB where that is 100."""
_FASTEST_UNUSED_LINE = 0.5
"""The same of a line that drives nothing, which can only be looked at."""
_FASTEST_GROWTH = 1.5
"""Of a gentle lane: largest growth rate by the exponential term per step; 3 ns late at 1.2."""
_CLAMP = 3.0
"""Conductance of an ideal reset in capacitances per step: 92 % of the way in one of them."""


@dataclass(frozen=True)
class Places:
    """Which neuron has which lane.

    neuron  (lane,) AtomicNeuron, -1 for padding; kind (block,); lane (512,) of each neuron, -1
    """

    neuron: Ints
    kind: Ints
    lane: Ints

    @cached_property
    def used(self) -> Ints:
        """Lanes that stand for a neuron."""
        return np.nonzero(self.neuron >= 0)[0]

    def spread(self, values: npt.NDArray[Any], padding: float) -> npt.NDArray[Any]:
        """Values by lane of values by neuron (512,)."""
        out = np.full(self.neuron.size, padding, dtype=values.dtype)
        out[self.used] = values[self.neuron[self.used]]
        return out


def place(active: Ints, kind: Ints) -> Places:
    """Lanes for active neurons by their `kind`, of all.

    Lanes of different methods share no block, so a trace does not depend on the neighbours'.
    """
    gentle = active[kind[active] <= ln.ADAPTIVE]
    parts = [gentle[np.argsort(kind[gentle], kind="stable")]]
    parts += [active[kind[active] == method] for method in (ln.FULL, ln.CLUSTER)]
    if not active.size:
        parts[0] = np.array([-1])
    padded = [np.concatenate([part, np.full(-part.size % ln.LANES, -1)]) for part in parts]
    neuron = np.concatenate(padded).astype(np.int64)
    lane = np.full(512, -1)
    lane[neuron[neuron >= 0]] = np.nonzero(neuron >= 0)[0]
    # A block has the highest kind of its lanes; padding needs none.
    of_lane = np.where(neuron >= 0, kind[neuron], ln.SIMPLE)
    return Places(neuron, of_lane.reshape(-1, ln.LANES).max(axis=1), lane)


class Packer:
    """Fills lanes for a step of `step_cycles` FPGA cycles."""

    def __init__(self, effects: Effects, step_cycles: int) -> None:
        self._effects, self._step_cycles = effects, step_cycles
        self._dt = step_cycles * p.CYCLE_S

    def kinds(self, c: Circuits, coupled: npt.NDArray[np.bool_]) -> Ints:
        """(512,) how each neuron is stepped: SIMPLE, ADAPTIVE, FULL or CLUSTER."""
        adapts = (c.adaptation.i_w != 0) | (c.readout_source == 3) | (c.exponential.current != 0)
        kind = np.where(adapts, ln.ADAPTIVE, ln.SIMPLE)
        kind = np.where(self.gentle(c), kind, ln.FULL)
        return np.where(coupled, ln.CLUSTER, kind)

    def gentle(self, c: Circuits) -> npt.NDArray[np.bool_]:
        """(512,) whether nothing in a neuron acts back on itself much within a step.

        Then an explicit method will do, and synaptic currents are drawn once per interval.
        """
        per_c = self._dt / c.capacitance
        conducts = (c.exc.coba != 0) | (c.inh.coba != 0)
        ok = ~conducts & (c.leak.conductance * per_c < _STIFFEST)
        if self._effects.slow_reset:
            ok &= c.reset.conductance * per_c < _STIFFEST
        else:
            ok &= _CLAMP < _STIFFEST
        narrowest = min(p.HEADROOM_V, p.FOOTROOM_V)
        for i in (c.exc, c.inh):
            fastest = np.where(i.i_max > 0, _FASTEST_LINE, _FASTEST_UNUSED_LINE)
            ok &= self._dt / i.tau < fastest
            ok &= ln.INTERVAL * i.i_max * per_c / narrowest < _STIFFEST
        e = c.exponential
        runs_away = (e.current > 0) & (e.largest * per_c / e.delta > _FASTEST_GROWTH)
        return np.asarray(ok & ~runs_away)

    def constants(self, line_v_lin: float) -> F32:
        """What all lanes share; see `kernels.lanes.CONSTANTS`."""
        noise = p.COMPARATOR_NOISE_V if self._effects.comparator_noise else 0.0
        supply = p.MEMBRANE_SUPPLY_V
        rails = [-1 / p.HEADROOM_V, supply / p.HEADROOM_V, 1 / p.FOOTROOM_V, 0, 0, supply]
        if not self._effects.rails:
            rails = [0, 1, 0, 1, -1e3, 1e3]
        full_line = p.LINE_REST_V / line_v_lin
        return np.array([*rails, noise, full_line, *COEFFICIENTS], np.float32)

    def lanes(self, c: Circuits, places: Places, state: dict[str, npt.NDArray[Any]]) -> ln.Lanes:
        """Lanes with the neurons' parameters and `state` (arrays (512,), see AnalogState)."""
        analog = self._analog(c, places)
        digital = self._digital(c, places, state)
        due = digital[ln.TIMER].reshape(-1, ln.LANES).min(axis=1)
        offset = np.stack([places.spread(i.offset / i.v_lin, 0.0) for i in (c.exc, c.inh)])
        fields = self._fields(c, places, state, analog)
        for name, bias in zip(("exc_bias", "inh_bias"), offset, strict=True):
            fields[name] = bias
        events = analog[ln.BYPASS :].min(axis=0).reshape(-1, ln.LANES)
        bypassed = np.isfinite(events).any(axis=1).astype(np.int64)
        block = ln.aligned((3, places.kind.size), np.int64)
        block[ln.DUE], block[ln.KIND], block[ln.BYPASSED] = due, places.kind, bypassed
        return ln.Lanes(
            state=self._blocks(fields, places),
            digital=digital,
            analog=analog.astype(np.float32),
            offset=offset.reshape(-1).astype(np.float32),
            partial=self._partial(analog[ln.RATE : ln.RATE + 2], c.exc.v_lin),
            block=block,
            constants=self.constants(c.exc.v_lin),
        )

    def _digital(self, c: Circuits, places: Places, state: dict[str, npt.NDArray[Any]]) -> Ints:
        values: dict[str, tuple[npt.NDArray[Any], int]] = {
            "mode": (state["mode"], ln.ARMED),
            "timer": (state["timer"], ln.NEVER),
            "end": (state["end"], 0),
            "clock": (c.backend.clock, 2),
            "refractory": (c.backend.refractory, 2),
            "hold": (c.backend.hold, 0),
            "paused": (c.paused.astype(np.int64), 0),
            "instant": (np.full(512, int(not self._effects.slow_reset)), 0),
            "level": (np.full(512, int(not self._effects.edge_triggering)), 0),
            "spikes": (state["spikes"], 0),
            "neuron": (np.arange(512), -1),
        }
        rows = ln.aligned((len(ln.DIGITAL), places.neuron.size), np.int64)
        for row, name in zip(rows, ln.DIGITAL, strict=True):
            row[:] = places.spread(*values[name])
        return rows

    def _analog(self, c: Circuits, places: Places) -> Array:
        """(row, lane); see `kernels.lanes.ANALOG`."""
        spread, per_c = places.spread, self._dt / c.capacitance
        interval = ln.INTERVAL * self._step_cycles * p.TICKS_PER_CYCLE
        reset = self._ota(c.reset, c, places)
        if not self._effects.slow_reset:
            v_lin = -1 / reset[0]
            reset = _ota_rows(np.full_like(v_lin, _CLAMP), v_lin, reset[1] * v_lin)
        exponential = np.where(
            c.exponential.current > 0, log2(c.exponential.largest * per_c), ln.EXP_OFF
        )
        inputs = (c.exc, c.inh)
        drop = np.where(c.backend.fires, c.backend.bypass_drop, np.inf)
        bypass = [np.where(i.bypass, drop, np.inf) for i in inputs]
        rows = [
            *self._ota(c.leak, c, places),
            *reset,
            *(part * spread(i.i_max * per_c, 0.0) for i in inputs for part in (1.0, -float(CUBIC))),
            spread(exponential, ln.EXP_OFF),
            *(spread(self._dt / i.tau, 0.0) for i in inputs),
            spread(c.threshold, np.inf),
            spread(c.adaptation.pulse_ticks / interval, 0.0),
            *(spread(b, np.inf) for b in bypass),
        ]
        return np.stack(rows)

    def _ota(self, ota: Ota, c: Circuits, places: Places) -> Array:
        """(6, lane); see `kernels.lanes.OTA_FIELDS`."""
        stiff = places.spread(ota.conductance / c.capacitance * self._dt, 0.0)
        v_lin, target = places.spread(ota.v_lin, 1.0), places.spread(ota.target, 0.0)
        return _ota_rows(stiff, v_lin, target)

    def _fields(self, c: Circuits, places: Places, state: dict[str, npt.NDArray[Any]],
                analog: Array) -> dict[str, Array]:  # fmt: skip
        """Everything in a block, by lane."""
        spread, per_c = places.spread, self._dt / c.capacitance
        mode = spread(state["mode"], ln.ARMED)
        resets = (mode == ln.RESET) | (mode == ln.STUCK)
        rest = spread(c.paused, False) & resets
        present = np.where(resets, analog[ln.RESET_OTA : ln.GATED], analog[: ln.RESET_OTA])
        out = dict(zip(ln.OTA_FIELDS, present, strict=True))
        for name in ln.STATE_FIELDS:
            out[name] = spread(state[name], 0.0)
        for name in ("v_old", "slope", "slope_old", "synaptic", "w", "w_next", "bent"):
            out[name] = spread(state[name], 0.0)
        out["plain_offset"] = spread(c.offset_current * per_c, 0.0)
        for k, (sign, i) in enumerate((("exc", c.exc), ("inh", c.inh))):
            rate = analog[ln.RATE + k]
            out[f"{sign}_decay"], out[f"{sign}_half"] = line_decay(rate), line_decay(rate / 2)
            out[f"{sign}_long"] = line_decay(ln.INTERVAL * rate)
            out[f"{sign}_mean"] = line_mean(ln.INTERVAL * rate)
            # Only gentle lanes use it, whose lines are slow.
            out[f"{sign}_rise"] = 1 / line_decay(np.minimum(rate, 1.0))
            out[f"{sign}_slope"] = np.where(rest, 0.0, analog[ln.GATED + 2 * k])
            out[f"{sign}_cubic"] = np.where(rest, 0.0, analog[ln.GATED + 2 * k + 1])
            out[f"{sign}_add"] = np.full(rate.size, ln.NO_DROP)
            out[f"{sign}_coba_b"] = spread(i.coba, 0.0)
            out[f"{sign}_coba_a"] = spread(1 - i.coba * i.coba_v, 1.0)
        out["exp_max"] = np.where(rest, ln.EXP_OFF, analog[ln.GATED + 4])
        out |= self._exponential(c, places, per_c) | self._adaptation(c, places, per_c)
        # As the kernel does it, so that taking lanes up again changes no bit.
        slope, bent = out["adapt_slope"].astype(np.float32), out["bent"].astype(np.float32)
        offset = -slope.astype(float) * bent + out["plain_offset"].astype(np.float32)
        out["offset"] = offset.astype(np.float32).astype(float)
        out["pulse_left"] = spread(state["pulse_left"], 0.0)
        out["threshold"] = np.full(places.neuron.size, np.inf)
        return out

    @staticmethod
    def _exponential(c: Circuits, places: Places, per_c: Array) -> dict[str, Array]:
        e = c.exponential
        on, b = e.current > 0, _LOG2_E / e.delta
        start = log2(np.where(on, e.current, 1.0) * per_c) - e.v * b
        return {
            "exp_b": places.spread(np.where(on, b, 0.0), 0.0),
            "exp_a": places.spread(np.where(on, start, ln.EXP_OFF), ln.EXP_OFF),
            "exp_stiff": places.spread(np.where(on, -1 / e.delta, 0.0), 0.0),
            "exp_top": places.spread(np.where(on, e.largest * per_c * 5 / 6, 1e3), 1e3),
        }

    def _adaptation(self, c: Circuits, places: Places, per_c: Array) -> dict[str, Array]:
        a = c.adaptation
        rate = ln.INTERVAL * self._dt * a.g_tau / a.capacitance
        return {
            "adapt_slope": places.spread(a.i_w * per_c, 0.0),
            "a_b": places.spread(np.full(512, 1 / a.v_lin), 0.0),
            "a_a": places.spread(-a.v_leak / a.v_lin, 0.0),
            "drive": places.spread(a.i_b / (a.g_tau * a.v_lin), 0.0),
            "a_slope": places.spread(a.i_a / (a.g_tau * a.v_lin), 0.0),
            "w_decay": line_decay(places.spread(rate, 0.0)),
            "w_half": line_decay(places.spread(rate / 2, 0.0)),
        }

    @staticmethod
    def _blocks(fields: dict[str, Array], places: Places) -> F32:
        blocks = ln.aligned((places.kind.size, ln.N_FIELDS, ln.LANES))
        for k, name in enumerate(ln.FIELDS):
            blocks[:, k] = fields[name].reshape(-1, ln.LANES)
        return blocks.reshape(-1)

    def _partial(self, rate: Array, v_lin: float) -> F32:
        partial = ln.aligned((rate.shape[1] * self._step_cycles * 4,))
        line_weights(rate, self._step_cycles, 1 / v_lin, partial)
        return partial


def line_decay(rate: Array) -> Array:
    """exp(-rate), by `decay_exact`."""
    out = np.empty(rate.size)
    fill_decay(rate, out)
    return out


def line_mean(rate: Array) -> Array:
    """Mean of exp(-rate t) over t = 0 ... 1, by Simpson's rule: within rate^4/2880."""
    return (1 + 4 * line_decay(rate / 2) + line_decay(rate)) / 6


def _ota_rows(stiff: Array, v_lin: Array, target: Array) -> Array:
    largest = stiff * v_lin
    return np.stack(
        [-1 / v_lin, target / v_lin, largest, -CUBIC * largest, stiff, -3 * CUBIC * stiff]
    )
