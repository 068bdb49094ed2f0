"""Source text of kernels to kernels: each text once, its machine code kept on disk by Numba.

The simulator compiles nothing, so there the text only goes where tracebacks look for it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import linecache
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..build import cache_folder
from ..digest import ENGINE_DIGEST
from .launch import SIMULATED

_FIXED_TIME_S = 1_000_000_000
"""Modification time of all files: Numba compiles anew when it changes, but a name means a text."""


@functools.cache
def compiled(text: str, name: str) -> Any:
    """The function `name` of a kernel's source; the device's compiler runs at its first launch."""
    digest = hashlib.sha256(f"{ENGINE_DIGEST}\n{text}".encode()).hexdigest()[:32]
    stem = f"cuda_{name}_{digest}"
    return getattr(_in_memory(stem, text) if SIMULATED else _from_file(stem, text), name)


def _in_memory(stem: str, text: str) -> Any:
    file = f"<{stem}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = type(sys)(stem)
    exec(compile(text, file, "exec"), vars(module))
    return module


def _from_file(stem: str, text: str) -> Any:
    path = cache_folder() / "kernels" / f"{stem}.py"
    if not path.exists():
        _write(path, text)
    specification = importlib.util.spec_from_file_location(stem, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[stem] = module
    specification.loader.exec_module(module)
    return module


def _write(path: Path, text: str) -> None:
    """Put a whole file in its place at once: another process may be doing the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".new", delete=False, encoding="utf-8", newline="\n"
    ) as file:
        file.write(text)
    os.utime(file.name, (_FIXED_TIME_S, _FIXED_TIME_S))
    os.replace(file.name, path)
