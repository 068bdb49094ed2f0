"""The handshake, both ends against each other, byte by byte if need be.

Oracle: RFC 5802 (who may be believed after which message); nothing here opens a socket.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import LinkError, framing, handshake
from firmware_protocol.handshake import (
    ClientHandshake,
    HandshakeError,
    Kind,
    ServerHandshake,
    readable,
)
from firmware_protocol.secret import Credentials

SECRET = "correct-horse-battery"
CREDENTIALS = Credentials.of(SECRET)
BINDING = ("tls-server-end-point", b"digest of a certificate")
NAME = "pynn-hx"


def server(credentials=CREDENTIALS, binding=None):
    return ServerHandshake(credentials=credentials, binding=binding)


def client(secret=SECRET, binding=None):
    return ClientHandshake(server="tcp://host:1", secret=secret, binding=binding)


def talk(one, other, *, piece=None, spy=None):
    """Carry bytes both ways until nobody has anything to say; `piece` bytes at a time."""
    for _ in range(10):
        for source, sink in ((one, other), (other, one)):
            data = source.outgoing()
            if spy is not None:
                spy.append((type(source).__name__, data))
            step = piece or max(len(data), 1)
            for at in range(0, len(data), step):
                sink.incoming(data[at : at + step])


def frame(kind, payload=b""):
    return framing.encode(bytes([kind]) + payload)


def test_who_knows_the_secret_is_welcome():
    ours, theirs = client(), server()
    talk(ours, theirs)
    assert ours.finished and theirs.finished


def test_bytes_may_come_one_at_a_time():
    ours, theirs = client(), server()
    talk(ours, theirs, piece=1)
    assert ours.finished and theirs.finished


def test_a_server_without_a_secret_welcomes_everybody():
    ours, theirs = client(secret=None), server(credentials=None)
    talk(ours, theirs)
    assert ours.finished and theirs.finished


def test_the_secret_is_never_sent():
    spy = []
    talk(client(), server(), spy=spy)
    assert SECRET.encode() not in b"".join(data for _, data in spy)


def test_a_wrong_secret_is_refused_and_the_client_is_told_why():
    ours, theirs = client(secret="another-horse-battery"), server()
    with pytest.raises(HandshakeError, match=r"authentication failed \(invalid-proof\)"):
        talk(ours, theirs)
    with pytest.raises(
        HandshakeError, match="tcp://host:1: refused the connection: authentication"
    ):
        ours.incoming(theirs.outgoing())
    assert not ours.finished and not theirs.finished


def test_after_a_refusal_nothing_helps():
    theirs = server()
    with pytest.raises(HandshakeError):
        theirs.incoming(frame(Kind.SCRAM, b"n,,n=pynn-hx,r=abc"))
    ours = client()
    with pytest.raises(HandshakeError, match="a frame came that is not expected here"):
        talk(ours, theirs)
    assert not theirs.finished


def test_a_recorded_handshake_is_worth_nothing():
    spy = []
    talk(client(), server(), spy=spy)
    sent = [data for who, data in spy if who == "ClientHandshake" and data]
    theirs = server()
    theirs.incoming(sent[0])
    theirs.incoming(sent[1])
    with pytest.raises(HandshakeError, match="authentication failed"):
        theirs.incoming(sent[2])
    assert not theirs.finished


def test_recorded_answers_of_a_server_do_not_fool_a_client():
    spy = []
    talk(client(), server(), spy=spy)
    answers = [data for who, data in spy if who == "ServerHandshake" and data]
    ours = client()
    ours.incoming(answers[0])
    with pytest.raises(HandshakeError, match="does not prove that it knows the secret"):
        ours.incoming(answers[1])


def challenged(rounds):
    """A client that was challenged, and the answer of a server that makes things up."""
    ours = client()
    ours.outgoing()
    ours.incoming(frame(Kind.CHALLENGE, b"SCRAM-SHA-256"))
    nonce = re.search(rb"r=([0-9a-f]{64})", ours.outgoing())[1].decode()
    return ours, frame(Kind.SCRAM, f"r={nonce}x,s=MDEyMzQ1Njc4OWFi,i={rounds}".encode())


def test_a_server_that_does_not_know_the_secret_is_found_out():
    ours, answer = challenged(4096)
    ours.incoming(answer)
    with pytest.raises(HandshakeError, match="does not prove that it knows the secret"):
        ours.incoming(frame(Kind.SCRAM, b"v=" + b"A" * 43 + b"=") + frame(Kind.WELCOME, b"\0\1x"))
    assert not ours.finished


def test_a_server_that_skips_its_proof_is_not_believed():
    ours, answer = challenged(4096)
    with pytest.raises(HandshakeError, match="did not ask for the secret that this client"):
        ours.incoming(answer + frame(Kind.WELCOME, b"\0\1"))
    assert not ours.finished


def test_a_client_with_a_secret_insists_on_it():
    with pytest.raises(HandshakeError, match="start the server with --secret-file, or drop secret"):
        talk(client(), server(credentials=None))


def test_a_client_without_the_secret_is_told_how_to_name_it():
    with pytest.raises(HandshakeError, match=r"asks for a secret; name the file .* secret_file="):
        talk(client(secret=None), server())


def test_under_tls_both_ends_must_see_the_same_certificate():
    ours, theirs = client(binding=BINDING), server(binding=BINDING)
    talk(ours, theirs)
    assert ours.finished and theirs.finished
    other = (BINDING[0], b"digest of the certificate of someone in between")
    with pytest.raises(HandshakeError, match=r"\(channel-bindings-dont-match\)"):
        talk(client(binding=other), server(binding=BINDING))


@pytest.mark.parametrize(("at_client", "at_server"), [(BINDING, None), (None, BINDING)])
def test_the_binding_cannot_be_talked_away(at_client, at_server):
    with pytest.raises(HandshakeError, match=r"asks for 'SCRAM.*' and not for SCRAM-SHA-256"):
        talk(client(binding=at_client), server(binding=at_server))


def test_a_certificate_that_cannot_be_bound_is_refused():
    with pytest.raises(HandshakeError, match="certificate cannot be bound to the secret"):
        server(binding=("tls-server-end-point", "no certificate"))


def test_other_versions_are_refused_with_both_numbers():
    theirs = server()
    with pytest.raises(HandshakeError, match="speaks version 9 of the handshake, this server 1; i"):
        theirs.incoming(frame(Kind.HELLO, NAME.encode() + b"\0\x09"))
    ours = client(secret=None)
    with pytest.raises(HandshakeError, match="speaks version 9, this is 1; install the same"):
        ours.incoming(frame(Kind.WELCOME, b"\0\x09"))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: chip\r\n\r\n\0",
        b"\x16\x03\x01\x02\x00\x01\x00",  # the beginning of TLS
        frame(Kind.HELLO, b"SSH-2.0"),
        frame(Kind.HELLO),
        frame(Kind.WELCOME, b"\0\1x"),
        framing.encode(b""),
        b"\1" * 20_000,
        frame(Kind.HELLO, NAME.encode() + b"\0\1") * 2,
    ],
)
def test_what_is_no_client_of_ours_is_refused(data):
    with pytest.raises(HandshakeError, match=r"no frame of this|not that of a|not expected here"):
        server().incoming(data)


def test_a_client_that_would_be_welcome_can_still_be_turned_away():
    ours, theirs = client(secret=None), server(credentials=None)
    theirs.incoming(ours.outgoing())
    assert "full" in str(theirs.refuse("the house is full"))
    with pytest.raises(HandshakeError, match="refused the connection: the house is full"):
        ours.incoming(theirs.outgoing())
    assert not theirs.finished


def test_a_client_may_not_speak_before_it_is_welcome():
    theirs = server(credentials=None)
    with pytest.raises(HandshakeError, match="not expected here"):
        theirs.incoming(client().outgoing() + frame(0))
    assert not theirs.finished


def test_a_server_cannot_make_a_client_compute_for_minutes():
    ours, answer = challenged(9_000_000)
    with pytest.raises(HandshakeError, match="asks for 9000000 rounds of hashing, more than"):
        ours.incoming(answer)


def test_another_user_does_not_exist():
    theirs = server()
    theirs.incoming(client().outgoing())
    with pytest.raises(HandshakeError, match="unknown-user"):
        theirs.incoming(frame(Kind.SCRAM, b"n,,n=root,r=abcdef"))


def test_texts_of_a_peer_are_cut_and_made_harmless():
    assert readable(b"a\x1b[31m\nb\xff") == "a?[31m?b\N{REPLACEMENT CHARACTER}"
    assert len(readable(b"x" * 9999)) == handshake.MAX_TEXT
    with pytest.raises(LinkError, match=r"refused the connection: go\?away"):
        client().incoming(frame(Kind.REFUSED, b"go\x07away"))


PAYLOAD = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=60).map(lambda text: text.encode("utf-8")),
    st.sampled_from([b"n,,n=pynn-hx,r=abc", b"c=biws,r=abc,p=AAAA", b"r=a,s=b,i=5000", b"v=AAAA"]),
    st.sampled_from([b"e=other-error", b"SCRAM-SHA-256", b"pynn-hx\0\1", b"\0\1", b"p=x,,n=a,r=b"]),
)
FRAMES = st.lists(st.builds(frame, st.integers(0, 7), PAYLOAD), max_size=5).map(b"".join)
PIECES = st.lists(st.one_of(st.binary(max_size=64), FRAMES), max_size=6)


@pytest.mark.parametrize("make", [server, client, lambda: server(None), lambda: client(None)])
@given(pieces=PIECES)
def test_whatever_comes_only_errors_of_ours_leave(make, pieces):
    end = make()
    try:
        for data in pieces:
            end.incoming(data)
    except HandshakeError:
        assert not end.finished
    assert len(end.outgoing()) < 4 * handshake.MAX_FRAME


@given(PIECES)
def test_whatever_comes_after_a_challenge_the_client_is_not_fooled(pieces):
    ours = client()
    try:
        ours.incoming(frame(Kind.CHALLENGE, b"SCRAM-SHA-256"))
        for data in pieces:
            ours.incoming(data)
    except HandshakeError:
        pass
    assert not ours.finished
