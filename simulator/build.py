"""From models to compiled kernels, kept on disk: a second process derives and compiles nothing.

Three things are kept in the cache folder, under names that are hashes of what they follow from:
plans (JSON), source text of kernels (Python), and beside those their machine code (by Numba).  The
folder is $PYNN_HX_CACHE, or ``pynn-hx`` in the cache folder of the user; if nothing can be written
there, a temporary one, which ends with the process.  Files are written under another name and then
renamed, so several processes may share a folder.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib
import importlib.util
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from numba import cfunc

from . import algebra
from .generators import cpu
from .generators.base import layout
from .kernels.memory import on_disk
from .models import CurrentModel, Model, NeuronModel, SynapseModel, definition
from .specification import Precision
from .statements import CurrentPlan, NeuronPlan, Plan, SynapsePlan, from_plain, to_plain

F64 = npt.NDArray[np.float64]
PLANNING = ("*.py",)
"""Files that plans follow from, besides models."""
GENERATING = ("statements.py", "build.py", "generators/*.py", "kernels/*.py")
"""Files that machine code follows from, besides plans."""
_SIGNATURE = "void(int64,int64,int64)"
_FIXED_TIME_S = 1_000_000_000
"""Modification time of all generated sources: Numba compiles anew when it changes, but a file under
the same name always has the same content, whoever wrote it last."""
_cfunc: Any = cfunc  # its stub does not know `_nrt` (no reference counts)


@dataclass(frozen=True)
class Kernel:
    """Machine code of ``kernel(address of table, step, thread)``.

    fields, shared  where values stand, see `generators.base.Layout`
    """

    address: int
    fields: tuple[str, ...]
    shared: tuple[str, ...]
    keep: Any = field(repr=False, compare=False, default=None)


NeuronKernel = CurrentKernel = AlgebraicKernel = Kernel


def cache_folder() -> Path:
    """Where plans and kernels are kept."""
    return _cache_folder(os.environ.get("PYNN_HX_CACHE"))


@functools.cache
def _cache_folder(wanted: str | None) -> Path:
    folder = Path(wanted) if wanted else _user_cache() / "pynn-hx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        temporary = tempfile.TemporaryDirectory(prefix="pynn-hx-")
        _temporary_folders.append(temporary)
        warnings.warn(
            f"kernels cannot be kept in {folder} ({error.strerror or error}), so every process "
            "compiles its own; set PYNN_HX_CACHE to a folder that can be written",
            stacklevel=4,
        )
        return Path(temporary.name)


_temporary_folders: list[tempfile.TemporaryDirectory[str]] = []  # they vanish with this list


def _user_cache() -> Path:
    """The cache folder of the user, as the platform has it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@functools.cache
def _digest_of_engine(patterns: tuple[str, ...]) -> str:
    """Changes with the source files of this package that fit some patterns."""
    home = Path(__file__).parent
    files = sorted(file for pattern in patterns for file in home.glob(pattern))
    return _hash(*(file.read_text(encoding="utf-8") for file in files))


def _hash(*texts: str) -> str:
    """Of several texts; where one ends and the next begins counts."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Put a whole file in its place at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.utime(temporary, (_FIXED_TIME_S, _FIXED_TIME_S))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _planned(model: Model) -> Plan:
    planning = importlib.import_module(".planning", __package__)  # sympy: only when it is needed
    makers: dict[type, Callable[[Any], Plan]] = {
        NeuronModel: planning.plan_neuron,
        SynapseModel: planning.plan_synapse,
        CurrentModel: planning.plan_current,
    }
    return makers[type(model)](model)


@overload
def plan_of(model: NeuronModel) -> NeuronPlan: ...
@overload
def plan_of(model: SynapseModel) -> SynapsePlan: ...
@overload
def plan_of(model: CurrentModel) -> CurrentPlan: ...
def plan_of(model: Model) -> Plan:
    """The plan of a model: from disk, or made by `planning` (which imports sympy) and put there."""
    return _plan_of_text(definition(model), model)


_plans: dict[str, Plan] = {}  # by definition: asked for once per population and current source


def _plan_of_text(text: str, model: Model) -> Plan:
    if text not in _plans:
        _plans[text] = _kept_or_made(text, model)
    return _plans[text]


def _kept_or_made(text: str, model: Model) -> Plan:
    name = _hash(text, _digest_of_engine(PLANNING))
    path = cache_folder() / "plans" / f"{name}.json"
    try:
        return from_plain(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        plan = _planned(model)
        _write(path, json.dumps(to_plain(plan), indent=1))
        return plan


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep Python from looking for garbage, of which a compiler makes little."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def compiled(function: Callable[..., None]) -> Any:
    """A function of (table, step, thread) as machine code with an `address`, kept by Numba.

    Numba renews it when its file changes.  Who takes in functions from other files puts their
    digest into its name, as `generated` does.
    """
    with _no_collections():
        return on_disk(
            lambda cache: _cfunc(_SIGNATURE, cache=cache, error_model="numpy", _nrt=False)(function)
        )


def generated(label: str, identity: Iterable[str], source: Callable[[], str]) -> Any:
    """Machine code of a generated module's `kernel`; an object with an `address`.

    label     a few words for the file name
    identity  texts that the source follows from
    source    makes the module; only called when there is none under this identity
    """
    name = _hash(_digest_of_engine(GENERATING), label, *identity)
    return _loaded(_identifier(label), name, source)


def _identifier(label: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in label)


_kernels: dict[Path, Any] = {}  # by file: a kernel is loaded once per process


def _loaded(label: str, name: str, source: Callable[[], str]) -> Any:
    path = cache_folder() / "kernels" / f"{label}_{name[:32]}.py"
    if path not in _kernels:
        if not path.exists():
            _write(path, source())
        _kernels[path] = compiled(_imported(path).kernel)
    return _kernels[path]


def _imported(path: Path) -> ModuleType:
    """A module from a file; machine code from disk asks for it by name."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


@functools.cache
def _plain_text(plan: Plan) -> str:
    return json.dumps(to_plain(plan))


def _kernel(
    plan: NeuronPlan | CurrentPlan,
    kind: str,
    varying: Collection[str],
    precision: Precision,
    source: Callable[[], str],
) -> Kernel:
    where = layout(plan, varying)
    identity = (_plain_text(plan), ",".join(sorted(varying)), precision)
    code = generated(f"{kind}_{plan.name}", identity, source)
    return Kernel(code.address, where.fields, where.shared, code)


def neuron_kernel(plan: NeuronPlan, varying: Collection[str], precision: Precision) -> Kernel:
    """The kernel that advances neurons by a step; `tables.neuron_table` makes its table.

    varying  parameters and constants that differ between neurons
    """
    return _kernel(
        plan, "neurons", varying, precision, lambda: cpu.neuron_source(plan, varying, precision)
    )


def current_kernel(plan: CurrentPlan, varying: Collection[str], precision: Precision) -> Kernel:
    """The kernel of a current source; `tables.current_table` makes its table.

    varying  parameters and constants that differ between targets
    """
    return _kernel(
        plan, "current", varying, precision, lambda: cpu.current_source(plan, varying, precision)
    )


def algebraic_kernel(
    plan: NeuronPlan, quantity: str, varying: Collection[str], precision: Precision
) -> Kernel:
    """The kernel that evaluates an algebraic quantity; `tables.algebraic_table` makes its table.

    Fields and shared values are those of `neuron_kernel`.
    """
    return _kernel(
        plan,
        f"{quantity}_of",
        varying,
        precision,
        lambda: cpu.algebraic_source(plan, quantity, varying, precision),
    )


def constants(
    plan: Plan, values: Mapping[str, float | F64], dt_ms: float
) -> dict[str, float | F64]:
    """The constants of a plan from its parameters (numbers or columns), in float64.

    A constant is a column if a parameter that it follows from is.
    """
    known: dict[str, Any] = {**values, "dt": dt_ms}
    for constant in plan.constants:
        known[constant.name] = algebra.value(constant.expression, known)
    return {constant.name: known[constant.name] for constant in plan.constants}
