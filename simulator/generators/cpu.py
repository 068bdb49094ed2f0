"""Kernels for the CPU: a plan becomes the text of a function of (argument table, step, thread).

The table is int64: numbers, and addresses of arrays (P).  T threads, R rows of the spike ring,
n_pad = n rounded up to whole blocks of 16, `real` float32 or float64.  `simulator.tables` fills it.

Neurons (`neuron_source`, `NEURON`), K receptors:
  0 n | 1 P int64 partition[T + 1] in blocks | 2 P real lanes[n_pad/16][field][16]
  3 P real shared[...], dt first | 4 P real i_inj[n_pad] [nA] (read, not cleared)
  5 P int32 ids[R][n_pad] | 6 P int64 counts[R][T] | 7 R - 1 | 8 seed | 9 stream
  10 + 2k  P real input[D_k][n_pad] of receptor k (cleared where read) | 11 + 2k  D_k - 1
  10 + 2K  and on: T | bits of float64 dt [ms] | P real draws[n_pad/16][draw][4][16]
           | P int64 filled[T][8]

Algebraic quantities (`algebraic_source`, `ALGEBRAIC`), evaluated at the end of a step:
  0 number of readers | 1 P int64 the neuron of each | 2 P int64 split[T + 1], the readers by thread
  3 P real lanes | 4 P real shared | 5 P real i_inj | 6 P float64 out[row][...] | 7 bits of dt
  8 every | 9 offset | 10 row stride: only if (step - offset) is a multiple of `every`, into
  out[(step - offset)/every * stride + reader]

Currents (`current_source`, `CURRENT`): 0 n targets | 1 P int64 targets, sorted
  2 P real i_inj (added to) | 3 P real columns[field][n_columns] | 4 P real shared | 5 seed
  6 stream | 7 P real trace[n_columns] | 8 P int64 split[T + 1], the targets of each thread
  9 n_columns | 10 bits of dt | 11 P real draws[draw][4][n_columns] | 12 P int64 filled[T][8]
  Per target, column j belongs to target j.  Otherwise every thread advances a copy of its own, in
  column 16 thread: all copies are equal, and no thread waits for another.

A Philox call serves four steps (see `kernels.philox`); ``filled`` says which four a thread has in
``draws``, -1 for none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..kernels.pointers import N_ALIKE
from ..specification import Precision
from ..statements import CurrentPlan, Draw, NeuronPlan, Statement
from .base import CALLS, LOGIC, Layout, Lowering, Names, assigned, layout, names_in, needed

NEURON = {
    "n": 0, "partition": 1, "lanes": 2, "shared": 3, "current": 4, "ids": 5, "counts": 6,
    "ring_mask": 7, "seed": 8, "stream": 9, "inputs": 10,
}  # fmt: skip
AFTER_INPUTS = {"threads": 0, "dt": 1, "draws": 2, "filled": 3}
"""Places in the table of a neuron kernel; the latter count from 10 + 2 K."""
ALGEBRAIC = {
    "n": 0, "neurons": 1, "split": 2, "lanes": 3, "shared": 4, "current": 5, "out": 6, "dt": 7,
    "every": 8, "offset": 9, "stride": 10,
}  # fmt: skip
CURRENT = {
    "n": 0, "targets": 1, "current": 2, "columns": 3, "shared": 4, "seed": 5, "stream": 6,
    "trace": 7, "split": 8, "n_columns": 9, "dt": 10, "draws": 11, "filled": 12,
}  # fmt: skip
LANES = 16
SIZE = {"float32": 4, "float64": 8}
FILLED_STRIDE = 8
"""int64 between the entries of two threads, so that they do not write to one cache line."""

_POINTERS = (
    "as_float64", "first_flag", "flag", "float32_at", "float64_at", "int32_at", "int64_at",
    *(f"{verb}_{kind}" for verb in ("load", "store")
      for kind in ("lanes", "current", "draws", "columns", "trace", "input", "state")),
)  # fmt: skip
_OWN_NAMES = frozenset(
    "kernel real real_at table step thread a n n_pad first last partition lanes shared current ids "
    "counts count row block lane base fired rest draws filled group key_0 key_1 stream drawn out "
    "columns n_columns part column trace targets split reader neuron neurons below_one elapsed "
    "range int32 uint64 float32 float64 uniforms normals".split()
)


class _Kernel:
    """Lines of a kernel under construction, and the names and literals in it."""

    def __init__(self, title: str, precision: Precision) -> None:
        self.title, self.precision = title, precision
        self.lines: list[str] = []
        self.head: list[str] = []
        self.literals: dict[str, str] = {}
        reserved = {*_OWN_NAMES, *_POINTERS, *CALLS.values(), *LOGIC}
        self.lowering = Lowering(Names(reserved), self.literal, {"spike": "bool"})

    def literal(self, number: float) -> str:
        """A number in the kernel's precision: a name of a constant where Python has no literal."""
        text = repr(number)
        if self.precision == "float64" and text not in ("inf", "-inf", "nan"):
            return text
        return self.literals.setdefault(text, f"k{len(self.literals)}_")

    def add(self, depth: int, *lines: str) -> None:
        """Lines inside `depth` blocks."""
        self.lines += ["    " * depth + line for line in lines]

    def name(self, name: str) -> str:
        """The identifier for a name of the plan."""
        return self.lowering.names[name]

    def accessors(self, kind: str, k: int) -> str:
        """What follows ``load_`` and ``store_`` for array k of a kind of which there are several.

        From the last distinct one on they share a name, and LLVM has to check whether they overlap.
        """
        k = min(k, N_ALIKE - 1)
        self.head += [f"{verb}_{kind}_{k}_ = {verb}_{kind}[{k}]" for verb in ("load", "store")]
        return f"{kind}_{k}_"

    def time(self, place: int, used: set[str], step: str) -> None:
        """The time of a step, exact in float64 before it is rounded."""
        if "t" in used:
            self.add(1, f"{self.name('t')} = real(as_float64(a[{place}]) * ({step}))")

    def shared(self, place: int, names: Sequence[str], used: set[str]) -> None:
        """Values that all members have in common."""
        self.add(1, f"shared = real_at(a[{place}])")
        for k, name in enumerate(names):
            if name in used:
                self.add(1, f"{self.name(name)} = shared[{k}]")

    def refill(
        self, table: dict[str, int], draws: Sequence[Draw], place: str, loops: list[str]
    ) -> None:
        """Draw for four steps at once, if that has not been done.

        place  of value {0} of a draw; loops over members, whose number is called `lane`
        """
        self.add(
            1,
            f"draws = real_at(a[{table['draws']}])",
            f"filled = int64_at(a[{table['filled']}])",
            "group = step >> 2",
            f"if filled[{FILLED_STRIDE} * thread] != group:",
            f"    key_0 = uint64(a[{table['seed']}]) & uint64(0xFFFFFFFF)",
            f"    key_1 = uint64(a[{table['seed']}]) >> uint64(32)",
            f"    stream = uint64(a[{table['stream']}])",
            *("    " + line for line in loops),
        )
        depth = 2 + sum(line.rstrip().endswith(":") for line in loops)
        for k, draw in enumerate(draws):
            function = f"{draw.distribution}s"
            self.add(
                depth,
                f"drawn = {function}(uint64(member), uint64(group) & uint64(0xFFFFFFFF), stream, "
                f"uint64({k}), key_0, key_1)",
            )
            for q in range(4):
                value = f"drawn[{q}]"
                if draw.distribution == "uniform" and self.precision == "float32":
                    value = f"minimum({value}, BELOW_ONE)"
                self.add(depth, f"store_draws(draws, {place.format(4 * k + q)}, real({value}))")
        self.add(2, f"filled[{FILLED_STRIDE} * thread] = group")

    def source(self) -> str:
        """The whole module; it imports what it uses."""
        body = "\n".join(self.lines)
        package = __name__.split(".")[0]
        used = _identifiers(body + "\n" + "\n".join(self.head))
        constants = [
            f"{name} = real({text if text[-1].isdigit() else f'float({text!r})'})"
            for text, name in self.literals.items()
        ]
        imports = [
            f"from {package}.kernels.{module} import {', '.join(found)}"
            for module, names in (
                ("mathematics", (*CALLS.values(), *LOGIC)),
                ("philox", ("BELOW_ONE", "normals", "uniforms")),
                ("pointers", _POINTERS),
            )
            if (found := sorted(used & set(names)))
        ]
        return "\n".join(
            [
                f'"""{self.title}, {self.precision}: written by {__name__}."""',
                "",
                "from numba import float32, float64, int32, uint64",
                *imports,
                f"from {package}.kernels.pointers import {self.precision}_at as real_at",
                "",
                f"real = {self.precision}",
                *constants,
                *dict.fromkeys(self.head),
                "",
                "",
                "def kernel(table, step, thread):",
                body,
                "",
            ]
        )


def _identifiers(text: str) -> set[str]:
    return set("".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split())


def _required(plan: NeuronPlan | CurrentPlan, *results: str) -> list[Statement]:
    """The statements of the body that a step's results follow from."""
    targets = {state.name for state in plan.states} & assigned(plan.body)
    return needed(plan.body, *targets, *results)


def neuron_source(plan: NeuronPlan, varying: Collection[str], precision: Precision) -> str:
    """A module whose `kernel` advances neurons by one step; `varying` as in `base.layout`."""
    where = layout(plan, varying)
    spikes = plan.spikes and "spike" in assigned(plan.body)
    body = _required(plan, *["spike"][: int(spikes)])
    substep = needed(plan.substep, *assigned(plan.substep) & {s.name for s in plan.states})
    used = names_in(s.expression for s in (*substep, *body))
    table = NEURON | {
        name: NEURON["inputs"] + 2 * len(plan.receptors) + place
        for name, place in AFTER_INPUTS.items()
    }
    draws = [draw for draw in plan.draws if draw.name in used]
    kernel = _Kernel(f"One step of neurons {plan.name!r}", precision)
    kernel.add(
        1,
        "a = int64_at(table)",
        f"n = a[{table['n']}]",
        f"n_pad = (n + {LANES - 1}) & -{LANES}",
        f"partition = int64_at(a[{table['partition']}])",
        "first = partition[thread]",
        "last = partition[thread + 1]",
        f"lanes = real_at(a[{table['lanes']}])",
    )
    kernel.shared(table["shared"], where.shared, used)
    kernel.time(table["dt"], used, "step - 1")
    if "i_inj" in used:
        kernel.add(1, f"current = real_at(a[{table['current']}])")
    for k in range(len(plan.receptors)):
        at = table["inputs"] + 2 * k
        kernel.add(
            1,
            f"arriving_{k}_ = real_at(a[{at}] + {SIZE[precision]} * (step & a[{at + 1}]) * n_pad)",
        )
    if draws:
        _refill_neurons(kernel, table, plan.draws)
    if spikes:
        _begin_spikes(kernel, table)
    kernel.add(
        1, "for block in range(first, last):", f"    base = block * {LANES * len(where.fields)}"
    )
    if spikes:
        kernel.add(2, "fired = int32(0)")
    if substep:
        kernel.add(2, f"for part in range({plan.substeps}):")
        _lane_loop(kernel, plan, where, substep, depth=3)
    _lane_loop(kernel, plan, where, body, depth=2, arriving=True)
    if spikes:
        kernel.add(3, f"fired = flag(fired, {kernel.name('spike')}, lane)")
        _end_spikes(kernel, table)
    return kernel.source()


def _lane_loop(
    kernel: _Kernel,
    plan: NeuronPlan,
    where: Layout,
    body: Sequence[Statement],
    *,
    depth: int,
    arriving: bool = False,
) -> None:
    """Loads, statements and stores for the lanes of a block; with what arrives at receptors."""
    used, written = names_in(s.expression for s in body), assigned(body)
    kernel.add(depth, f"for lane in range({LANES}):")
    inner = depth + 1
    for k, name in enumerate(where.fields):
        if name in used:
            place = f"base + {LANES * k} + lane"
            kernel.add(inner, f"{kernel.name(name)} = load_lanes(lanes, {place})")
    if "i_inj" in used:
        place = f"{LANES} * block + lane"
        kernel.add(inner, f"{kernel.name('i_inj')} = load_current(current, {place})")
    if arriving:
        _load_inputs(kernel, plan)
    for k, draw in enumerate(plan.draws):
        if draw.name in used:
            place = f"block * {64 * len(plan.draws)} + {64 * k} + {LANES} * (step & 3) + lane"
            kernel.add(inner, f"{kernel.name(draw.name)} = load_draws(draws, {place})")
    kernel.add(inner, *kernel.lowering.lower_all(body))
    for k, name in enumerate(where.fields):
        if name in written:
            place = f"base + {LANES * k} + lane"
            kernel.add(inner, f"store_lanes(lanes, {place}, {kernel.name(name)})")


def _refill_neurons(kernel: _Kernel, table: dict[str, int], draws: Sequence[Draw]) -> None:
    loops = [
        "for block in range(first, last):",
        f"    for lane in range({LANES}):",
        f"        member = {LANES} * block + lane",
    ]
    kernel.refill(table, draws, f"block * {64 * len(draws)} + {LANES} * {{}} + lane", loops)


def _load_inputs(kernel: _Kernel, plan: NeuronPlan) -> None:
    zero = kernel.literal(0.0)
    for k, receptor in enumerate(plan.receptors):
        kind, place = kernel.accessors("input", k), f"arriving_{k}_, {LANES} * block + lane"
        kernel.add(
            3,
            f"{kernel.name(receptor.input)} = load_{kind}({place})",
            f"store_{kind}({place}, {zero})",
        )


def _begin_spikes(kernel: _Kernel, table: dict[str, int]) -> None:
    kernel.add(
        1,
        f"row = step & a[{table['ring_mask']}]",
        f"ids = int32_at(a[{table['ids']}] + 4 * (row * n_pad + {LANES} * first))",
        "count = 0",
    )


def _end_spikes(kernel: _Kernel, table: dict[str, int]) -> None:
    """Ids of those that fired, ascending; lanes beyond the last neuron never do."""
    kernel.add(
        2,
        "if fired != 0:",
        f"    rest = n - {LANES} * block",
        f"    if rest < {LANES}:",
        "        fired = int32(fired & ((1 << rest) - 1))",
        "    while fired != 0:",
        f"        ids[count] = int32({LANES} * block + first_flag(fired))",
        "        count += 1",
        "        fired = int32(fired & (fired - 1))",
    )
    kernel.add(
        1,
        f"counts = int64_at(a[{table['counts']}])",
        f"counts[row * a[{table['threads']}] + thread] = count",
    )


def algebraic_source(
    plan: NeuronPlan, quantity: str, varying: Collection[str], precision: Precision
) -> str:
    """A module whose `kernel` evaluates one algebraic quantity; layout as in `neuron_source`."""
    where = layout(plan, varying)
    body = needed(plan.algebraic, quantity)
    used = names_in(s.expression for s in body)
    kernel = _Kernel(f"{quantity!r} of neurons {plan.name!r}", precision)
    table = ALGEBRAIC
    kernel.add(
        1,
        "a = int64_at(table)",
        f"elapsed = step - a[{table['offset']}]",
        f"if elapsed % a[{table['every']}] != 0:",
        "    return",
        f"row = elapsed // a[{table['every']}] * a[{table['stride']}]",
        f"neurons = int64_at(a[{table['neurons']}])",
        f"split = int64_at(a[{table['split']}])",
        f"lanes = real_at(a[{table['lanes']}])",
        f"current = real_at(a[{table['current']}])",
        f"out = float64_at(a[{table['out']}])",
    )
    kernel.shared(table["shared"], where.shared, used)
    kernel.time(table["dt"], used, "step")
    kernel.add(
        1,
        "for reader in range(split[thread], split[thread + 1]):",
        "    neuron = neurons[reader]",
        f"    base = (neuron >> 4) * {LANES * len(where.fields)} + (neuron & {LANES - 1})",
    )
    for k, name in enumerate(where.fields):
        if name in used:
            kernel.add(2, f"{kernel.name(name)} = load_lanes(lanes, base + {LANES * k})")
    if "i_inj" in used:
        kernel.add(2, f"{kernel.name('i_inj')} = load_current(current, neuron)")
    kernel.add(2, *kernel.lowering.lower_all(body))
    value = kernel.name(quantity)
    if kernel.lowering.kinds[quantity] == "bool":
        value = f"select({value}, 1.0, 0.0)"
    kernel.add(2, f"out[row + reader] = float64({value})")
    return kernel.source()


def current_source(plan: CurrentPlan, varying: Collection[str], precision: Precision) -> str:
    """A module whose `kernel` advances a current source by one step and adds it to its targets."""
    where = layout(plan, varying)
    body = _required(plan, "amplitude")
    used, written = names_in(s.expression for s in body), assigned(body)
    kernel = _Kernel(f"One step of currents {plan.name!r}", precision)
    table, size = CURRENT, SIZE[precision]
    kernel.add(
        1,
        "a = int64_at(table)",
        f"targets = int64_at(a[{table['targets']}])",
        f"current = real_at(a[{table['current']}])",
        f"trace = real_at(a[{table['trace']}])",
        f"split = int64_at(a[{table['split']}])",
        "first = split[thread]",
        "last = split[thread + 1]",
        f"n_columns = a[{table['n_columns']}]",
    )
    accessors = dict.fromkeys(where.fields, "columns")
    for k, name in enumerate(where.fields):
        if name in used | written:
            kernel.add(1, f"column_{k}_ = real_at(a[{table['columns']}] + {size * k} * n_columns)")
        if name in written:
            accessors[name] = kernel.accessors("state", k)
    kernel.shared(table["shared"], where.shared, used)
    kernel.time(table["dt"], used, "step - 1")
    own = f"range({LANES} * thread, {LANES} * thread + 1)"
    loop = f"for column in {'range(first, last)' if plan.per_target else own}:"
    if any(draw.name in used for draw in plan.draws):
        member = "column" if plan.per_target else "0"
        kernel.refill(
            table, plan.draws, "{} * n_columns + column", [loop, f"    member = {member}"]
        )
    kernel.add(1, loop)
    for k, name in enumerate(where.fields):
        if name in used:
            kernel.add(2, f"{kernel.name(name)} = load_{accessors[name]}(column_{k}_, column)")
    for k, draw in enumerate(plan.draws):
        if draw.name in used:
            place = f"({4 * k} + (step & 3)) * n_columns + column"
            kernel.add(2, f"{kernel.name(draw.name)} = load_draws(draws, {place})")
    kernel.add(2, *kernel.lowering.lower_all(body))
    for k, name in enumerate(where.fields):
        if name in written:
            kernel.add(2, f"store_{accessors[name]}(column_{k}_, column, {kernel.name(name)})")
    kernel.add(2, f"store_trace(trace, column, {kernel.name('amplitude')})")
    column = "reader" if plan.per_target else f"{LANES} * thread"
    kernel.add(
        1,
        "for reader in range(first, last):",
        f"    current[targets[reader]] += trace[{column}]",
    )
    return kernel.source()
