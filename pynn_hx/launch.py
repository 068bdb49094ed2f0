"""``pynn-hx run``: an unchanged PyNN script, with ``hx`` among the backends it can pick."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from .alias import register_pynn_alias
from .device import DEVICES, Device, default_device, set_default_device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pynn-hx run``."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="what the backend hx computes on if the script does not say (default: auto)",
    )
    parser.add_argument("script", type=Path, help="a PyNN script")
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="BACKEND ...",
        help="what the script gets: usually the word of a backend (hx, nest, brian2) and its own",
    )


def run_script(script: Path, arguments: Sequence[str], *, device: Device = "auto") -> None:
    """Run a script as ``python script arguments`` does, with `pyNN.hx` in place.

    Raises whatever the script raises, and FileNotFoundError if there is no such file.
    """
    if not script.is_file():
        raise FileNotFoundError(
            f"pynn-hx run: there is no script {str(script)!r} in {Path.cwd()}; options such as "
            "--device stand before the script, its own arguments after it"
        )
    register_pynn_alias()
    argv, path, before = sys.argv, sys.path[:], default_device()
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    set_default_device(device)
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv, sys.path[:] = argv, path
        set_default_device(before)


def run(chosen: argparse.Namespace) -> int:
    """Run what `add_arguments` has parsed; returns the exit status."""
    try:
        run_script(chosen.script, chosen.arguments, device=chosen.device)
    except FileNotFoundError as error:
        if not str(error).startswith("pynn-hx run:"):
            raise
        print(error, file=sys.stderr)
        return 2
    return 0
