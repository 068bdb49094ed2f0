"""Kernels for plastic synapses on the CPU: a plan becomes the text of a function.

A synapse is visited when a spike of its presynaptic member is due.  Then spikes of its target that
have reached it since its last visit are applied in their order, and then the presynaptic one.
Times at synapses are counted in half steps: a target's spike of step m arrives at 2(m + dendritic)
and, if the dendritic part is 0, half a step later, since a target's spike belongs to the end of
its step; a presynaptic one of step n arrives at 2(n + axonal).

Order of additions to one neuron in a step: pathways as they were made; within one, its parts by
how long after the spike they are visited (one part if the axonal delay is not much longer than the
dendritic one); in a part, presynaptic members ascending; in a row, as they stand there.

The table is `kernels.delivery_table`.  Draws (`kernels.philox`): counter (synapse, step of the
arrival, stream, group), two or four draws a group, group + 256 repetition, + 2^31 at a target's
spike; all below 2^32.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ..kernels import delivery_table as entries
from ..specification import Precision
from ..statements import Draw, Statement, SynapsePlan
from .base import CALLS, LOGIC, Lowering, Names, assigned, names_in

BEFORE = "_before"
SYNAPSES_PER_LINE = 8
"""Synapses whose float64 values share a cache line."""
_OWN_NAMES = (
    "kernel", "real", "real_at", "table", "step", "thread", "a", "shared", "counts", "first",
    "targets", "touched", "history", "spikes", "steps", "mask", "inputs", "stride", "part",
    "emitted", "row", "positions", "order", "segment", "place", "ids", "times", "count", "stop",
    "spike", "member", "repeats", "repetition", "position", "synapse", "target", "whole",
    "axonal", "late", "now", "last", "spike_place", "oldest", "newest", "arrival", "coincident",
    "delays", "axonals", "slot", "key_0", "key_1", "stream", "draw_0", "draw_1", "draw_2",
    "draw_3", "int64", "uint64", "int32", "float32", "float64", "range", "int64_at", "int32_at",
    "uint16", "pointer", "prefetch", "ahead", "begin", "end", "min", "inputs_mask", "first_spike",
    "uniforms", "normals", "BELOW_ONE", "earlier",
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """What a kernel depends on besides its plan.

    varying      parameters and constants that differ between synapses
    many_delays, many_axonal  whether delays, and their axonal parts, differ
    ordered      whether visits go by a list of synapse numbers
    """

    varying: frozenset[str] = frozenset()
    many_delays: bool = False
    many_axonal: bool = False
    ordered: bool = False
    precision: Precision = "float64"

    def text(self) -> str:
        """The same for equal variants only, in every process."""
        names = ",".join(sorted(self.varying))
        flags = self.many_delays, self.many_axonal, self.ordered
        return f"{names} {flags} {self.precision}"


@dataclass(frozen=True)
class SynapseLayout:
    """Where values stand: `columns` have one per synapse, `shared` one for all, dt first."""

    columns: tuple[str, ...]
    shared: tuple[str, ...]


def _statements(plan: SynapsePlan) -> tuple[Statement, ...]:
    return (*plan.advance, *plan.on_pre, *plan.on_post, *plan.on_both)


def synapse_layout(plan: SynapsePlan, varying: Collection[str]) -> SynapseLayout:
    """States first; parameters and constants that no statement reads have no place."""
    used = names_in(one.expression for one in _statements(plan))
    names = [one.name for one in plan.parameters] + [one.name for one in plan.constants]
    numbers = [name for name in names if name in used]
    return SynapseLayout(
        (*(state.name for state in plan.states), *(name for name in numbers if name in varying)),
        ("dt", *(name for name in numbers if name not in varying)),
    )


@dataclass
class _Text:
    """Lines of a kernel under construction."""

    plan: SynapsePlan
    variant: Variant
    lines: list[str] = field(default_factory=list)
    literals: dict[float, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = 4 if self.variant.precision == "float32" else 8
        self.layout = synapse_layout(self.plan, self.variant.varying)
        reserved = {*_OWN_NAMES, *CALLS.values(), *LOGIC}
        self.names = Names(reserved)
        self.lowering = Lowering(self.names, self.literal)
        self.used = names_in(one.expression for one in _statements(self.plan))

    def literal(self, number: float) -> str:
        """A number in the kernel's precision: the name of a constant where there is no literal."""
        if self.variant.precision == "float64" and abs(number) < float("inf"):
            return repr(number)
        return self.literals.setdefault(number, f"k{len(self.literals)}_")

    def add(self, depth: int, *lines: str) -> None:
        """Lines inside `depth` blocks."""
        self.lines += ["    " * depth + line for line in lines]

    def body(self, depth: int, statements: Iterable[Statement]) -> None:
        """Statements of the plan."""
        self.add(depth, *self.lowering.lower_all(statements))

    def time(self, depth: int, arrival: str) -> None:
        """``t`` and ``elapsed`` [ms] at an arrival, which also becomes the last visit."""
        steps = f"({arrival} >> 1) - (last >> 1)"
        self.add(depth, f"{self.names['elapsed']} = real({steps}) * {self.names['dt']}")
        if "t" in self.used:
            self.add(depth, f"{self.names['t']} = real({arrival} >> 1) * {self.names['dt']}")

    def draws(self, depth: int, draws: Sequence[Draw], arrival: str, group: str) -> None:
        """Draws of an event."""
        kinds: tuple[tuple[str, str], ...] = (("uniform", "uniforms"), ("normal", "normals"))
        number = 0
        for kind, function in kinds:
            wanted = [draw.name for draw in draws if draw.distribution == kind]
            for first in range(0, len(wanted), 4):
                self.add(
                    depth,
                    f"draw_0, draw_1, draw_2, draw_3 = {function}(uint64(synapse & 0xFFFFFFFF),"
                    f" uint64(({arrival} >> 1) & 0xFFFFFFFF), stream, uint64({group} + {number}),"
                    " key_0, key_1)",
                )
                for word, name in enumerate(wanted[first : first + 4]):
                    value = f"real(draw_{word})"
                    if kind == "uniform" and self.variant.precision == "float32":
                        value = f"real(minimum(draw_{word}, BELOW_ONE))"
                    self.add(depth, f"{self.names[name]} = {value}")
                number += 1

    def text(self, title: str) -> str:
        """The whole module."""
        body = "\n".join(self.lines)
        package = __name__.split(".")[0]
        words = set("".join(c if c.isalnum() or c == "_" else " " for c in body).split())
        imports = [
            f"from {package}.kernels.{module} import {', '.join(sorted(words & set(names)))}"
            for module, names in (
                ("mathematics", (*CALLS.values(), *LOGIC)),
                ("philox", ("BELOW_ONE", "normals", "uniforms")),
                ("delivery_table", ("first_spike",)),
                ("memory", ("pointer", "prefetch")),
                ("pointers", ("int64_at", "int32_at")),
            )
            if words & set(names)
        ]
        constants = [f"{name} = real(float('{number}'))" for number, name in self.literals.items()]
        precision = self.variant.precision
        head = [
            f'"""{title} {self.plan.name!r}, {precision}: written by {__name__}."""',
            "",
            "from numba import float32, float64, int64, uint16, uint64",
            *imports,
            f"from {package}.kernels.pointers import {precision}_at as real_at",
            "",
            f"real = {precision}",
            *constants,
        ]
        return "\n".join([*head, "", "", "def kernel(table, step, thread):", body, ""])


def _begin(text: _Text) -> None:
    """What is the same for all synapses."""
    plan, names = text.plan, text.names
    text.add(
        1,
        "a = int64_at(table)",
        f"shared = real_at(a[{entries.SHARED}])",
        f"targets = int32_at(a[{entries.TARGETS}])",
        f"touched = int64_at(a[{entries.TOUCHED}])",
    )
    for k, name in enumerate(text.layout.shared):
        text.add(1, f"{names[name]} = shared[{k}]")
    for k, name in enumerate(text.layout.columns):
        text.add(1, f"column_{k}_ = real_at(a[{entries.COLUMNS + k}])  # {name}")
    delay, axonal = f"a[{entries.DELAY}]", f"a[{entries.AXONAL}]"
    text.add(
        1, f"delays = pointer({delay}, uint16)" if text.variant.many_delays else f"whole = {delay}"
    )
    text.add(
        1,
        f"axonals = pointer({axonal}, uint16)"
        if text.variant.many_axonal
        else f"axonal = {axonal}",
    )
    if text.variant.ordered:
        text.add(1, f"order = int64_at(a[{entries.ORDER}])")
    if plan.on_post:
        post = f"a[{entries.POST_FIRST}]"
        text.add(
            1,
            f"history = int64_at(a[{entries.HISTORY}])",
            f"mask = history[{entries.STEPS_MASK}]",
            f"spikes = int64_at(history[{entries.SPIKES}] + 8 * {post})",
            f"steps = int64_at(history[{entries.STEPS}] + 8 * (mask + 1) * {post})",
        )
    if plan.pre_draws or plan.post_draws:
        seed = f"uint64(a[{entries.SEED}])"
        text.add(
            1,
            f"key_0, key_1 = {seed} & uint64(0xFFFFFFFF), {seed} >> uint64(32)",
            f"stream = uint64(a[{entries.STREAM}])",
        )


def _prefetch(text: _Text, depth: int) -> None:
    """Ask for the row of the next spike while this one is visited."""
    text.add(
        depth,
        f"if position & {SYNAPSES_PER_LINE - 1} == 0:",
        f"    prefetch(a[{entries.TARGETS}] + 4 * (position + ahead))",
        f"    prefetch(a[{entries.TOUCHED}] + 8 * (position + ahead))",
    )
    for k in range(len(text.layout.columns)):
        place = f"a[{entries.COLUMNS + k}] + {text.size} * (position + ahead)"
        text.add(depth + 1, f"prefetch({place})")


def _load(text: _Text, depth: int) -> None:
    """The values of a synapse, and ``now``, the half step at which it is visited."""
    text.add(
        depth,
        f"synapse = {'order[position]' if text.variant.ordered else 'position'}",
        "target = int64(targets[synapse])",
    )
    if text.variant.many_delays:
        text.add(depth, "whole = int64(delays[synapse])")
    if text.variant.many_axonal:
        text.add(depth, "axonal = int64(axonals[synapse])")
    text.add(depth, "now = 2 * (emitted + axonal)", "last = touched[synapse]")
    if "delay" in text.used:
        text.add(depth, f"{text.names['delay']} = real(whole) * {text.names['dt']}")
    for k, name in enumerate(text.layout.columns):
        text.add(depth, f"{text.names[name]} = column_{k}_[synapse]")


def _walk(text: _Text, depth: int) -> None:
    """Apply what the target has fired and what has arrived up to ``now``."""
    plan = text.plan
    text.add(
        depth,
        "late = 2 * (whole - axonal)",
        "late += 1 if late == 0 else 0",
        "newest = spikes[target]",
        "oldest = newest - mask - 1 if newest > mask else int64(0)",
        "spike_place = newest",
        "while spike_place > oldest:",
        "    earlier = 2 * steps[target * (mask + 1) + ((spike_place - 1) & mask)] + late",
        "    if earlier <= last:",
        "        break",
        "    spike_place -= 1",
        "coincident = False",
        "while spike_place < newest:",
        "    arrival = 2 * steps[target * (mask + 1) + (spike_place & mask)] + late",
        "    if arrival > now:",
        "        break",
    )
    text.time(depth + 1, "arrival")
    text.body(depth + 1, plan.advance)
    before = [name for name in sorted(text.used) if name.endswith(BEFORE)]
    states = {state.name for state in plan.states}
    for name in before:
        if name.removesuffix(BEFORE) in states:
            text.add(depth + 1, f"{text.names[name]} = {text.names[name.removesuffix(BEFORE)]}")
    text.draws(depth + 1, plan.post_draws, "arrival", "0x80000000")
    text.body(depth + 1, plan.on_post)
    text.add(depth + 1, "last = arrival", "coincident = arrival == now", "spike_place += 1")


def _store(text: _Text, depth: int, statements: Iterable[Statement], last: str) -> None:
    """The states that statements change, and when that was."""
    written = assigned(statements)
    for k, state in enumerate(text.plan.states):
        if state.name in written:
            text.add(depth, f"column_{k}_[synapse] = {text.names[state.name]}")
    text.add(depth, f"touched[synapse] = {last}")


def _pre(text: _Text, depth: int, statements: Iterable[Statement]) -> None:
    """A presynaptic spike, as often as it came, and what it gives to the target."""
    text.add(depth, "for repetition in range(repeats):")
    text.draws(depth + 1, text.plan.pre_draws, "now", "(repetition << 8)")
    text.body(depth + 1, statements)
    text.add(depth + 1, f"slot[target] += {text.names['output']}")


def delivery_source(plan: SynapsePlan, variant: Variant) -> str:
    """A module whose `kernel` visits the synapses of those who fired."""
    text = _Text(plan, variant)
    _begin(text)
    text.add(
        1,
        f"counts, first = int64_at(a[{entries.COUNTS}]), int64_at(a[{entries.FIRST}])",
        f"inputs, stride = a[{entries.INPUTS}], {text.size} * a[{entries.INPUTS_STRIDE}]",
        f"inputs_mask = a[{entries.INPUTS_MASK}]",
        f"for part in range(a[{entries.VISITS}]):",
        f"    emitted = step - int64_at(a[{entries.VISIT_STEPS}])[part]",
        f"    if emitted < a[{entries.SINCE}]:",
        "        continue",
        f"    row = emitted & a[{entries.RING_MASK}]",
        f"    place = part * a[{entries.PART_STRIDE}] + thread",
        f"    positions = int64_at(a[{entries.POSITIONS}] + 8 * place)",
        f"    for segment in range(a[{entries.SEGMENTS}]):",
        f"        place = row * a[{entries.IDS_STRIDE}] + first[segment]",
        f"        ids = int32_at(a[{entries.IDS}] + 4 * place)",
        f"        times = int32_at(a[{entries.TIMES}] + 4 * place)",
        f"        count = counts[row * a[{entries.SEGMENTS}] + segment]",
        f"        spike = first_spike(ids, count, a[{entries.PRE_FIRST}])",
        f"        stop = first_spike(ids, count, a[{entries.PRE_STOP}])",
        "        while spike < stop:",
        f"            member = (ids[spike] - a[{entries.PRE_FIRST}]) * a[{entries.THREADS}]",
        f"            repeats = int64(times[spike]) if a[{entries.TIMES}] != 0 else int64(1)",
        "            begin, end = positions[member], positions[member + 1]",
        f"            place = (ids[min(spike + 1, stop - 1)] - a[{entries.PRE_FIRST}])",
        f"            ahead = positions[place * a[{entries.THREADS}]] - begin",
        "            for position in range(begin, end):",
    )
    if not variant.ordered:
        _prefetch(text, 5)
    _load(text, 5)
    text.add(
        5,
        "slot = real_at(inputs + ((emitted + whole) & inputs_mask) * stride)",
    )
    if plan.on_post:
        _walk(text, 5)
        text.add(5, "if coincident:")
        _pre(text, 6, plan.on_both)
        text.add(5, "else:")
    else:
        text.add(5, "if True:")
    text.time(6, "now")
    text.body(6, plan.advance)
    _pre(text, 6, plan.on_pre)
    _store(text, 5, _statements(plan), "now")
    text.add(4, "spike += 1")
    return text.text("Visits of synapses")


def settling_source(plan: SynapsePlan, variant: Variant) -> str:
    """A module whose `kernel` applies, after a step, what of the targets' spikes is certain.

    No presynaptic spike can come before them any more, so that the next visit finds what it would
    have made of them itself.
    """
    text = _Text(plan, variant)
    _begin(text)
    text.add(
        1,
        f"for part in range(a[{entries.VISITS}]):",
        f"    emitted = step - int64_at(a[{entries.VISIT_STEPS}])[part]",
        f"    place = part * a[{entries.PART_STRIDE}] + thread",
        f"    positions = int64_at(a[{entries.POSITIONS}] + 8 * place)",
        f"    for member in range(a[{entries.N_PRE}]):",
        f"        place = member * a[{entries.THREADS}]",
        "        for position in range(positions[place], positions[place + 1]):",
    )
    _load(text, 4)
    _walk(text, 4)
    _store(text, 4, (*plan.advance, *plan.on_post), "last")
    return text.text("Settling of synapses")
