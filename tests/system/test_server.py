"""A server in its own process, and clients over real sockets.

Oracle: the same programs on an emulator in this process (for the introduction, byte for byte).
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import trustme

from firmware_protocol import LinkError, Target, decode, framing
from firmware_protocol.handshake import ClientHandshake, HandshakeError
from firmware_protocol.transports import tcp
from pynn_hx import targets
from tests.support import emulated
from tests.support.fake_chip import program
from tests.support.recorder import Tape
from tests.support.served import LIMIT_S, at_once, command, connected, environment, serving
from tests.system.test_introduction import introduction

with contextlib.suppress(ImportError):  # POSIX only
    import pty
    import tty

SECRET = "correct-horse-battery"
NEURON = 0x160002
UDP = "udp://127.0.0.1?data_port=0&reset_port=0"


@pytest.fixture(autouse=True)
def _no_secret_from_outside(monkeypatch):
    monkeypatch.delenv("PYNN_HX_SECRET_FILE", raising=False)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    """One server for the tests that need nothing special: an emulator for each client."""
    with serving(tmp_path_factory.mktemp("server"), listen=("tcp://127.0.0.1:0", UDP)) as served:
        yield served


@pytest.fixture(scope="module")
def lesson():
    """The introduction's words and their response, in this process."""
    tape = Tape()
    introduction(connection=tape)
    return tape.programs[0], tape.responses[0]


@pytest.fixture
def secret_file(tmp_path):
    return written_secret(tmp_path / "secret", SECRET)


def written_secret(file, text):
    file.write_text(text)
    file.chmod(0o600)
    return file


def run_with(level):
    """Words of a run with a neuron that fires at a rate which `level` decides."""
    config = emulated.chip(0, leak_v_leak=level)
    emulated.close_crossbar(config)
    return emulated.experiment(config, 200.0, madc=False)


AGAIN = emulated.experiment(None, 200.0, madc=False, fresh=False)
"""The same run once more, with whatever the chip is set to."""


@pytest.mark.parametrize("line", [0, 1], ids=["tcp", "udp"])
def test_the_introduction_gives_the_same_bytes_as_in_process(emulator, lesson, line):
    words, expected = lesson
    with connected(emulator.urls[line]) as connection:
        assert np.array_equal(connection.execute(words), expected)


def test_clients_with_different_configurations_do_not_influence_each_other(emulator):
    levels = (700, 950, 1000)

    def alone(level):
        chip = targets.connect("emulator:")
        return [chip.execute(words) for words in (run_with(level), AGAIN, AGAIN)]

    def remote(level):
        with connected(emulator.urls[0]) as chip:
            return [chip.execute(words) for words in (run_with(level), AGAIN, AGAIN)]

    found = at_once(*(lambda level=level: remote(level) for level in levels))
    expected = [alone(level) for level in levels]
    for ours, theirs in zip(expected, found, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert np.array_equal(a, b)
    assert len({responses[0].tobytes() for responses in expected}) == len(levels)


def test_a_chip_is_shared_between_clients_that_each_find_their_settings(emulator, tmp_path):
    url = emulator.urls[0]
    with serving(tmp_path, "--target", url) as shared:
        with connected(shared.urls[0]) as a, connected(shared.urls[0]) as b:
            a.execute(program((NEURON, 1)))
            b.execute(program((NEURON, 2), (NEURON + 8, 3)))
            reads = [
                decode(c.execute(program(reads=[NEURON, NEURON + 8]))).reads.tolist()
                for c in (a, b, a)
            ]
    assert reads == [[1, 0], [2, 3], [1, 0]]


def raw(emulator):
    """A plain socket to the server."""
    host, port = tcp.address(Target.parse(emulator.urls[0]).location)
    return socket.create_connection((host, port), timeout=10)


def welcomed(emulator):
    """A socket past the handshake."""
    connection = raw(emulator)
    handshake = ClientHandshake(server="test", secret=None)
    while not handshake.finished:
        connection.sendall(handshake.outgoing())
        handshake.incoming(connection.recv(4096))
    return connection


def drain(connection):
    """Everything until the other end closes."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(4096):
            data += piece
    return data


def send_garbage_first(emulator):
    with raw(emulator) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(bytes(range(256)) * 100)
        drain(connection)


def send_garbage_after_the_welcome(emulator):
    random = np.random.default_rng(4)
    with welcomed(emulator) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(random.bytes(100_000))
            connection.sendall(b"".join(framing.encode(random.bytes(50)) for _ in range(100)))
            connection.shutdown(socket.SHUT_WR)
        drain(connection)


def leave_in_the_middle_of_a_frame(emulator):
    with welcomed(emulator) as connection:
        connection.sendall(framing.encode(b"\0" + bytes(60))[:20])


def never_read(emulator):
    with welcomed(emulator) as connection:
        time.sleep(0.2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def send_what_is_no_program(emulator):
    with connected(emulator.urls[0]) as chip:
        trace = decode(chip.execute(np.array([0x77 << 56, 0x0A << 56], np.uint64)))
    assert trace.halted, "the chip ignores what it does not understand"


def be_killed_while_a_program_runs(emulator):
    script = (
        "import sys; sys.argv.pop(0)\n"
        "from firmware_protocol import Target, transports\n"
        "from tests.system import test_server as t\n"
        "chip = transports.open(Target.parse(sys.argv[0]))\n"
        "print('connected', flush=True)\n"
        "while True: chip.execute(t.run_with(1000))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, emulator.urls[0]],
        env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process.stdout:
        assert process.stdout.readline() == "connected\n"
        time.sleep(0.3)
        process.kill()
        process.wait(LIMIT_S)


@pytest.mark.parametrize(
    "misbehave",
    [
        send_garbage_first,
        send_garbage_after_the_welcome,
        leave_in_the_middle_of_a_frame,
        never_read,
        send_what_is_no_program,
        be_killed_while_a_program_runs,
    ],
)
def test_a_client_that_misbehaves_does_not_hurt_another(emulator, misbehave):
    words = run_with(960)
    expected = targets.connect("emulator:").execute(words)

    def behave():
        with connected(emulator.urls[0]) as chip:
            first = chip.execute(words)
            return first, [chip.execute(AGAIN) for _ in range(5)]

    (first, _), _ = at_once(behave, lambda: misbehave(emulator))
    assert np.array_equal(first, expected)
    assert emulator.process.poll() is None
    assert "defect of the server" not in emulator.log


def test_an_error_is_told_to_the_client_with_its_reason(tmp_path):
    limit = ("--max-response-words", "5")
    with serving(tmp_path, *limit) as served, connected(served.urls[0]) as chip:
        with pytest.raises(LinkError, match=r"the response has \d+ words, the server passes on 5"):
            chip.execute(program(reads=[NEURON] * 10))
        with pytest.raises(LinkError):
            chip.execute(program())


def test_who_knows_the_secret_gets_in_and_nobody_else(tmp_path, secret_file):
    wrong = written_secret(tmp_path / "wrong", "another-horse-battery")
    with serving(tmp_path, "--secret-file", secret_file) as served:
        url = served.urls[0]
        with connected(f"{url}?secret_file={secret_file}") as chip:
            assert decode(chip.execute(program(reads=[NEURON]))).halted
        with pytest.raises(HandshakeError, match=r"refused the connection: authentication failed"):
            tcp.open_channel(Target.parse(f"{url}?secret_file={wrong}"))
        with pytest.raises(HandshakeError, match=r"asks for a secret"):
            tcp.open_channel(Target.parse(url))
        assert "refused: authentication failed (invalid-proof)" in served.log
        assert SECRET not in served.log


def test_a_recorded_handshake_does_not_let_anybody_in(tmp_path, secret_file):
    with serving(tmp_path, "--secret-file", secret_file) as served:
        handshake, sent = ClientHandshake(server="test", secret=SECRET), []
        with raw(served) as connection:
            while not handshake.finished:
                sent.append(handshake.outgoing())
                connection.sendall(sent[-1])
                handshake.incoming(connection.recv(4096))
        with raw(served) as connection:
            for data in sent:
                connection.sendall(data)
                answer = connection.recv(4096)
            answer += drain(connection)
    assert b"authentication failed" in answer


def test_tls_with_a_certificate_of_a_known_authority(tmp_path, secret_file):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    options = ("--certificate", "certificate.pem", "--key", "key.pem", "--secret-file", secret_file)
    with serving(tmp_path, *options) as served:
        url = served.urls[0]
        good = f"{url}?tls=1&ca={tmp_path / 'ca.pem'}&secret_file={secret_file}"
        words = run_with(960)
        with connected(good) as chip:
            assert np.array_equal(chip.execute(words), targets.connect("emulator:").execute(words))
        with pytest.raises(LinkError, match="not to be trusted"):
            tcp.open_channel(Target.parse(f"{url}?tls=1&secret_file={secret_file}"))
        with pytest.raises(LinkError, match=r"did not answer|closed the connection|is gone"):
            tcp.open_channel(Target.parse(f"{url}?secret_file={secret_file}&connect_s=3"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--listen", "tcp://0.0.0.0:0"], "needs a secret; name its file by --secret-file"),
        (["--listen", "udp://0.0.0.0"], "HostARQ knows no authentication"),
        (["--target", "moon:"], "moon"),
    ],
)
def test_a_server_that_may_not_or_cannot_start_says_so_and_exits(tmp_path, options, message):
    done = subprocess.run(
        command(*options), env=environment(), cwd=tmp_path,
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and message in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""


def test_a_port_that_is_taken_is_an_error_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            command("--listen", f"tcp://127.0.0.1:{port}"), env=environment(), cwd=tmp_path,
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"tcp://127.0.0.1:{port} cannot be listened on" in done.stderr


def test_more_clients_than_allowed_are_turned_away(tmp_path):
    with serving(tmp_path, "--max-clients", 1) as served:
        with connected(served.urls[0]):
            with pytest.raises(HandshakeError, match="1 clients are connected, the limit is 1"):
                tcp.open_channel(Target.parse(served.urls[0]))
        with connected(served.urls[0]) as chip:
            assert decode(chip.execute(program())).halted


def test_a_silent_client_is_sent_away(tmp_path):
    with serving(tmp_path, "--idle-timeout", 0.2) as served, connected(served.urls[0]) as chip:
        chip.execute(program())
        time.sleep(2.5)
        with pytest.raises(LinkError, match=r"idle for 0.2 s|closed the connection|is gone"):
            chip.execute(program())


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(tmp_path, number):
    with serving(tmp_path) as served, connected(served.urls[0]) as chip:
        chip.execute(program())
        served.process.send_signal(number)
        assert served.process.wait(30) == 0
        with pytest.raises(LinkError):
            chip.execute(program())
    assert "Traceback" not in served.log


def test_progress_is_logged(emulator):
    with connected(emulator.urls[0]) as chip:
        chip.execute(program(reads=[NEURON]))
    for text in ("has connected", "program 1, 2 words, waited", "program 1 answered"):
        assert text in emulator.log


@contextlib.contextmanager
def null_modem():
    """Two serial devices that a cable joins, as pairs of pseudo-terminals; yields their names."""
    ends = [pty.openpty() for _ in range(2)]
    for pair in ends:
        for descriptor in pair:
            tty.setraw(descriptor)
    stop = threading.Event()
    (one, near), (other, far) = ends

    def carry():
        while not stop.is_set():
            ready, _, _ = select.select([one, other], [], [], 0.05)
            for descriptor in ready:
                os.write(other if descriptor == one else one, os.read(descriptor, 4096))

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield os.ttyname(near), os.ttyname(far)
    finally:
        stop.set()
        thread.join(10)
        for pair in ends:
            for descriptor in pair:
                os.close(descriptor)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_the_introduction_gives_the_same_bytes_over_a_serial_line(tmp_path, lesson):
    words, expected = lesson
    with null_modem() as (near, far):
        with serving(tmp_path, listen=[f"serial://{near}?baudrate=4000000"]) as served:
            assert served.urls == [f"serial://{near}?baudrate=4000000"]
            with connected(f"serial://{far}?baudrate=4000000") as chip:
                assert np.array_equal(chip.execute(words), expected)
            with connected(f"serial://{far}?baudrate=4000000") as chip:
                assert decode(chip.execute(program(reads=[NEURON]))).reads.tolist() == [0]
            assert "client 2 (serial:" in served.log
