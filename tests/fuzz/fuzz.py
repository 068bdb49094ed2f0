"""Fuzz one target, guided by coverage: ``python tests/fuzz/fuzz.py framing -max_total_time=60``.

Needs the extra ``fuzz`` (atheris, Linux).  Arguments after the target are libFuzzer's.  What it
finds is written into the present folder; put a minimised copy into ``tests/fuzz/corpus/<target>/``
when the defect is mended, so that the tests replay it for ever.
"""

import os
import sys
from pathlib import Path


def main():
    """Hand the chosen target to libFuzzer."""
    # Compiled kernels show no coverage, and instrumented ones do not compile.
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import atheris

    with atheris.instrument_imports(include=["firmware_protocol"]):
        from tests.fuzz import targets
    if len(sys.argv) < 2 or sys.argv[1] not in targets.TARGETS:
        raise SystemExit(f"usage: fuzz.py TARGET [libFuzzer options]; one of {[*targets.TARGETS]}")
    name = sys.argv.pop(1)
    corpus = targets.CORPUS / name
    # The first folder is where libFuzzer puts what it finds interesting; ours is only read.
    found = Path("fuzz-corpus") / name
    found.mkdir(parents=True, exist_ok=True)
    arguments = [sys.argv[0], *sys.argv[1:], str(found), str(corpus)]
    atheris.Setup(arguments, lambda data: targets.run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
