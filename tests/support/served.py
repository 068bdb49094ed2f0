"""A server in a process of its own, and clients that talk to it."""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

from firmware_protocol import Target, transports

ROOT = Path(__file__).parents[2]
LIMIT_S = 90
"""The first run on a machine compiles."""


class Served:
    """A running `pynn-hx serve`: where it listens, and what it has logged."""

    def __init__(self, process, urls, log):
        self.process, self.urls, self._log = process, urls, log

    @property
    def log(self):
        return self._log.read_text(encoding="utf-8")


def command(*options):
    return [sys.executable, "-m", "pynn_hx.cli", "serve", *map(str, options)]


def environment():
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYNN_HX_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def serving(folder, *options, listen=("tcp://127.0.0.1:0",)):
    """Start a server, wait until it listens, and kill it in the end whatever happens."""
    listens = [word for url in listen for word in ("--listen", url)]
    log = folder / "server.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command(*listens, *options),
            cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    lines = queue.Queue()
    reader = threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        urls = []
        for _ in listen:
            line = lines.get(timeout=LIMIT_S)
            assert line.startswith("listening on "), log.read_text(encoding="utf-8")
            urls.append(line.removeprefix("listening on ").strip())
        yield Served(process, urls, log)
    finally:
        process.kill()
        process.wait(LIMIT_S)
        reader.join(LIMIT_S)
        process.stdout.close()


def _pass_on(stream, lines):
    for line in stream:
        lines.put(line)
    lines.put("the server has ended")


@contextlib.contextmanager
def connected(url):
    """A connection, closed in the end."""
    connection = transports.open(Target.parse(url))
    try:
        yield connection
    finally:
        connection.close()


def at_once(*functions):
    """Run functions in threads of their own; their results, or the first error."""
    results, errors = [None] * len(functions), []

    def call(place, function):
        try:
            results[place] = function()
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=call, args=item, daemon=True) for item in enumerate(functions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "a client hangs"
    if errors:
        raise errors[0]
    return results
