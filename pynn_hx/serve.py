"""``pynn-hx serve``: offer an emulator, or a chip attached to this machine, to other programs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator

from firmware_protocol import ProtocolError
from firmware_protocol.server import Backend, Limits, check, place, security, serve

from . import targets

_log = logging.getLogger("pynn_hx.serve")

LISTEN = "tcp://127.0.0.1:5000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    limits = Limits()
    parser.add_argument(
        "--listen",
        action="append",
        metavar="URL",
        help="where clients come in: tcp://HOST:PORT, serial:///dev/..., "
        f"udp://127.0.0.1; may be repeated (default: {LISTEN})",
    )
    parser.add_argument(
        "--target",
        default=targets.DEFAULT,
        metavar="URL",
        help="what is offered: an emulator for each client, or one chip for all "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--secret-file",
        metavar="FILE",
        help="what TCP clients must know; required if other machines can connect",
    )
    parser.add_argument("--certificate", metavar="FILE", help="encrypt TCP: certificate chain, PEM")
    parser.add_argument("--key", metavar="FILE", help="the certificate's private key, PEM")
    parser.add_argument(
        "--max-clients",
        type=int,
        default=limits.clients,
        metavar="N",
        help="clients at a time (default: %(default)s)",
    )
    parser.add_argument(
        "--max-program-words",
        type=int,
        default=limits.program_words,
        metavar="N",
        help="words of a program (default: %(default)s)",
    )
    parser.add_argument(
        "--max-response-words",
        type=int,
        default=limits.response_words,
        metavar="N",
        help="words of a response (default: %(default)s)",
    )
    parser.add_argument(
        "--idle-timeout",
        type=float,
        default=limits.idle_s,
        metavar="SECONDS",
        help="send clients away that are silent for so long; 0: never (default: %(default)g)",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="log more than clients, programs and errors"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted or terminated; the exit status."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    try:
        asyncio.run(_serve(arguments))
    except (ProtocolError, ValueError) as error:
        print(f"pynn-hx serve: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        _log.info("interrupted before the server was open")
    return 0


async def _serve(arguments: argparse.Namespace) -> None:
    """Check everything, then open."""
    places = [place(url) for url in arguments.listen or [LISTEN]]
    safety = security(
        secret_file=arguments.secret_file, certificate=arguments.certificate, key=arguments.key
    )
    check(places, safety)
    limits = Limits(
        clients=arguments.max_clients,
        program_words=arguments.max_program_words,
        response_words=arguments.max_response_words,
        idle_s=arguments.idle_timeout,
    )
    backend: Backend = targets.backend(arguments.target)
    stop = asyncio.Event()
    with _stopped_by_signals(stop):
        await serve(
            backend, places, safety=safety, limits=limits, stop=stop,
            ready=lambda urls: _announce(urls, backend),
        )  # fmt: skip


def _announce(urls: list[str], backend: Backend) -> None:
    _log.info("offering %s", backend.identifier)
    for url in urls:
        print(f"listening on {url}", flush=True)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Interrupt and termination set `stop` instead of killing a server with work in hand."""
    loop = asyncio.get_running_loop()

    def set_stop(number: int, frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {n: signal.signal(n, set_stop) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
