"""The command ``pynn-hx words check`` on the vendor's test words, and on spoilt copies of them.

Oracle: ``tests/oracle/golden/words.json``, numbers that the vendor's tests assert, each with file
and line.  Every entry must be right; whatever is spoilt in an entry must be found.
"""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol.inspector.check import Outcome, check_entry
from pynn_hx import cli, words

PATH = Path(__file__).parents[1] / "oracle" / "golden" / "words.json"
GOLDEN = json.loads(PATH.read_text(encoding="utf-8"))
NUMBERED = list(enumerate(GOLDEN))
WITH_WORDS = [(n, e) for n, e in NUMBERED if e["words"]]
WITH_ADDRESSES = [(n, e) for n, e in NUMBERED if e["addresses"] and e["addresses"] != ["i2c"]]
WITH_FIELDS = [
    (n, e)
    for n, e in NUMBERED
    if e["words"] and any(isinstance(v, int) for v in e["fields"].values())
]
WITH_COORDINATES = [
    (n, e)
    for n, e in NUMBERED
    if any(isinstance(v, int) for v in e["coordinate"].values()) and e["container"] != "coordinate"
]


def wrong(number, entry):
    """Lines of an entry that must be wrong."""
    verdict = check_entry(number, entry)
    assert verdict.outcome is Outcome.WRONG, entry
    assert all(line.startswith(f"entry {number} {entry['container']}") for line in verdict.lines)
    return verdict.lines


def test_all_entries_are_checked_and_right(capsys):
    assert cli.main(["words", "check", str(PATH)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{len(GOLDEN)} checked, 0 wrong, 0 not covered\n"
    assert captured.err == ""


def test_the_list_is_the_vendors():
    assert len(GOLDEN) == 135
    assert {e["kind"] for e in GOLDEN} == {"test", "test-rule", "test-layout", "derived"}
    assert all(".cpp" in e["source"] or ".h" in e["source"] for e in GOLDEN)


@given(st.sampled_from(WITH_WORDS), st.data())
@settings(max_examples=300)
def test_a_flipped_bit_of_a_word_is_found(numbered, data):
    number, entry = numbered
    entry = copy.deepcopy(entry)
    i = data.draw(st.integers(0, len(entry["words"]) - 1))
    word = entry["words"][i]
    if isinstance(word, str):
        entry["words"][i] = word.replace("(", "(1")
    elif isinstance(word, dict):
        word[data.draw(st.sampled_from(sorted(word)))] ^= 1
    else:
        mask = entry.get("masks", [0xFFFFFFFF] * len(entry["words"]))[i]
        bits = [bit for bit in range(32) if mask >> bit & 1]
        if not bits:
            return
        entry["words"][i] ^= 1 << data.draw(st.sampled_from(bits))
    wrong(number, entry)


@given(st.sampled_from(WITH_ADDRESSES), st.data())
@settings(max_examples=300)
def test_a_changed_address_is_found(numbered, data):
    number, entry = numbered
    entry = copy.deepcopy(entry)
    i = data.draw(st.integers(0, len(entry["addresses"]) - 1))
    address = entry["addresses"][i]
    if isinstance(address, str):
        entry["addresses"][i] = address + data.draw(st.sampled_from("x0]"))
    else:
        entry["addresses"][i] ^= 1 << data.draw(st.integers(0, 31))
    wrong(number, entry)


@given(st.sampled_from(WITH_ADDRESSES), st.data())
def test_a_missing_or_additional_address_is_found(numbered, data):
    number, entry = numbered
    entry = copy.deepcopy(entry)
    if entry["words"] is None and len(entry["addresses"]) > 1:
        return  # some reads of a long sequence
    i = data.draw(st.integers(0, len(entry["addresses"]) - 1))
    if data.draw(st.booleans()):
        del entry["addresses"][i]
    else:
        entry["addresses"].insert(i, entry["addresses"][i])
    wrong(number, entry)


@given(st.sampled_from(WITH_FIELDS), st.data())
@settings(max_examples=300)
def test_a_changed_field_is_found_where_its_bits_are_asserted(numbered, data):
    number, entry = numbered
    entry = copy.deepcopy(entry)
    names = [k for k, v in entry["fields"].items() if isinstance(v, int)]
    name = data.draw(st.sampled_from(names))
    entry["fields"][name] ^= 1
    masked = {"NeuronConfig", "SynapseDriverConfig", "CommonNeuronBackendConfig"}
    if entry["container"] not in masked:
        wrong(number, entry)
    del entry["fields"][name]
    entry["fields"]["no_such_field"] = 1
    wrong(number, entry)


@given(st.sampled_from(WITH_COORDINATES), st.integers(1, 40), st.data())
@settings(max_examples=200)
def test_another_coordinate_is_found(numbered, step, data):
    number, entry = numbered
    entry = copy.deepcopy(entry)
    names = [k for k, v in entry["coordinate"].items() if isinstance(v, int)]
    name = data.draw(st.sampled_from(names))
    entry["coordinate"][name] += step
    wrong(number, entry)


@pytest.mark.parametrize("numbered", NUMBERED, ids=lambda n: f"{n[0]}-{n[1]['container']}")
def test_a_missing_key_or_a_null_is_found_and_an_unknown_container_is_not_covered(numbered):
    number, entry = numbered
    for key in ("container", "coordinate", "fields", "addresses", "words", "source", "kind"):
        spoilt = {k: v for k, v in entry.items() if k != key}
        assert check_entry(number, spoilt).outcome is Outcome.WRONG
    for key in ("container", "coordinate", "fields", "addresses", "kind"):
        assert check_entry(number, {**entry, key: None}).outcome is Outcome.WRONG
    unknown = check_entry(number, {**entry, "container": "Wafer"})
    assert unknown.outcome is Outcome.NOT_COVERED
    assert unknown.lines == (f"entry {number} Wafer: not covered: no container is called 'Wafer'",)


@pytest.mark.parametrize(
    "bitfield", GOLDEN[20]["bitfields"], ids=[b["field"] for b in GOLDEN[20]["bitfields"]]
)
def test_a_field_said_to_be_elsewhere_is_found(bitfield):
    for key in ("word", "lsb", "width"):
        moved = {**bitfield, key: bitfield[key] + 1}
        (line,) = wrong(20, {**GOLDEN[20], "bitfields": [moved]})
        assert bitfield["field"] in line


IMPOSSIBLE = (None, "domain_error")
SAME = ((0, "top"), (1, "bottom"), IMPOSSIBLE)


def same(one, other):
    return one == other or any(one in names and other in names for names in SAME)


EXPECTATIONS = [
    (n, e, expected)
    for n, e in NUMBERED
    if e["container"] == "coordinate"
    for expected in (0, 1, *IMPOSSIBLE, "top", [1, 2])
    if not same(expected, e["fields"]["expected"])
]


@pytest.mark.parametrize(("number", "entry", "expected"), EXPECTATIONS)
def test_another_expectation_of_a_conversion_is_found(number, entry, expected):
    wrong(number, {**entry, "fields": {**entry["fields"], "expected": expected}})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=8,
)


def paths(value, before=()):
    """Places of all values inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children:
        yield (*before, key)
        if isinstance(child, (dict, list)):
            yield from paths(child, (*before, key))


@given(st.sampled_from(NUMBERED), json_values, st.data())
@settings(max_examples=500)
def test_any_damage_is_a_verdict_of_single_lines(numbered, value, data):
    number, entry = numbered
    entry = copy.deepcopy(entry)
    path = data.draw(st.sampled_from(list(paths(entry))))
    parent = entry
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    verdict = check_entry(number, entry)
    assert all(line.startswith(f"entry {number}") for line in verdict.lines)


@pytest.mark.parametrize("damage", [b"", b"[", b'{"entries": []}', b"\x00\x01", b"[1, 2"])
def test_a_file_that_is_no_list_is_an_error_line_and_status_2(tmp_path, capsys, damage):
    file = tmp_path / "words.json"
    file.write_bytes(damage)
    assert words.main(["check", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1


def test_a_copy_with_one_wrong_word_says_so_once(tmp_path, capsys):
    spoilt = copy.deepcopy(GOLDEN)
    spoilt[8]["words"] = [19302]
    file = tmp_path / "words.json"
    file.write_text(json.dumps(spoilt), encoding="utf-8")
    assert words.main(["check", str(file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "entry 8 CurrentDAC: word 0 at 0x000c000b: expected 0x00004b66, ours 0x00004b67 "
        "(current 166 there, 167 ours)",
        f"{len(GOLDEN)} checked, 1 wrong, 0 not covered",
    ]
