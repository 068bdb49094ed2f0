"""Plastic synapses to source of a CUDA kernel: what a spike does to the synapses of its row.

A synapse is touched when its presynaptic neuron fires, and then catches up: with the postsynaptic
spikes since it was last touched, which it finds in the history of its neuron, in their order; then
with the presynaptic one.  One thread does that for one synapse, so nobody else writes to it.

Times, additions and draws are those of the CPU: times at synapses are counted in half steps; a
postsynaptic spike of step m arrives at 2(m + dendritic), half a step later if the dendritic part is
0, and a presynaptic one of step n at 2(n + axonal).  Draws have the counter (synapse, step of the
arrival, stream, group), four to a group, group + 256 repetition, + 2**31 at a postsynaptic spike.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..statements import Draw, SynapsePlan
from .base import Layout, assigned, names_in
from .cuda import KernelSource, Writer, head, names_read

_ARGUMENTS = (
    "_clock, _ids, _counts, _times, _times_mask, _first, _n_pre, _lag, _starts, _targets, "
    "_post_first, _values, _shared, _delays, _delay_mask, _axonal, _axonal_mask, _visits, "
    "_visit_mask, _touched, _history, _fired, _ring, _receptor, _scaling, _status, _pieces, "
    "_lanes, _seed, _stream"
)

_FRAME = """\
def touch({arguments}):
    _emitted = _clock[0] - _lag
    _row = _emitted & (_ids.shape[0] - 1)
    _kept = _history.shape[1] - 1
    _lane = _cuda.grid(1) % _lanes
    _item = _cuda.grid(1) // _lanes
{shared}
    while _item < _counts[_row] * _pieces:
        _k = _item // _pieces
        _member = _ids[_row, _k] - _first
        if 0 <= _member < _n_pre:
            _often = _times[_row & _times_mask, _k & _times_mask]
            _synapse = _starts[_member] + (_item % _pieces) * _lanes + _lane
            while _synapse < _starts[_member + 1]:
                if _visits[_synapse & _visit_mask] == _lag:
                    _whole = _delays[_synapse & _delay_mask]
                    _before = _axonal[_synapse & _axonal_mask]
                    _now = 2 * (_emitted + _before)
                    _late = 2 * (_whole - _before)
                    _late += 1 if _late == 0 else 0
                    _neuron = _post_first + _targets[_synapse]
                    _last = _touched[_synapse]
{load}
                    _spike = _fired[_neuron]
                    _oldest = max(_spike - _kept - 1, 0)
                    while (
                        _spike > _oldest
                        and 2 * _history[_neuron, (_spike - 1) & _kept] + _late > _last
                    ):
                        _spike -= 1
                    _both = False
                    while _spike < _fired[_neuron]:
                        _arrival = 2 * _history[_neuron, _spike & _kept] + _late
                        if _arrival > _now:
                            break
                        {elapsed} = _real((_arrival >> 1) - (_last >> 1)) * {dt}
                        {t} = _real(_arrival >> 1) * {dt}
{on_post}
                        _both = _arrival == _now
                        _last = _arrival
                        _spike += 1
                    {t} = _real(_now >> 1) * {dt}
                    _total = _real(0.0)
                    if _both:
                        for _repeat in range(_often):
{on_both}
                            _total += {output}
                    else:
                        {elapsed} = _real((_now >> 1) - (_last >> 1)) * {dt}
{advance}
                        for _repeat in range(_often):
{on_pre}
                            _total += {output}
                    _touched[_synapse] = _now
{store}
                    _slot = (_emitted + _whole) & (_ring.shape[1] - 1)
{add}
                _synapse += _pieces * _lanes
        _item += _cuda.gridsize(1) // _lanes
"""

_ADD_EXACT = (
    "_scaled = _np.float64(_total) * _scaling[_receptor, 0]",
    "if abs(_scaled) <= _scaling[_receptor, 2]:",
    "    _cuda.atomic.add(_ring, (_receptor, _slot, _neuron), round(_scaled))",
    "else:",
    "    _status[0] = _receptor + 1",
)
_ADD_REAL = ("_cuda.atomic.add(_ring, (_receptor, _slot, _neuron), _total)",)


def _indented(lines: Sequence[str], depth: int) -> str:
    return "\n".join("    " * depth + line for line in (lines or ["pass"]))


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


def _draws(writer: Writer, draws: Sequence[Draw], arrival: str, group: str) -> list[str]:
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
                lines.append(writer.draw(draw, value))
    return lines


def synapse_source(
    plan: SynapsePlan, varying: frozenset[str], precision: str, *, exact: bool
) -> KernelSource:
    """The kernel ``touch`` of a pathway.

    varying  parameters and constants that differ between synapses
    exact    outputs are added as integers (see `simulator.cuda.fixed_point`)
    """
    where, writer = synapse_layout(plan, varying), Writer(precision)
    names = writer.names
    states = [s.name for s in plan.states]
    written = assigned([*plan.advance, *plan.on_pre, *plan.on_post, *plan.on_both])
    read_by_both = names_in(s.expression for s in plan.on_both)
    # What `on_both` reads as it was before `on_post`.  Numba wants it defined on every path.
    kept = [s for s in states if f"{s}_before" in read_by_both]
    before = [f"{names[f'{state}_before']} = {names[state]}" for state in kept]
    load = [*writer.load(where.fields, set(where.fields), "_synapse"), *before]
    load.append(f"{names['delay']} = _real(_whole) * {names['dt']}")
    post_draws = _draws(writer, plan.post_draws, "_arrival", "0x80000000")
    pre_draws = _draws(writer, plan.pre_draws, "_now", "(_repeat << 8)")
    on_post = [*writer.body(plan.advance), *before, *post_draws, *writer.body(plan.on_post)]
    frame = _FRAME.format(
        arguments=_ARGUMENTS,
        shared=_indented(writer.shared(where), 1),
        load=_indented(load, 5),
        elapsed=names["elapsed"],
        dt=names["dt"],
        t=names["t"],
        output=names["output"],
        on_post=_indented(on_post, 6),
        advance=_indented(writer.body(plan.advance), 6),
        on_both=_indented([*pre_draws, *writer.body(plan.on_both)], 7),
        on_pre=_indented([*pre_draws, *writer.body(plan.on_pre)], 7),
        store=_indented(writer.store(states, written, "_synapse"), 5),
        add=_indented(_ADD_EXACT if exact else _ADD_REAL, 5),
    )
    return KernelSource("touch", head(precision) + frame, where.fields, where.shared)
