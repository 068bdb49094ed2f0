"""What an entry of a file of words must be, and what is said of one that is not.

Oracle: the form of the vendor's test words (``tests/oracle/golden/words.json``).
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.inspector.entries import Bitfield, entries_of, parse_entry
from firmware_protocol.inspector.errors import InspectError

ENTRY = {
    "container": "CADCConfig",
    "coordinate": {"synram": 0},
    "fields": {"enable": 1},
    "addresses": [0x02401000],
    "words": [1],
    "source": "by hand",
    "kind": "derived",
}


def test_an_entry_is_taken_as_it_is():
    entry = parse_entry(7, {**ENTRY, "masks": [1], "byte_enables": [[1, 1, 0, 0]], "access": "rw"})
    assert (entry.number, entry.container, entry.addresses) == (7, "CADCConfig", (0x02401000,))
    assert (entry.words, entry.masks, entry.byte_enables) == ((1,), (1,), (0b0011,))


def test_words_may_be_absent():
    entry = parse_entry(0, {**ENTRY, "words": None})
    assert entry.words is None and entry.masks is None


def test_places_of_fields_are_taken():
    place = {"field": "enable", "word": 0, "lsb": 0, "width": 1}
    entry = parse_entry(0, {**ENTRY, "kind": "test-layout", "bitfields": [place]})
    assert entry.bitfields == (Bitfield("enable", 0, 0, 1),)


@pytest.mark.parametrize("key", ENTRY)
def test_a_missing_key_is_named(key):
    raw = {k: v for k, v in ENTRY.items() if k != key}
    with pytest.raises(InspectError, match=f"malformed: it has no {key}, which every entry needs"):
        parse_entry(0, raw)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"container": 3}, "container is a number, not a string"),
        ({"coordinate": []}, "coordinate is a list, not an object"),
        ({"fields": None}, "fields is null, not an object"),
        ({"addresses": 5}, "addresses is a number, not a list"),
        ({"addresses": [True]}, r"addresses\[0\] = True is no address"),
        ({"addresses": [-1]}, r"addresses\[0\] = -1 is no address"),
        ({"addresses": [1 << 32]}, "is no address"),
        ({"words": "1"}, "words is a string, not a list or null"),
        ({"words": [1.5]}, r"words\[0\] = 1\.5 is no word"),
        ({"words": [True]}, r"words\[0\] = True is no word"),
        ({"words": [-1]}, r"words\[0\] = -1 is no word"),
        ({"words": [1 << 64]}, "is no word"),
        ({"source": None}, "source is null, not a string"),
        ({"kind": "guess"}, "kind 'guess' is none of test, test-rule, test-layout, derived"),
        ({"kind": "test-layout"}, "without bitfields; nothing to compare"),
        ({"masks": [1, 1]}, "masks .* must be a list like words, which has 1"),
        ({"masks": [-1]}, r"masks\[0\] = -1 is no mask of 32 bits"),
        ({"masks": [0]}, "masks are all 0, so the words assert nothing"),
        ({"words": None, "masks": [1]}, "masks .* must be a list like words, which has no"),
        ({"byte_enables": [[1, 1]]}, r"byte_enables\[0\] = \[1, 1\]; write four flags"),
        ({"byte_enables": [[1, 1, 1, 2]]}, "write four flags"),
        ({"byte_enables": 15}, "must be a list like words"),
        ({"access": "x"}, "access 'x' is none of r, w, rw"),
        ({"backend": 1}, "backend is a number, not a string"),
        ({"bitfields": {}}, "bitfields is an object, not a list"),
        ({"bitfields": [{"field": "enable"}]}, r"bitfields\[0\] = .*; it needs"),
        ({"note": 1}, "note is a number, not a string"),
        ({"mask": [1]}, "unknown mask; an entry may also have masks, byte_enables"),
    ],
)
def test_what_is_malformed_is_said(change, message):
    with pytest.raises(InspectError, match=f"malformed: .*{message}"):
        parse_entry(0, {**ENTRY, **change})


@pytest.mark.parametrize("raw", [None, 1, "x", [], True])
def test_an_entry_is_an_object(raw):
    with pytest.raises(InspectError, match=r"malformed: it is .*, not an object"):
        parse_entry(0, raw)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value"),
        ("{", "not JSON: Expecting property name"),
        ("{}", "holds an object, not a list of entries"),
        ("null", "holds null, not a list"),
        ('"x"', "holds a string, not a list"),
        ("[NaN]", "not JSON: NaN is no number"),
        ('[{"a": 1, "a": 2}]', "not JSON: key 'a' appears twice"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "1" * 5000 + "]", "not JSON"),
    ],
)
def test_a_damaged_file_is_an_error_with_its_name(text, message):
    with pytest.raises(InspectError, match=f"words.json: {message}"):
        entries_of(text, "words.json")


def test_a_list_is_given_back_unchecked():
    assert entries_of("[1, {}, null]", "words.json") == [1, {}, None]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from([*ENTRY, "masks", "byte_enables", "bitfields", "note"]), json_values)
def test_any_value_of_any_key_is_taken_or_refused(key, value):
    raw = json.loads(json.dumps({**ENTRY, key: value}))
    try:
        parse_entry(0, raw)
    except InspectError as error:
        assert str(error).startswith("malformed: ")
