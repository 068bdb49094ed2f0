"""Plastic synapses to source of a CUDA kernel: what a spike does to the synapses of its row.

A synapse is touched when its presynaptic neuron fires, and then catches up: with the postsynaptic
spikes since it was last touched, which it finds in the history of its neuron, in their order; then
with the presynaptic one.  One thread does that for one synapse, so nobody else writes to it.
Synapses may also be settled: brought to where no later presynaptic spike can come before.

Times, additions and draws are those of the CPU: times at synapses are counted in half steps; a
postsynaptic spike of step m arrives at 2(m + dendritic), half a step later if the dendritic part is
0, and a presynaptic one of step n at 2(n + axonal).  Draws have the counter (synapse, step of the
arrival, stream, group), four to a group, group + 256 repetition, + 2**31 at a postsynaptic spike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..statements import Draw, Statement, SynapsePlan
from .base import Layout, assigned, names_in
from .cuda import KernelSource, Writer, head, names_read

_TOUCH = (
    "_clock, _ids, _counts, _times, _times_mask, _first, _n_pre, _lag, _since, _starts, _targets, "
    "_post_first, _values, _shared, _delays, _delay_mask, _axonal, _axonal_mask, _visits, "
    "_visit_mask, _touched, _history, _fired, _ring, _receptor, _scaling, _status, _pieces, "
    "_lanes, _seed, _stream"
)
_SETTLE = (
    "_clock, _targets, _post_first, _values, _shared, _delays, _delay_mask, _axonal, "
    "_axonal_mask, _visits, _visit_mask, _touched, _history, _fired, _seed, _stream"
)
_ADD_EXACT = (
    "_scaled = _np.float64(_total) * _scaling[_receptor, 0]",
    "if abs(_scaled) <= _scaling[_receptor, 2]:",
    "    _cuda.atomic.add(_ring, (_receptor, _slot, _neuron), round(_scaled))",
    "else:",
    "    _status[0] = _receptor + 1",
)
_ADD_REAL = ("_cuda.atomic.add(_ring, (_receptor, _slot, _neuron), _total)",)
Lines = list[str]


def synapse_layout(plan: SynapsePlan, varying: frozenset[str]) -> Layout:
    """Rows: the states, weight first; then what differs between synapses.  Shared: the rest."""
    used = names_read([*plan.advance, *plan.on_pre, *plan.on_post, *plan.on_both])
    columns = [p.name for p in plan.parameters] + [c.name for c in plan.constants]
    columns = [name for name in columns if name in used]
    states = tuple(s.name for s in plan.states)
    return Layout(
        states + tuple(name for name in columns if name in varying),
        ("dt", *(name for name in columns if name not in varying)),
    )


def _under(header: str, lines: Iterable[str]) -> Lines:
    """A block: its header, and lines inside it."""
    return [header, *(f"    {line}" for line in lines)]


class _Synapse:
    """Lines of what both kernels do with one synapse."""

    def __init__(self, plan: SynapsePlan, varying: frozenset[str], precision: str) -> None:
        self.plan, self.where = plan, synapse_layout(plan, varying)
        self.writer = Writer(precision)
        self.names = self.writer.names
        self.states = [s.name for s in plan.states]
        read_by_both = names_in(s.expression for s in plan.on_both)
        kept = [s for s in self.states if f"{s}_before" in read_by_both]
        # What `on_both` reads as it was before `on_post`.  Numba wants it on every path.
        self.before = [f"{self.names[f'{s}_before']} = {self.names[s]}" for s in kept]

    def load(self) -> Lines:
        """Its values, and how long spikes take to it."""
        fields = self.where.fields
        return [
            "_whole = _delays[_synapse & _delay_mask]",
            "_ahead = _axonal[_synapse & _axonal_mask]",
            "_late = 2 * (_whole - _ahead)",
            "_late += 1 if _late == 0 else 0",
            "_neuron = _post_first + _targets[_synapse]",
            "_last = _touched[_synapse]",
            *self.writer.load(fields, set(fields), "_synapse"),
            *self.before,
            f"{self.names['delay']} = _real(_whole) * {self.names['dt']}",
        ]

    def advance(self, arrival: str) -> Lines:
        """Go from the last event to the next one."""
        steps = f"_real(({arrival} >> 1) - (_last >> 1))"
        return [
            f"{self.names['elapsed']} = {steps} * {self.names['dt']}",
            f"{self.names['t']} = _real({arrival} >> 1) * {self.names['dt']}",
            *self.writer.body(self.plan.advance),
        ]

    def walk(self) -> Lines:
        """Postsynaptic spikes that were not met yet, up to half step ``_now``."""
        older = "2 * _history[_neuron, (_spike - 1) & _kept] + _late > _last"
        return [
            "_both = False",
            "_kept = _history.shape[1] - 1",
            "_spike = _fired[_neuron]",
            "_oldest = max(_spike - _kept - 1, 0)",
            *_under(f"while _spike > _oldest and {older}:", ["_spike -= 1"]),
            *_under(
                "while _spike < _fired[_neuron]:",
                [
                    "_arrival = 2 * _history[_neuron, _spike & _kept] + _late",
                    *_under("if _arrival > _now:", ["break"]),
                    *self.advance("_arrival"),
                    *self.before,
                    *self.draws(self.plan.post_draws, "_arrival", "0x80000000"),
                    *self.writer.body(self.plan.on_post),
                    "_both = _arrival == _now",
                    "_last = _arrival",
                    "_spike += 1",
                ],
            ),
        ]

    def pre(self, statements: Sequence[Statement]) -> Lines:
        """The presynaptic spike, as often as it came."""
        return _under(
            "for _repeat in range(_often):",
            [
                *self.draws(self.plan.pre_draws, "_now", "(_repeat << 8)"),
                *self.writer.body(statements),
                f"_total += {self.names['output']}",
            ],
        )

    def store(self, statements: Iterable[Statement]) -> Lines:
        """The states that statements change."""
        return self.writer.store(self.states, assigned(statements), "_synapse")

    def draws(self, draws: Sequence[Draw], arrival: str, group: str) -> Lines:
        """Draws of an event: uniform ones four at a time, then normal ones."""
        lines, number = [], 0
        for kind in ("uniform", "normal"):
            wanted = [draw for draw in draws if draw.distribution == kind]
            for first in range(0, len(wanted), 4):
                counter = f"_synapse, {arrival} >> 1, _stream, {group} + {number}, _seed"
                lines.append(f"_w0, _w1, _w2, _w3 = _words({counter})")
                number += 1
                for k, draw in enumerate(wanted[first : first + 4]):
                    pair = f"_w{k & 2}, _w{(k & 2) + 1}, {k & 1}"
                    value = f"_uniform_of(_w{k})" if kind == "uniform" else f"_normal_of({pair})"
                    lines.append(self.writer.draw(draw, value))
        return lines

    def kernel(self, name: str, arguments: str, body: Lines, precision: str) -> KernelSource:
        """The whole text."""
        lines = _under(f"def {name}({arguments}):", [*self.writer.shared(self.where), *body])
        text = head(precision) + "\n".join(lines) + "\n"
        return KernelSource(name, text, self.where.fields, self.where.shared)


def touch_source(
    plan: SynapsePlan, varying: frozenset[str], precision: str, *, exact: bool
) -> KernelSource:
    """The kernel that takes the spikes of one step to the synapses that are visited now.

    varying  parameters and constants that differ between synapses
    exact    outputs are added as integers (see `simulator.cuda.fixed_point`)
    """
    one = _Synapse(plan, varying, precision)
    alone = [*one.advance("_now"), *one.pre(plan.on_pre)]
    event = alone
    if plan.on_post:
        both = [f"{one.names['t']} = _real(_now >> 1) * {one.names['dt']}", *one.pre(plan.on_both)]
        event = [*one.walk(), *_under("if _both:", both), *_under("else:", alone)]
    visit = [
        *one.load(),
        "_now = 2 * (_emitted + _ahead)",
        "_total = _real(0.0)",
        *event,
        *one.store([*plan.advance, *plan.on_pre, *plan.on_post, *plan.on_both]),
        "_touched[_synapse] = _now",
        "_slot = (_emitted + _whole) & (_ring.shape[1] - 1)",
        *(_ADD_EXACT if exact else _ADD_REAL),
    ]
    row = [
        "_often = _times[_row & _times_mask, _k & _times_mask]",
        "_synapse = _starts[_member] + (_item % _pieces) * _lanes + _lane",
        *_under(
            "while _synapse < _starts[_member + 1]:",
            [
                *_under("if _visits[_synapse & _visit_mask] == _lag:", visit),
                "_synapse += _pieces * _lanes",
            ],
        ),
    ]
    body = [
        "_emitted = _clock[0] - _lag",
        *_under("if _emitted < _since:", ["return"]),
        "_row = _emitted & (_ids.shape[0] - 1)",
        "_lane = _cuda.grid(1) % _lanes",
        "_item = _cuda.grid(1) // _lanes",
        *_under(
            "while _item < _counts[_row] * _pieces:",
            [
                "_k = _item // _pieces",
                "_member = _ids[_row, _k] - _first",
                *_under("if 0 <= _member < _n_pre:", row),
                "_item += _cuda.gridsize(1) // _lanes",
            ],
        ),
    ]
    return one.kernel("touch", _TOUCH, body, precision)


def settle_source(plan: SynapsePlan, varying: frozenset[str], precision: str) -> KernelSource:
    """The kernel that applies to every synapse what is certain of its neuron's spikes.

    It runs between two steps; no presynaptic spike that is still to come can come before.
    """
    one = _Synapse(plan, varying, precision)
    visit = [
        *one.load(),
        "_now = 2 * (_clock[0] - 1 - _visits[_synapse & _visit_mask] + _ahead)",
        *one.walk(),
        *one.store([*plan.advance, *plan.on_post]),
        "_touched[_synapse] = _last",
    ]
    every = "for _synapse in range(_cuda.grid(1), _touched.shape[0], _cuda.gridsize(1)):"
    exists = _under("if _visits[_synapse & _visit_mask] >= 0:", visit)
    return one.kernel("settle", _SETTLE, _under(every, exists), precision)
