"""Where a server may listen.  Oracle: the rules in the docstring of the module."""

import socket
import ssl

import pytest
import trustme
from cryptography.hazmat.primitives import serialization as s

from firmware_protocol import ProtocolError
from firmware_protocol.secret import Credentials, SecretError
from firmware_protocol.server import ListenError, Security, check, listen, place, security
from firmware_protocol.server.listen import SerialPlace, TcpPlace, UdpPlace

SAFE = Security(Credentials.of("correct-horse-battery"))
OPEN = TcpPlace("0.0.0.0", 5000, ("0.0.0.0",))
LOCAL = TcpPlace("127.0.0.1", 5000, ("127.0.0.1",))


def test_a_url_names_a_place():
    assert place("tcp://127.0.0.1:5000") == LOCAL
    assert place("udp://127.0.0.1") == UdpPlace("127.0.0.1", 1234, 45054)
    assert place("udp://127.0.0.1?data_port=0&reset_port=7") == UdpPlace("127.0.0.1", 0, 7)
    assert isinstance(place("serial:///dev/ttyUSB0?baudrate=3000000"), SerialPlace)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("127.0.0.1:5000", r"has no scheme|a server listens on tcp, serial, udp"),
        ("http://127.0.0.1:80", "a server listens on tcp, serial, udp; write e.g. tcp://127.0.0.1"),
        ("tcp://127.0.0.1", "is not of the form host:port"),
        ("tcp://127.0.0.1:5000?tls=1", r"unknown options \['tls'\]; a server takes --certificate"),
        ("tcp://no.such.host.invalid:1", "host 'no.such.host.invalid' has no address"),
        ("udp://127.0.0.1:1234", "has no address|write udp://127.0.0.1"),
        ("udp://127.0.0.1?port=3", r"write udp://127.0.0.1\?data_port=1234&reset_port=45054"),
        ("udp://127.0.0.1?data_port=99999", "data_port='99999' is no port 0..65535"),
        ("serial://", "names no line"),
        ("serial:///dev/ttyUSB0?baud=9600", r"unknown options \['baud'\]"),
        ("udp://0.0.0.0", "HostARQ knows no authentication; listen on tcp:// with --secret-file"),
    ],
)
def test_other_urls_are_refused_with_the_way_out(url, message):
    with pytest.raises(ListenError, match=message):
        place(url)
    assert issubclass(ListenError, ProtocolError) and issubclass(ListenError, ValueError)


def test_loopback_needs_no_secret():
    check([LOCAL, place("udp://127.0.0.1"), place("serial:///dev/ttyUSB0")], Security())


def test_any_other_address_refuses_to_start_without_a_secret():
    with pytest.raises(ListenError, match=r"tcp://0.0.0.0:5000 can be reached from other machines"):
        check([LOCAL, OPEN], Security())


def test_a_name_with_one_address_outside_counts_as_outside(monkeypatch):
    found = [(2, 1, 6, "", ("127.0.0.1", 0)), (2, 1, 6, "", ("192.0.2.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ListenError, match="needs a secret"):
        check([place("tcp://myhost:5000")], Security())


def test_words_in_clear_beyond_this_machine_are_warned_about(caplog):
    check([OPEN], SAFE)
    assert "programs and responses travel in clear; encrypt with --certificate" in caplog.text
    caplog.clear()
    check([OPEN], Security(SAFE.credentials, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)))
    check([LOCAL], SAFE)
    assert caplog.text == ""


def test_a_secret_that_protects_nothing_is_refused():
    with pytest.raises(ListenError, match="protect TCP; serial lines and UDP know neither"):
        check([place("udp://127.0.0.1")], SAFE)


@pytest.fixture
def files(tmp_path):
    issued = trustme.CA().issue_cert("localhost")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


def test_certificate_key_and_secret_are_read(files, tmp_path):
    certificate, key = files
    secret = tmp_path / "secret"
    secret.write_text("correct-horse-battery")
    secret.chmod(0o600)
    safety = security(secret_file=secret, certificate=certificate, key=key)
    assert safety.tls.minimum_version == ssl.TLSVersion.TLSv1_2
    assert "BEGIN CERTIFICATE" in safety.certificate
    assert safety.credentials is not None


def test_a_key_without_a_certificate_is_refused(files):
    with pytest.raises(ListenError, match="--key belongs to a certificate"):
        security(key=files[1])


@pytest.mark.parametrize(
    ("certificate", "key"), [("nowhere", "nowhere"), ("key", "key"), ("certificate", "certificate")]
)
def test_files_that_hold_no_certificate_or_no_key_are_refused(files, certificate, key):
    named = dict(zip(("certificate", "key"), files, strict=True), nowhere=files[0] / "no")
    with pytest.raises(ListenError, match="name a PEM file with the certificate"):
        security(certificate=named[certificate], key=named[key])


def test_a_locked_key_is_refused_instead_of_asking_on_the_terminal(files, tmp_path):
    raw = s.load_pem_private_key(files[1].read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        raw.private_bytes(
            s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"password")
        )
    )
    with pytest.raises(ListenError, match="the private key is locked by a password"):
        security(certificate=files[0], key=locked)


def test_a_short_secret_is_refused(tmp_path):
    (tmp_path / "secret").write_text("short")
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(SecretError, match="at least 16"):
        security(secret_file=tmp_path / "secret")


def test_ipv6_loopback_is_loopback():
    assert TcpPlace("::1", 1, ("::1",)).loopback
    assert not TcpPlace("::", 1, ("::",)).loopback
    assert listen._is_loopback("fe80::1%eth0") is False
