"""The console command ``pynn-hx``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from firmware_protocol import ProtocolError

from . import launch, serve, targets, words

_INTRODUCTION = "pynn_introduction.py"


def introduction() -> Path:
    """The introduction's program: beside this file if installed, else in the repository."""
    package = Path(__file__).parent
    for folder in (package / "examples", package.parent / "examples"):
        if (folder / _INTRODUCTION).is_file():
            return folder / _INTRODUCTION
    raise FileNotFoundError(
        f"{_INTRODUCTION} is neither in {package / 'examples'} nor in "
        f"{package.parent / 'examples'}; install the package again"
    )


def demo(target: str | None) -> None:
    """Run the introduction: prints the spikes, writes membrane.png into the present folder."""
    if importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("pynn-hx demo draws a picture; pip install 'pynn-hx[plot]' first")
    os.environ.setdefault("MPLBACKEND", "Agg")
    if target is not None:
        os.environ[targets.ENVIRONMENT] = target
    print("Running the introduction; a first run on a machine compiles for 10 to 20 s.")
    sys.stdout.flush()
    runpy.run_path(str(introduction()), run_name="__main__")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="pynn-hx", description="PyNN on the BrainScaleS-2 chip")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("demo", help="run the introduction; writes membrane.png here")
    command.add_argument(
        "--target",
        help=f"what to run on (default: {targets.ENVIRONMENT} or {targets.DEFAULT!r})",
    )
    launch.add_arguments(
        commands.add_parser("run", help="run a PyNN script, with hx among its backends")
    )
    serving = commands.add_parser("serve", help="offer an emulator or a chip to other programs")
    serve.add_arguments(serving)
    words.add_arguments(
        commands.add_parser("words", help="encode, decode, compare and check register words")
    )
    chosen = parser.parse_args(arguments)
    if chosen.command == "demo":
        try:
            demo(chosen.target)
        except (ProtocolError, ValueError) as error:
            print(f"pynn-hx demo: {error}", file=sys.stderr)
            return 2
        return 0
    commands_of_their_own = {"run": launch.run, "serve": serve.run, "words": words.run}
    return commands_of_their_own[chosen.command](chosen)


if __name__ == "__main__":
    sys.exit(main())
