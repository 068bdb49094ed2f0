"""The file format of a chip configuration: register words with their addresses.

A file is three parts: the line ``pynn-hx chip configuration``, a line of JSON, and a zlib stream of
`words` records of eight bytes, each a word address and the word, both uint32 little endian, in the
order in which they are written to a chip.  The JSON holds ``version`` (1), ``chip`` ("HICANN-X
v3"), ``words`` and ``sha256`` (hexadecimal, of the records before compression).  Words, not field
names: a file stays readable when a field is renamed, and another program needs no table of ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import ConfigFileError

MAGIC = b"pynn-hx chip configuration\n"
VERSION = 1
CHIP = "HICANN-X v3"
MAX_WORDS = 1 << 20
"""More than any chip has: a bound on the memory that a file can claim."""
_MAX_HEADER = 4096

Words = npt.NDArray[np.uint32]


def encode(addresses: Words, words: Words) -> bytes:
    """The contents of a file that holds `words` (n,) at `addresses` (n,)."""
    records = np.stack([addresses, words], axis=-1).astype("<u4").tobytes()
    header = {
        "version": VERSION,
        "chip": CHIP,
        "words": int(addresses.size),
        "sha256": hashlib.sha256(records).hexdigest(),
    }
    return MAGIC + json.dumps(header).encode() + b"\n" + zlib.compress(records, 6)


def decode(data: bytes, name: str = "file") -> tuple[Words, Words]:
    """Addresses and words, (n,) uint32 each, of a file's contents; `name` stands in errors.

    Raises ConfigFileError.
    """
    if not data.startswith(MAGIC):
        raise ConfigFileError(
            f"{name}: not a chip configuration; such a file starts with {MAGIC.decode().strip()!r}"
        )
    line, newline, body = data[len(MAGIC) :].partition(b"\n")
    if not newline or len(line) > _MAX_HEADER:
        raise ConfigFileError(f"{name}: damaged, its header does not end; save it again")
    n_words, digest = _header(line, name)
    records = _decompress(body, 8 * n_words, name)
    if hashlib.sha256(records).hexdigest() != digest:
        raise ConfigFileError(f"{name}: damaged, its checksum is wrong; save it again")
    pairs = np.frombuffer(records, dtype="<u4").reshape(-1, 2).astype(np.uint32)
    return pairs[:, 0], pairs[:, 1]


def _header(line: bytes, name: str) -> tuple[int, str]:
    """Number of words and checksum, of a version and a chip that we know."""
    try:
        header = json.loads(line)
        version, chip = header["version"], header["chip"]
        n_words, digest = header["words"], header["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigFileError(f"{name}: damaged header ({error}); save it again") from None
    if not isinstance(version, int) or version > VERSION:
        raise ConfigFileError(
            f"{name}: format version {version!r} is newer than {VERSION}, the latest this software "
            "reads; update pynn-hx"
        )
    if chip != CHIP:
        raise ConfigFileError(f"{name}: for chip {chip!r}; this software configures {CHIP!r}")
    if not isinstance(n_words, int) or not 0 <= n_words <= MAX_WORDS:
        raise ConfigFileError(f"{name}: damaged, {n_words!r} words are outside 0..{MAX_WORDS}")
    return n_words, str(digest)


def _decompress(body: bytes, size: int, name: str) -> bytes:
    """Exactly `size` bytes from a zlib stream; never more memory than that."""
    stream = zlib.decompressobj()
    try:
        records = stream.decompress(body, size + 1)
    except zlib.error as error:
        raise ConfigFileError(f"{name}: damaged ({error}); save it again") from None
    if len(records) != size or not stream.eof or stream.unused_data:
        raise ConfigFileError(f"{name}: damaged, not the {size} bytes it announces; save it again")
    return records


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then moved there."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> bytes:
    """The file's bytes."""
    return Path(path).read_bytes()
