"""A number that changes with any source file of this package, for what is kept on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numba


def _digest() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


ENGINE_DIGEST = _digest()
