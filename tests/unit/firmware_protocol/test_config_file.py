"""The configuration file: what comes back is what was saved, and nothing else gets in.

Oracle: the documented format, read here with the standard library alone.
"""

import hashlib
import json
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware_protocol import ChipConfig, config_file
from firmware_protocol.errors import ConfigFileError, ProtocolError
from firmware_protocol.memory_map import ADDRESSES, BLOCKS


def random_chip(seed):
    rng, chip = np.random.default_rng(seed), ChipConfig()
    for name, group in chip.groups():
        for field in BLOCKS[name].register.fields:
            array = group[field.name]
            array[...] = rng.integers(field.low, field.limit, array.shape, endpoint=True)
    return chip


def parts(data):
    """Header and records of a file, read as the documentation describes it."""
    first, header, body = data.split(b"\n", 2)
    assert first == b"pynn-hx chip configuration"
    return json.loads(header), zlib.decompress(body)


def rebuilt(header, records):
    line = json.dumps(header).encode()
    return b"pynn-hx chip configuration\n" + line + b"\n" + zlib.compress(records)


def with_header(data, **changes):
    header, records = parts(data)
    return rebuilt(header | changes, records)


@pytest.fixture(scope="module")
def saved():
    return config_file.encode(ADDRESSES, ChipConfig().image())


def test_every_field_survives_a_file(tmp_path):
    chip = random_chip(7)
    chip.save(tmp_path / "a.cfg")
    assert ChipConfig.load(tmp_path / "a.cfg") == chip


def test_the_file_is_what_the_documentation_says(saved):
    header, records = parts(saved)
    pairs = np.frombuffer(records, "<u4").reshape(-1, 2)
    assert header["version"] == 1 and header["chip"] == "HICANN-X v3"
    assert header["words"] == len(pairs)
    assert header["sha256"] == hashlib.sha256(records).hexdigest()
    assert np.array_equal(pairs[:, 0], ADDRESSES)
    assert np.array_equal(pairs[:, 1], ChipConfig().image())


def test_the_same_configuration_gives_the_same_bytes(saved):
    assert config_file.encode(ADDRESSES, ChipConfig().image()) == saved


def test_words_that_the_file_lacks_keep_their_defaults(tmp_path):
    chip = ChipConfig()
    chip.neurons.leak_v_leak[5] = 300
    addresses, words = chip.changes_from(ChipConfig())
    config_file.write(tmp_path / "a.cfg", config_file.encode(addresses, words))
    assert ChipConfig.load(tmp_path / "a.cfg") == chip


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: b"something else", r"not a chip configuration; such a file starts with"),
        (lambda d: b"", r"not a chip configuration"),
        (lambda d: d[:-10], r"damaged"),
        (lambda d: d[:300] + bytes([d[300] ^ 1]) + d[301:], r"damaged"),
        (lambda d: d + b"more", r"damaged, not the \d+ bytes it announces"),
        (lambda d: with_header(d, version=2), r"version 2 is newer than 1.*update pynn-hx"),
        (lambda d: with_header(d, version="x"), r"version 'x' is newer than 1"),
        (lambda d: with_header(d, chip="HICANN-X v9"), r"for chip 'HICANN-X v9'"),
        (lambda d: with_header(d, words=-1), r"-1 words are outside"),
        (lambda d: with_header(d, words=1 << 40), r"words are outside"),
        (lambda d: with_header(d, words=3), r"damaged, not the 24 bytes it announces"),
        (lambda d: with_header(d, sha256="0" * 64), r"damaged, its checksum is wrong"),
        (lambda d: b"pynn-hx chip configuration\n[1]\n", r"damaged header"),
        (lambda d: b"pynn-hx chip configuration\n{}\n", r"damaged header \('version'\)"),
        (lambda d: b"pynn-hx chip configuration\n" + b"{" * 9000, r"its header does not end"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(saved, tmp_path, damage, message):
    path = tmp_path / "bad.cfg"
    path.write_bytes(damage(saved))
    with pytest.raises(ConfigFileError, match=message) as caught:
        ChipConfig.load(path)
    assert str(path) in str(caught.value)


def test_a_word_that_is_no_part_of_a_configuration_is_named(tmp_path):
    data = config_file.encode(np.array([0x88000005], np.uint32), np.array([1], np.uint32))
    (tmp_path / "a.cfg").write_bytes(data)
    with pytest.raises(ConfigFileError, match=r"word 0x88000005 is no part of a chip config"):
        ChipConfig.load(tmp_path / "a.cfg")


def test_a_word_with_an_impossible_value_is_named(tmp_path):
    """A thermometer code has no meaning for every pattern, but CapMem prescalers stop at 6."""
    block = BLOCKS["capmem_config"]
    address = block.addresses[0, 6:7]
    data = config_file.encode(address, np.array([0x00F10000], np.uint32))
    (tmp_path / "a.cfg").write_bytes(data)
    with pytest.raises(ProtocolError, match=r"prescale_ramp.*= 15 is outside 0\.\.6"):
        ChipConfig.load(tmp_path / "a.cfg")


@pytest.mark.parametrize(
    ("block", "index", "word", "left"),
    [
        ("neuron_config", (3, 0), 1 << 6, 0),  # strong fire without fire
        ("current_dac", (0,), 1 << 9, 1 << 8),  # no thermometer code
        ("crossbar_nodes", (5, 0), 1 << 15, 0),  # a reserved bit
    ],
)
def test_bits_without_a_meaning_are_refused_rather_than_dropped(tmp_path, block, index, word, left):
    address = BLOCKS[block].addresses[index]
    data = config_file.encode(np.array([address]), np.array([word], np.uint32))
    (tmp_path / "a.cfg").write_bytes(data)
    with pytest.raises(
        ConfigFileError, match=rf"word {address:#010x} = {word:#010x} has bits .*\({left:#010x} is"
    ):
        ChipConfig.load(tmp_path / "a.cfg")


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.cfg"
    ChipConfig().save(path)
    before = path.read_bytes()
    chip = ChipConfig()
    chip.neurons.leak_v_leak[0] = 2000
    with pytest.raises(OverflowError):
        chip.save(path)
    with pytest.raises(FileNotFoundError):
        ChipConfig().save(tmp_path / "no such folder" / "a.cfg")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.cfg"]


@given(st.binary(max_size=200))
@example(config_file.MAGIC)
@example(config_file.MAGIC + b'{"version": 1}\n')
def test_random_bytes_raise_nothing_but_our_error(data):
    for candidate in (data, config_file.MAGIC + data, config_file.MAGIC + b"{}\n" + data):
        with pytest.raises(ConfigFileError):
            config_file.decode(candidate)


@given(st.data())
def test_a_flipped_bit_anywhere_is_noticed(data):
    small = config_file.encode(ADDRESSES[:40], np.arange(40, dtype=np.uint32))
    position = data.draw(st.integers(0, len(small) * 8 - 1))
    flipped = bytearray(small)
    flipped[position // 8] ^= 1 << position % 8
    try:
        addresses, words = config_file.decode(bytes(flipped))
    except ConfigFileError:
        return
    # What may flip unseen is the header's white space or zlib's level: the words are the same.
    assert np.array_equal(addresses, ADDRESSES[:40]) and words.tolist() == list(range(40))
