"""Test files that need Numba's CUDA simulator, which a process has to choose before it starts.

A file of cases is an ordinary file of tests that is not collected by itself.  It runs once in a
process of its own; each of its tests is then a test here.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "unit" / "simulator" / "cuda_cases"


def names_of(file):
    """The tests of a file of cases, without importing it."""
    tree = ast.parse((CASES / file).read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if name.startswith("test_")]


def outcomes(file, folder, *, simulated):
    """What became of each test: name -> messages of failures, empty if it passed.

    folder     for the report
    simulated  in Numba's simulator; else on a device
    """
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1" if simulated else "0"}
    report = Path(folder) / "report.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(CASES / file), "-q", "-p", "no:cacheprovider",
         "-p", "no:xdist", f"--junitxml={report}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not report.exists():
        raise RuntimeError(f"{file}: pytest wrote no report\n{done.stdout}\n{done.stderr}")
    found = {name: [] for name in names_of(file)}
    for case in ElementTree.parse(report).iter("testcase"):
        messages = found.setdefault(case.get("name").split("[")[0], [])
        messages += [part.text or part.get("message") for part in case if part.tag in BAD]
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{file}: pytest ended with {done.returncode}\n{done.stdout}")
    return found


BAD = ("failure", "error")
