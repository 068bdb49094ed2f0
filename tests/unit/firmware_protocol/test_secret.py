"""Where the secret is kept.  Oracle: RFC 5802, section 3, for what a server stores."""

import hashlib
import hmac
import os

import pytest

from firmware_protocol import ProtocolError, secret
from firmware_protocol.secret import Credentials, SecretError, read_secret

GOOD = "correct-horse-battery"


def written(folder, content, mode=0o600):
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_white_space_around_the_secret_does_not_count(tmp_path):
    assert read_secret(written(tmp_path, f"  {GOOD}\r\n".encode())) == GOOD


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, at least 16 are needed"),
        (b" \n", "is empty"),
        (b"fifteen letters", "has 15 characters, at least 16"),
        (b"\xff" * 20, "is not UTF-8 text"),
        (b"x" * 1025, "has more than 1024 bytes"),
    ],
)
def test_a_secret_that_is_none_is_refused_with_the_way_to_make_one(tmp_path, content, message):
    with pytest.raises(SecretError, match=message) as caught:
        read_secret(written(tmp_path, content))
    assert "secrets.token_urlsafe(32)" in str(caught.value)
    assert issubclass(SecretError, ProtocolError) and issubclass(SecretError, ValueError)


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SecretError, match=r"secret file '.*nowhere': No such file"):
        read_secret(tmp_path / "nowhere")


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o606])
def test_a_file_that_others_can_read_or_write_is_refused(tmp_path, mode):
    with pytest.raises(
        SecretError, match=rf"open to other users \(mode {mode:04o}\); close it: ch"
    ):
        read_secret(written(tmp_path, GOOD.encode(), mode))


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_group_may_read_the_file(tmp_path):
    assert read_secret(written(tmp_path, GOOD.encode(), 0o640)) == GOOD


def test_a_server_keeps_keys_that_follow_from_the_secret_but_not_the_secret():
    made = Credentials.of(GOOD)
    salted = hashlib.pbkdf2_hmac("sha256", GOOD.encode(), made.salt, secret.ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    assert made.stored_key == hashlib.sha256(client_key).digest()
    assert made.server_key == hmac.digest(salted, b"Server Key", "sha256")
    assert GOOD not in repr(vars(made)) and "stored_key" not in repr(made)


def test_every_server_salts_anew():
    assert Credentials.of(GOOD).salt != Credentials.of(GOOD).salt


def test_a_secret_with_forbidden_characters_is_refused():
    with pytest.raises(SecretError, match="characters that no password may have"):
        Credentials.of("sixteen letters\x07 and a bell")
