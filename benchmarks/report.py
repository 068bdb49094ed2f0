"""What all benchmarks do with their figures: print a table, write JSON where asked."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

import numba


def run(doc: str, measure: Callable[[int], dict[str, float]], *, repeats: int) -> None:
    """Parse the command line, measure, and report.

    doc      the script's docstring; its first line is the help text
    measure  repeats -> figures by name; the name says the unit
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--repeats", type=int, default=repeats)
    arguments = parser.parse_args()
    figures = measure(arguments.repeats)
    for name, value in figures.items():
        print(f"{name:<72}{value:10.3f}")
    if arguments.json:
        write_json(arguments.json, figures)


def write_json(file: Path, figures: Mapping[str, object]) -> None:
    """Figures by name, with date, versions and machine."""
    about = {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }
    file.write_text(json.dumps({"about": about, "figures": figures}, indent=1) + "\n")
