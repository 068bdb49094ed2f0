"""From circuit parameters (SI, per neuron) to the neuron kernel's arrays (per lane and step)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import parameters as p
from .circuits import Circuits, Ota
from .effects import Effects
from .kernels import lanes as ln
from .kernels.idle import fill_decay, line_weights
from .physics.logarithm import log2
from .physics.ota import CUBIC

F32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]

_LOG2_E = 1.4426950408889634
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

    @property
    def used(self) -> Ints:
        """Lanes that stand for a neuron."""
        return np.nonzero(self.neuron >= 0)[0]

    def spread(self, values: npt.NDArray[Any], padding: float) -> npt.NDArray[Any]:
        """Values by lane of values by neuron (512,)."""
        out = np.full(self.neuron.size, padding, dtype=values.dtype)
        out[self.used] = values[self.neuron[self.used]]
        return out


def kinds(c: Circuits) -> Ints:
    """Which terms of the membrane equation each neuron needs: SIMPLE, ADAPTIVE or FULL."""
    adapts = (c.adaptation.i_w != 0) | (c.readout_source == 3) | (c.exponential.current != 0)
    conducts = (c.exc.coba != 0) | (c.inh.coba != 0)
    return np.where(conducts, ln.FULL, np.where(adapts, ln.ADAPTIVE, ln.SIMPLE))


def place(active: Ints, c: Circuits, coupled: npt.NDArray[np.bool_]) -> Places:
    """Lanes for active neurons, simple ones first; coupled ones in blocks of their own, last."""
    single = active[~coupled[active]]
    kind = kinds(c)[single]
    order = np.argsort(kind, kind="stable")
    parts = [single[order], active[coupled[active]]] if active.size else [np.array([-1])]
    padded = [
        np.concatenate([part, np.full(-part.size % ln.LANES, -1)]).astype(np.int64)
        for part in parts
    ]
    neuron = np.concatenate(padded)
    lane = np.full(512, -1)
    lane[neuron[neuron >= 0]] = np.nonzero(neuron >= 0)[0]
    block_kind = np.full(neuron.size // ln.LANES, ln.CLUSTER)
    n_single = padded[0].size // ln.LANES
    # The last lane of a block has the highest kind, and padding needs none.
    last = np.minimum((np.arange(n_single) + 1) * ln.LANES, max(single.size, 1)) - 1
    block_kind[:n_single] = kind[order][last] if single.size else ln.SIMPLE
    return Places(neuron, block_kind, lane)


class Packer:
    """Fills lanes for a step of `step_cycles` FPGA cycles."""

    def __init__(self, effects: Effects, step_cycles: int) -> None:
        self._effects, self._step_cycles = effects, step_cycles
        self._dt = step_cycles * p.CYCLE_S

    def constants(self, line_v_lin: float) -> F32:
        """What all lanes share; see `kernels.lanes.CONSTANTS`."""
        noise = p.COMPARATOR_NOISE_V if self._effects.comparator_noise else 0.0
        supply = p.MEMBRANE_SUPPLY_V
        rails = [-1 / p.HEADROOM_V, supply / p.HEADROOM_V, 1 / p.FOOTROOM_V, 0, 0, supply]
        if not self._effects.rails:
            rails = [0, 1, 0, 1, -1e3, 1e3]
        return np.array([*rails, noise, p.LINE_REST_V / line_v_lin], np.float32)

    def lanes(self, c: Circuits, places: Places, state: dict[str, npt.NDArray[Any]]) -> ln.Lanes:
        """Lanes with the neurons' parameters and `state` (arrays (512,), see AnalogState)."""
        pulse, kick = self._pulse(c)
        analog = self._analog(c, places, kick)
        digital = self._digital(c, places, pulse, state)
        due = digital[[ln.TIMER, ln.PULSE_END]].min(axis=0).reshape(-1, ln.LANES).min(axis=1)
        fields = self._fields(c, places, state, analog)
        events = analog[ln.BYPASS : ln.OFFSET].min(axis=0).reshape(-1, ln.LANES)
        bypassed = np.isfinite(events).any(axis=1).astype(np.int64)
        return ln.Lanes(
            state=self._blocks(fields, places),
            digital=digital,
            analog=analog.astype(np.float32),
            partial=self._partial(analog[ln.RATE : ln.RATE + 2], c.exc.v_lin),
            block=np.stack([places.kind, due, bypassed]),
            constants=self.constants(c.exc.v_lin),
        )

    def _digital(
        self, c: Circuits, places: Places, pulse: Ints, state: dict[str, npt.NDArray[Any]]
    ) -> Ints:
        values: dict[str, tuple[npt.NDArray[Any], int]] = {
            "mode": (state["mode"], ln.ARMED),
            "timer": (state["timer"], ln.NEVER),
            "pulse_end": (state["pulse_end"], ln.NEVER),
            "end": (state["end"], 0),
            "clock": (c.backend.clock, 2),
            "refractory": (c.backend.refractory, 2),
            "hold": (c.backend.hold, 0),
            "pulse": (pulse, 0),
            "paused": (c.paused.astype(np.int64), 0),
            "instant": (np.full(512, int(not self._effects.slow_reset)), 0),
            "spikes": (state["spikes"], 0),
            "neuron": (np.arange(512), -1),
        }
        return np.stack([places.spread(*values[name]) for name in ln.DIGITAL])

    def _analog(self, c: Circuits, places: Places, kick: Array) -> Array:
        """(row, lane); see `kernels.lanes.ANALOG`."""
        spread, per_c = places.spread, self._dt / c.capacitance
        reset = self._ota(c.reset, c, places)
        if not self._effects.slow_reset:
            v_lin = -1 / reset[0]
            reset = _ota_rows(np.full_like(v_lin, _CLAMP), v_lin, reset[1] * v_lin)
        exponential = np.where(
            c.exponential.current > 0, log2(c.exponential.largest * per_c), ln.EXP_OFF
        )
        inputs = (c.exc, c.inh)
        bypass = [np.where(i.bypass & c.backend.fires, p.BYPASS_DROP_V, np.inf) for i in inputs]
        rows = [
            *self._ota(c.leak, c, places),
            *reset,
            *(part * spread(i.i_max * per_c, 0.0) for i in inputs for part in (1.0, -float(CUBIC))),
            spread(exponential, ln.EXP_OFF),
            *(spread(self._dt / i.tau, 0.0) for i in inputs),
            spread(c.threshold, np.inf),
            spread(kick, 0.0),
            spread(c.adaptation.g_tau / c.adaptation.capacitance * p.TICK_S, 0.0),
            *(spread(b, np.inf) for b in bypass),
            *(spread(i.offset / i.v_lin, 0.0) for i in inputs),
        ]
        return np.stack(rows)

    def _ota(self, ota: Ota, c: Circuits, places: Places) -> Array:
        """(6, lane); see `kernels.lanes.OTA_FIELDS`."""
        stiff = places.spread(ota.conductance / c.capacitance * self._dt, 0.0)
        v_lin, target = places.spread(ota.v_lin, 1.0), places.spread(ota.target, 0.0)
        return _ota_rows(stiff, v_lin, target)

    def _pulse(self, c: Circuits) -> tuple[Ints, Array]:
        """Duration in whole intervals of the adaptation node and the drive of the same charge."""
        a, exact = c.adaptation, c.adaptation.pulse_ticks
        interval = ln.ADAPT_STEPS * self._step_cycles * p.TICKS_PER_CYCLE
        whole = np.where(exact > 0, np.maximum(np.rint(exact / interval), 1), 0)
        given = np.maximum(whole, 1) * interval
        kick = a.i_b / (a.g_tau * a.v_lin) * exact / given
        # The middle of the intervals may lie behind that of the pulse.
        behind = (given - exact) / 2 * p.TICK_S * a.g_tau / a.capacitance
        return whole.astype(np.int64), kick * (1 - behind)

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
            out[name] = out[f"{name}_old"] = spread(state[name], 0.0)
        out |= {name: spread(state[name], 0.0) for name in ("w", "w_next", "bent", "v_old")}
        out["plain_offset"] = spread(c.offset_current * per_c, 0.0)
        for k, (sign, i) in enumerate((("exc", c.exc), ("inh", c.inh))):
            rate = analog[ln.RATE + k]
            out[f"{sign}_decay"], out[f"{sign}_half"] = line_decay(rate), line_decay(rate / 2)
            out[f"{sign}_slope"] = np.where(rest, 0.0, analog[ln.GATED + 2 * k])
            out[f"{sign}_cubic"] = np.where(rest, 0.0, analog[ln.GATED + 2 * k + 1])
            out[f"{sign}_bias"] = analog[ln.OFFSET + k]
            out[f"{sign}_add"] = np.full(rate.size, ln.NO_DROP)
            out[f"{sign}_coba_b"] = spread(i.coba, 0.0)
            out[f"{sign}_coba_a"] = spread(1 - i.coba * i.coba_v, 1.0)
        out["exp_max"] = np.where(rest, ln.EXP_OFF, analog[ln.GATED + 4])
        out |= self._exponential(c, places, per_c) | self._adaptation(c, places, per_c)
        # As the kernel does it, so that taking lanes up again changes no bit.
        slope, bent = out["adapt_slope"].astype(np.float32), out["bent"].astype(np.float32)
        offset = -slope.astype(float) * bent + out["plain_offset"].astype(np.float32)
        out["offset"] = offset.astype(np.float32).astype(float)
        out["drive"] = spread(state["drive"], 0.0)
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
        rate = ln.ADAPT_STEPS * self._dt * a.g_tau / a.capacitance
        return {
            "adapt_slope": places.spread(a.i_w * per_c, 0.0),
            "a_b": places.spread(np.full(512, 1 / a.v_lin), 0.0),
            "a_a": places.spread(-a.v_leak / a.v_lin, 0.0),
            "a_slope": places.spread(a.i_a / (a.g_tau * a.v_lin), 0.0),
            "w_decay": line_decay(places.spread(rate, 0.0)),
            "w_half": line_decay(places.spread(rate / 2, 0.0)),
        }

    @staticmethod
    def _blocks(fields: dict[str, Array], places: Places) -> F32:
        blocks = np.empty((places.kind.size, ln.N_FIELDS, ln.LANES), np.float32)
        for k, name in enumerate(ln.FIELDS):
            blocks[:, k] = fields[name].reshape(-1, ln.LANES)
        return blocks.reshape(-1)

    def _partial(self, rate: Array, v_lin: float) -> F32:
        partial = np.empty(rate.shape[1] * self._step_cycles * 4, np.float32)
        line_weights(rate, self._step_cycles, 1 / v_lin, partial)
        return partial


def line_decay(rate: Array) -> Array:
    """exp(-rate), by `decay_exact`."""
    out = np.empty(rate.size)
    fill_decay(rate, out)
    return out


def _ota_rows(stiff: Array, v_lin: Array, target: Array) -> Array:
    largest = stiff * v_lin
    return np.stack(
        [-1 / v_lin, target / v_lin, largest, -CUBIC * largest, stiff, -3 * CUBIC * stiff]
    )
