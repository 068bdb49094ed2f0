"""Plastic synapses to source of a CUDA kernel: what a spike does to the synapses of its row.

A synapse is touched when its presynaptic neuron fires, and then catches up: with the postsynaptic
spikes since it was last touched, which it finds in the history of its neuron, in their order; then
with the presynaptic one.  One thread does that for one synapse, so nobody else writes to it.
Arrivals at a synapse are in steps: presynaptic spikes of step n at n + axonal, postsynaptic ones of
step m at m + (delay - axonal); see `SynapsePlan` for what happens if both meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..statements import SynapsePlan
from .base import Layout, assigned, names_in
from .cuda import KernelSource, Writer, head, names_read

_ARGUMENTS = (
    "_clock, _dt_ms, _ids, _counts, _times, _times_mask, _first, _n_pre, _lag, _starts, _targets, "
    "_post_first, _values, _shared, _delays, _delay_mask, _axonal, _axonal_mask, _touched, "
    "_history, _fired, _ring, _receptor, _scaling, _status, _pieces, _lanes, _seed, _stream"
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
                _delay = _delays[_synapse & _delay_mask]
                _arrival = _emitted + _axonal[_synapse & _axonal_mask]
                _dendrite = _delay - _axonal[_synapse & _axonal_mask]
                _neuron = _post_first + _targets[_synapse]
                _last = _touched[_synapse]
{load}
                _spike = _fired[_neuron]
                _oldest = max(_spike - _kept - 1, 0)
                while (
                    _spike > _oldest
                    and _history[_neuron, (_spike - 1) & _kept] + _dendrite > _last
                ):
                    _spike -= 1
                _both = False
                while _spike < _fired[_neuron]:
                    _meet = _history[_neuron, _spike & _kept] + _dendrite
                    if _meet > _arrival:
                        break
                    {elapsed} = _real((_meet - _last) * _dt_ms)
                    {t} = _real(_meet * _dt_ms)
{on_post}
                    _both = _meet == _arrival
                    _last = _meet
                    _spike += 1
                {elapsed} = _real((_arrival - _last) * _dt_ms)
                {t} = _real(_arrival * _dt_ms)
{advance}
                _total = _real(0.0)
                for _repeat in range(_often):
{pre_draws}
                    if _both:
{on_both}
                    else:
{on_pre}
                    _total += {output}
                _touched[_synapse] = _arrival
{store}
                _slot = (_emitted + _delay) & (_ring.shape[1] - 1)
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


def synapse_source(
    plan: SynapsePlan, varying: frozenset[str], precision: str, *, exact: bool
) -> KernelSource:
    """The kernel ``touch`` of a pathway.

    varying  parameters and constants that differ between synapses
    exact    outputs are added as integers (see `simulator.cuda.fixed_point`)
    """
    where, writer = synapse_layout(plan, varying), Writer()
    names = writer.names
    states = [s.name for s in plan.states]
    written = assigned([*plan.advance, *plan.on_pre, *plan.on_post, *plan.on_both])
    read_by_both = names_in(s.expression for s in plan.on_both)
    # What `on_both` reads as it was before `on_post`.  Numba wants it defined on every path.
    kept = [s for s in states if f"{s}_before" in read_by_both]
    before = [f"{names[f'{state}_before']} = {names[state]}" for state in kept]
    on_post = [
        *writer.body(plan.advance),
        *writer.draws(plan.post_draws, "_synapse", "_meet", len(plan.pre_draws)),
        *before, *writer.body(plan.on_post),
    ]  # fmt: skip
    frame = _FRAME.format(
        arguments=_ARGUMENTS,
        shared=_indented(writer.shared(where), 1),
        load=_indented([*writer.load(where.fields, set(where.fields), "_synapse"), *before], 4),
        elapsed=names["elapsed"],
        t=names["t"],
        output=names["output"],
        on_post=_indented(on_post, 5),
        advance=_indented(writer.body(plan.advance), 4),
        pre_draws=_indented(writer.draws(plan.pre_draws, "_synapse", "_arrival"), 5),
        on_both=_indented(writer.body(plan.on_both), 6),
        on_pre=_indented(writer.body(plan.on_pre), 6),
        store=_indented(writer.store(states, written, "_synapse"), 4),
        add=_indented(_ADD_EXACT if exact else _ADD_REAL, 4),
    )
    return KernelSource("touch", head(precision) + frame, where.fields, where.shared)
