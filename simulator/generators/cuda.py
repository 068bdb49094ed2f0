"""Plans to Python source of CUDA kernels, for `numba.cuda`.

Loads, the plan's body, stores: a thread per neuron, target or sample, in strides of the grid.  The
numbers of a group are one array, a row per state and per parameter that differs between neurons,
so that neighbouring threads read neighbouring numbers.  Kernels read which step they compute from
the device (``_clock``), so that a step can be launched again and again with the same arguments.

A kernel's own names begin with an underscore.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..statements import CurrentPlan, Draw, NeuronPlan, Statement
from .base import CALLS, LOGIC, Layout, Lowering, Names, assigned, layout, names_in, needed

_HEAD = """\
import numba.cuda as _cuda
import numpy as _np

from simulator.cuda.mathematics import {functions}
from simulator.cuda.philox import BELOW_ONE as _BELOW_ONE
from simulator.cuda.philox import normal as _normal, normal_of as _normal_of
from simulator.cuda.philox import uniform as _uniform, uniform_of as _uniform_of
from simulator.cuda.philox import words as _words

_real = _np.{precision}


@_cuda.jit(cache=True)
"""
_FUNCTIONS = sorted({*CALLS.values(), *LOGIC})
_OF_OTHER_TYPE = ("floor", "ceiling", "sign", "exprel", "integer_power")
"""Functions whose result may not have the type of their argument on a device."""


@dataclass(frozen=True)
class KernelSource:
    """A kernel as text, and what its arrays hold.

    name    of the function in `text`
    fields  rows of ``_values``: states, then what differs between neurons
    shared  entries of ``_shared``: ``dt``, then parameters and constants that are equal for all
    """

    name: str
    text: str
    fields: tuple[str, ...]
    shared: tuple[str, ...]


class _SameType(ast.NodeTransformer):
    """Results of some functions become numbers of the kernel's precision again."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in _OF_OTHER_TYPE):
            return node
        if node.func.id == "integer_power":
            exponent = ast.literal_eval(node.args[1])
            if exponent == 0:
                return ast.parse("_real(1.0)", mode="eval").body
            if exponent < 0:
                power = ast.Call(node.func, [node.args[0], ast.Constant(-exponent)], [])
                one = ast.parse("_real(1.0)", mode="eval").body
                return ast.BinOp(one, ast.Div(), ast.Call(ast.Name("_real"), [power], []))
        return ast.Call(ast.Name("_real"), [node], [])


class Writer:
    """Names and statements of one plan as lines of a kernel."""

    def __init__(self, precision: str) -> None:
        self.precision = precision
        self.names = Names(frozenset(_FUNCTIONS))
        self._lowering = Lowering(self.names, lambda number: f"_real({number!r})")

    def body(self, statements: Iterable[Statement]) -> list[str]:
        """Statements without jumps, in the kernel's precision."""
        lines = self._lowering.lower_all(statements)
        return [ast.unparse(_SameType().visit(ast.parse(line))) for line in lines]

    def shared(self, where: Layout) -> list[str]:
        """Load what is equal for all."""
        return [f"{self.names[name]} = _shared[{k}]" for k, name in enumerate(where.shared)]

    def load(self, fields: Sequence[str], used: set[str], place: str) -> list[str]:
        """Load the used ones of the fields at a place."""
        rows = enumerate(fields)
        return [f"{self.names[n]} = _values[{k}, {place}]" for k, n in rows if n in used]

    def store(self, states: Sequence[str], written: set[str], place: str) -> list[str]:
        """Store the written ones of the states, the first fields, at a place."""
        rows = enumerate(states)
        return [f"_values[{k}, {place}] = {self.names[n]}" for k, n in rows if n in written]

    def draws(self, draws: Sequence[Draw]) -> list[str]:
        """Random numbers of neuron or target ``_k`` in a step."""
        return [
            self.draw(draw, f"_{draw.distribution}(_k, _clock[0], _stream, {k}, _seed)")
            for k, draw in enumerate(draws)
        ]

    def draw(self, draw: Draw, value: str) -> str:
        """A float64 as a number of the kernel; a uniform one stays below 1."""
        if draw.distribution == "uniform" and self.precision == "float32":
            value = f"min({value}, _BELOW_ONE)"
        return f"{self.names[draw.name]} = _real({value})"


def names_read(statements: Iterable[Statement]) -> set[str]:
    """The names that statements read or write."""
    statements = list(statements)
    return names_in(s.expression for s in statements) | assigned(statements)


def head(precision: str) -> str:
    """What stands before every kernel: imports, the type of its numbers, the decorator."""
    return _HEAD.format(precision=precision, functions=", ".join(_FUNCTIONS))


def _source(
    name: str, precision: str, arguments: str, before: list[str], count: str, each: list[str]
) -> str:
    """A kernel that does `before` once per thread and `each` for every ``_k`` below `count`."""
    indented = [f"    {line}" for line in before]
    loop = f"    for _k in range(_cuda.grid(1), {count}, _cuda.gridsize(1)):"
    inner = [f"        {line}" for line in each]
    return "\n".join([f"{head(precision)}def {name}({arguments}):", *indented, loop, *inner]) + "\n"


def neuron_source(
    plan: NeuronPlan, varying: frozenset[str], precision: str, *, exact: bool, history: bool
) -> KernelSource:
    """The kernel that advances a group by a step.

    varying  parameters and constants that differ between neurons
    exact    inputs arrive as integers (see `simulator.cuda.fixed_point`)
    history  spikes are kept for plastic synapses, too
    """
    where, writer = layout(plan, varying), Writer(precision)
    states, written = [s.name for s in plan.states], assigned(plan.statements)
    before = ["_step = _clock[0]", "_slot = _step & (_ring.shape[1] - 1)"]
    before += ["_row = _step & (_ids.shape[0] - 1)", *writer.shared(where)]
    before += [f"{writer.names['t']} = _real((_step - 1) * _dt_ms)"]
    each = writer.load(where.fields, names_read(plan.statements), "_k")
    if plan.uses_current:
        each += [f"{writer.names['i_inj']} = _i_inj[0, _k]", "_i_inj[0, _k] = _real(0.0)"]
        if "i_inj" in names_read(plan.algebraic):
            each += [f"_i_inj[1, _k] = {writer.names['i_inj']}"]
    for k, receptor in enumerate(plan.receptors):
        arrived = f"_ring[{k}, _slot, _k]"
        scaled = f"_real({arrived} * _scaling[{k}, 1])" if exact else arrived
        each += [f"{writer.names[receptor.input]} = {scaled}", f"{arrived} = 0"]
    each += writer.draws(plan.draws)
    if plan.substep:
        each += [f"for _part in range({plan.substeps}):"]
        each += [f"    {line}" for line in writer.body(plan.substep)]
    each += writer.body(plan.body)
    each += writer.store(states, written, "_k")
    if plan.spikes:
        each += [f"if {writer.names['spike']}:"]
        each += ["    _ids[_row, _cuda.atomic.add(_counts, _row, 1)] = _k"]
        if history:
            each += ["    _history[_k, _fired[_k] & (_history.shape[1] - 1)] = _step"]
            each += ["    _fired[_k] += 1"]
    arguments = "_clock, _dt_ms, _values, _shared, _i_inj, _ring, _scaling, _ids, _counts, "
    arguments += "_seed, _stream" + (", _history, _fired" if history else "")
    text = _source("update", precision, arguments, before, "_values.shape[1]", each or ["pass"])
    return KernelSource("update", text, where.fields, where.shared)


def sampler_source(
    plan: NeuronPlan, varying: frozenset[str], precision: str, variable: str
) -> KernelSource:
    """The kernel that writes a state or an algebraic quantity of some neurons into a row.

    Row ``(step - _first[0]) / _every``; nothing at the steps before and between the samples.
    """
    where, writer = layout(plan, varying), Writer(precision)
    body = needed(plan.algebraic, variable)
    before = ["_since = _clock[0] - _first[0]", "if _since < 0 or _since % _every != 0:"]
    before += ["    return", *writer.shared(where)]
    before += [f"{writer.names['t']} = _real(_clock[0] * _dt_ms)"]
    each = ["_neuron = _indices[_k]"]
    each += writer.load(where.fields, names_read(body) | {variable}, "_neuron")
    if "i_inj" in names_read(body):
        each += [f"{writer.names['i_inj']} = _i_inj[1, _neuron]"]
    each += [*writer.body(body), f"_samples[_since // _every, _k] = {writer.names[variable]}"]
    arguments = "_clock, _dt_ms, _values, _shared, _i_inj, _indices, _samples, _first, _every"
    text = _source("sample", precision, arguments, before, "_indices.shape[0]", each)
    return KernelSource("sample", text, where.fields, where.shared)


def current_source(plan: CurrentPlan, varying: frozenset[str], precision: str) -> KernelSource:
    """The kernel that computes the amplitudes of a current source, one or one per target.

    A source that is one for all targets has one column, and one thread does the work.
    """
    where, writer = layout(plan, varying), Writer(precision)
    states = [s.name for s in plan.states]
    before = [*writer.shared(where), f"{writer.names['t']} = _real((_clock[0] - 1) * _dt_ms)"]
    each = writer.load(where.fields, names_read(plan.body), "_k")
    each += writer.draws(plan.draws) + writer.body(plan.body)
    each += writer.store(states, assigned(plan.body), "_k")
    each += [f"_trace[_k] = {writer.names['amplitude']}"]
    arguments = "_clock, _dt_ms, _values, _shared, _trace, _seed, _stream"
    text = _source("compute", precision, arguments, before, "_trace.shape[0]", each)
    return KernelSource("compute", text, where.fields, where.shared)
