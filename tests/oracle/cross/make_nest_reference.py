"""Write what NEST says about our comparison cells and networks, with its version and the date.

Run it where NEST and PyNN are installed, in the repository's root:

    python -m tests.oracle.cross.make_nest_reference [--cells] [FOLDER]

It writes ``nest_cells.npz`` (traces and spikes of `single_cells`) and ``nest_networks.json``
(statistics of `networks`, several draws each) beside this file, or into FOLDER.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np

from tests.oracle.cross import networks, single_cells

SEEDS = range(1, 11)
ON_GRID = {"spike_precision": "on_grid", "verbosity": "error"}
EVERY = {"v": 1}
"""Of other variables than v, every tenth sample is kept."""


def backend() -> Any:
    """PyNN on NEST, loaded only here: pytest imports this file where there is no NEST.

    PyNN 0.13.0 names the variables of two cells wrongly or not at all, so that recording fails.
    """
    sim = importlib.import_module("pyNN.nest")
    sim.IF_curr_delta.variable_map = {"v": "V_m"}
    sim.IF_curr_delta.scale_factors = {"v": 1}
    both = sim.IF_cond_exp_gsfa_grr
    both.variable_map = {**both.variable_map, "g_r": "g_rr", "g_s": "g_sfa"}
    both.scale_factors = {**both.scale_factors, "g_r": 1.0, "g_s": 1.0}  # nS
    return sim


def source() -> dict[str, str]:
    """Versions and date."""
    versions = {
        package: importlib.metadata.version(package) for package in ("nest-simulator", "pyNN")
    }
    today = datetime.date.today().isoformat()
    return {**versions, "python": platform.python_version(), "date": today}


def cells(sim: Any) -> dict[str, Any]:
    """Traces and spikes of all cells, by ``name/strength/variable``."""
    found: dict[str, Any] = {}
    for name in single_cells.CELLS:
        for strength in ("weak", "strong"):
            result = single_cells.run(sim, name, strong=strength == "strong", **ON_GRID)
            for variable, values in result.items():
                step = 1 if variable == "spikes" else EVERY.get(variable, 10)
                found[f"{name}/{strength}/{variable}"] = values[::step]
    return found


def statistics(sim: Any, name: str) -> dict[str, list[float]]:
    """Each statistic of a network for each seed."""
    rows = []
    for seed in SEEDS:
        rows.append(networks.run(sim, name, seed, rng_seed=seed, **ON_GRID))
        print(name, seed, rows[-1], flush=True)
    return {statistic: [row[statistic] for row in rows] for statistic in networks.STATISTICS}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", action="store_true", help="only the cells, which take seconds")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    chosen = parser.parse_args()
    sim = backend()
    np.savez_compressed(chosen.folder / "nest_cells.npz", source=json.dumps(source()), **cells(sim))
    if not chosen.cells:
        written = {"source": source(), "seeds": list(SEEDS), "end_ms": networks.END_MS}
        for name in networks.NETWORKS:
            written[name] = statistics(sim, name)
        text = json.dumps(written, indent=1)
        (chosen.folder / "nest_networks.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
