"""Fuzz one target, guided by coverage: ``python tests/fuzz/fuzz.py framing -max_total_time=60``.

Needs the extra ``fuzz`` (atheris, Linux).  Arguments after the target are libFuzzer's.  What it
finds is written into the present folder; put a minimised copy into ``tests/fuzz/corpus/<target>/``
when the defect is mended, so that the tests replay it for ever.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports(include=["firmware_protocol"]):
    from tests.fuzz import targets


def main():
    """Hand the chosen target to libFuzzer."""
    if len(sys.argv) < 2 or sys.argv[1] not in targets.TARGETS:
        raise SystemExit(f"usage: fuzz.py TARGET [libFuzzer options]; one of {[*targets.TARGETS]}")
    name = sys.argv.pop(1)
    corpus = targets.CORPUS / name
    seeds = [str(corpus)] if corpus.is_dir() else []
    atheris.Setup([sys.argv[0], *sys.argv[1:], *seeds], lambda data: targets.run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
