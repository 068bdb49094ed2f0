"""The TCP channel against a server of a few lines.

Oracle: what the server in the test sent or received.  Ports are chosen by the system.
"""

import contextlib
import socket
import ssl
import threading

import pytest
import trustme

from firmware_protocol import LinkError, Target
from firmware_protocol.handshake import BINDING, HandshakeError, ServerHandshake
from firmware_protocol.secret import Credentials
from firmware_protocol.transports import tcp

SECRET = "correct-horse-battery"
CREDENTIALS = Credentials.of(SECRET)


@pytest.fixture(autouse=True)
def _no_secret_from_outside(monkeypatch):
    monkeypatch.delenv("PYNN_HX_SECRET_FILE", raising=False)


@pytest.fixture
def secret_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o600)
    return file


@contextlib.contextmanager
def serving(talk):
    """A server on loopback whose one connection is handled by `talk`; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def run():
            with contextlib.suppress(OSError):
                connected, _ = listening.accept()
                with connected:
                    connected.settimeout(10)
                    talk(connected)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.close()
            thread.join(10)
    assert not thread.is_alive()


def welcome(connected, credentials=None, binding=None):
    end = ServerHandshake(credentials=credentials, binding=binding)
    while not end.finished:
        end.incoming(connected.recv(4096))
        connected.sendall(end.outgoing())


def echo(connected):
    """Welcome a client and send back whatever it sends."""
    welcome(connected)
    while data := connected.recv(4096):
        connected.sendall(data)


def connect(port, options="", host="127.0.0.1"):
    return tcp.open_channel(Target.parse(f"tcp://{host}:{port}{options}"))


def is_let_in(port, options):
    connect(port, options).close()
    return True


def read(channel, n):
    data = b""
    while len(data) < n:
        data += channel.read(5.0)
    return data


def test_bytes_go_there_and_back():
    with serving(echo) as port:
        channel = connect(port)
        channel.write(bytes(range(256)) * 1000)
        assert read(channel, 256_000) == bytes(range(256)) * 1000
        assert channel.read(0.0) == channel.read(0.001) == b""
        channel.close()
        channel.close()
        with pytest.raises(LinkError, match=r"tcp://127.0.0.1:\d+: this connection is closed"):
            channel.read(0.1)


def test_the_end_of_the_connection_is_an_error_of_the_link():
    with serving(welcome) as port:
        channel = connect(port)
        with pytest.raises(LinkError, match=r"tcp://.* closed the connection; connect again"):
            channel.read(5.0)


def test_writing_to_nobody_is_an_error_of_the_link():
    with serving(welcome) as port:
        channel = connect(port)
    with pytest.raises(LinkError, match=r"is gone|closed the connection"):
        for _ in range(1000):
            channel.write(b"x" * 10_000)


def test_a_peer_that_stops_reading_is_an_error_of_the_link(monkeypatch):
    monkeypatch.setattr(tcp, "STALL_S", 0.2)
    done = threading.Event()
    with serving(lambda connected: (welcome(connected), done.wait(10))) as port:
        channel = connect(port)
        with pytest.raises(LinkError, match="took no bytes for 0 s; connect again"):
            channel.write(b"x" * 50_000_000)
        done.set()


def test_nobody_listening_is_an_error_of_the_link():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(LinkError, match=rf"tcp://127.0.0.1:{port}: no connection \(.*\); is the"):
        connect(port)


def test_a_server_that_says_nothing_is_given_up():
    done = threading.Event()
    with serving(lambda connected: done.wait(10)) as port:
        with pytest.raises(LinkError, match=r"did not answer within 0.2 s as a server of ours"):
            connect(port, "?connect_s=0.2")
        done.set()


def test_another_kind_of_server_is_refused():
    with serving(lambda connected: connected.sendall(b"SSH-2.0-OpenSSH\r\n\0")) as port:
        with pytest.raises(HandshakeError, match="is no frame of this protocol"):
            connect(port)


@pytest.mark.parametrize("named_by", ["option", "environment"])
def test_the_secret_comes_from_a_file(secret_file, named_by, monkeypatch):
    if named_by == "environment":
        monkeypatch.setenv("PYNN_HX_SECRET_FILE", str(secret_file))
    option = f"?secret_file={secret_file}" if named_by == "option" else ""
    with serving(lambda connected: welcome(connected, CREDENTIALS)) as port:
        assert is_let_in(port, option)


def test_a_secret_file_that_is_missing_is_refused_before_anything_is_opened():
    with pytest.raises(ValueError, match="secret file '/nowhere': No such file"):
        connect(1, "?secret_file=/nowhere")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("tcp://host", r"'host' is not of the form host:port"),
        ("tcp://:5000", "is not of the form host:port"),
        ("tcp://host:5000/path", "is not of the form host:port"),
        ("tcp://me@host:5000", "is not of the form host:port"),
        ("tcp://host:99999", "Port out of range"),
        ("tcp://host:port", "write host:port"),
        (
            "tcp://host:1?tsl=1",
            r"unknown options \['tsl'\]; there are tls, ca, secret_file, connec",
        ),
        ("tcp://host:1?tls=yes", "tls='yes': write tls=1 to encrypt"),
        ("tcp://host:1?ca=x.pem", "add tls=1"),
        ("tcp://host:1?tls=1&ca=/nowhere.pem", r"ca='/nowhere.pem' cannot be used \(No such"),
        ("tcp://host:1?response_timeout_s=soon", "response_timeout_s='soon' is no time in seconds"),
        ("tcp://host:1?connect_s=soon", "connect_s='soon' is no time in seconds"),
        ("tcp://host:1?connect_s=0", "connect_s='0' is no time"),
    ],
)
def test_targets_that_mean_nothing_are_refused(url, message):
    with pytest.raises(ValueError, match=message):
        tcp.open_channel(Target.parse(url))


def test_an_ipv6_address_stands_in_brackets():
    assert tcp.address("[::1]:5000") == ("::1", 5000)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


def encrypted(authority, talk=welcome, names=("localhost", "127.0.0.1"), credentials=None):
    """Handler that wraps a connection into TLS with a certificate for `names`."""
    certificate = authority.issue_cert(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    pem = certificate.cert_chain_pems[0].bytes().decode()

    def handle(connected):
        with context.wrap_socket(connected, server_side=True) as wrapped:
            talk(wrapped) if credentials is None else talk(wrapped, credentials, (BINDING, pem))

    return handle


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls_encrypts_and_checks_who_answers(authority, ca_file, host):
    with serving(encrypted(authority, echo)) as port:
        channel = connect(port, f"?tls=1&ca={ca_file}", host)
        channel.write(b"hello")
        assert read(channel, 5) == b"hello"
        assert channel.read(0.0) == channel.read(0.01) == b""
        channel.close()


def test_under_tls_the_secret_is_bound_to_the_certificate(authority, ca_file, secret_file):
    with serving(encrypted(authority, credentials=CREDENTIALS)) as port:
        options = f"?tls=1&ca={ca_file}&secret_file={secret_file}"
        assert is_let_in(port, options)


def test_a_certificate_of_an_unknown_authority_is_refused(authority):
    with serving(encrypted(authority)) as port:
        with pytest.raises(
            LinkError, match=r"not to be trusted \(.*\); name the file of who signe"
        ):
            connect(port, "?tls=1")


def test_a_certificate_for_another_host_is_refused(authority, ca_file):
    with serving(encrypted(authority, names=["elsewhere.example"])) as port:
        with pytest.raises(LinkError, match=r"not to be trusted \(.*mismatch"):
            connect(port, f"?tls=1&ca={ca_file}")


def test_tls_with_a_server_that_does_not_encrypt_fails_with_a_hint(ca_file):
    with serving(lambda connected: connected.sendall(b"no TLS here\r\n")) as port:
        with pytest.raises(LinkError, match=r"TLS failed \(.*\); does the server offer it"):
            connect(port, f"?tls=1&ca={ca_file}")


def test_an_old_tls_version_is_refused(authority, ca_file):
    context = tcp._context(Target.parse(f"tcp://host:1?tls=1&ca={ca_file}"))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED


def test_words_in_clear_beyond_this_machine_are_warned_about(monkeypatch, caplog):
    monkeypatch.setattr(tcp, "_is_loopback", lambda connected: False)
    with serving(welcome) as port:
        connect(port).close()
    assert "everything travels in clear; add tls=1" in caplog.text
