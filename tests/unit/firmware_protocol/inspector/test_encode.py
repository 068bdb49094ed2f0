"""Words of any container, row or message, and their way back.

Oracle: the checker, which computes an entry anew, and the tables' own decoding.
"""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.inspector.check import Outcome, check_entry
from firmware_protocol.inspector.encode import encode
from firmware_protocol.inspector.errors import InspectError, NotCovered
from firmware_protocol.inspector.lookup import decode
from firmware_protocol.inspector.places import described
from firmware_protocol.inspector.spelling import spoken


def random_fields(container, data):
    fields = {}
    for f in container.register.fields:
        values = st.integers(f.low, f.limit).map(lambda v, f=f: spoken(f, v))
        n = f.entries
        fields[f.name] = data.draw(st.lists(values, min_size=n, max_size=n) if n else values)
    return fields


@pytest.mark.parametrize("name", CONTAINERS)
@given(data=st.data())
@settings(max_examples=15)
def test_fields_come_back_from_their_words(name, data):
    container = CONTAINERS[name]
    index = tuple(data.draw(st.integers(0, axis.size - 1)) for axis in container.axes)
    fields = random_fields(container, data)
    encoded = encode(name, described(container, index), fields)
    found = decode(encoded.addresses[0], encoded.words)
    (mine,) = [one for one in found if one.container is container]
    assert (mine.index, mine.word, mine.fields) == (index, 0, fields)
    assert (mine.partial, mine.remarks) == ((), ())


@pytest.mark.parametrize("name", CONTAINERS)
@given(data=st.data())
@settings(max_examples=15)
def test_what_is_encoded_is_an_entry_that_is_right(name, data):
    container = CONTAINERS[name]
    index = tuple(data.draw(st.integers(0, axis.size - 1)) for axis in container.axes)
    encoded = encode(name, described(container, index), random_fields(container, data))
    entry = json.loads(json.dumps(encoded.entry()))
    verdict = check_entry(0, entry)
    assert verdict.outcome is Outcome.RIGHT, verdict.lines
    word = data.draw(st.integers(0, len(entry["words"]) - 1))
    entry["words"][word] ^= 1 << data.draw(st.integers(0, 31))
    assert check_entry(0, entry).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("name", "at", "fields"),
    [
        ("SynapseMatrix", {"synram": 1}, {"weights": {"12,23": 63}}),
        ("CADCSampleRow", {"enum": 5}, {"causal": {"1": 2}, "acausal": {"3": 4}}),
        ("ColumnCurrentRow", {"enum": 1}, {}),
        ("ut:event SpikePack2", {}, {"labels": [1, 2]}),
        ("OmnibusChipOverJTAG write", {"address": 5}, {"value": 1}),
        ("I2CDAC6573RwRegister read", {"channel": "v_res_meas"}, {}),
        ("SPIDACDataRegister write", {"channel": "v_reset"}, {"value": 5}),
        ("VectorGeneratorFIFOWord", {"generator": 1}, {"enable": [0, 1, 0, 1], "value": {"1": 5}}),
        ("ExternalPPUMemoryByte", {"byte": 9}, {"value": 200}),
    ],
)
def test_rows_messages_and_bytes_are_entries_too(name, at, fields):
    entry = json.loads(json.dumps(encode(name, at, fields).entry()))
    assert check_entry(0, entry).outcome is Outcome.RIGHT


def test_the_plls_registers_over_jtag():
    encoded = encode("PLLClockOutputBlock", {}, {"bypass_output0": 1}, "jtag_pll")
    assert encoded.addresses == ["jtag_pll_register[4]"]
    assert encoded.words == [286064899]
    assert check_entry(0, encoded.entry()).outcome is Outcome.RIGHT


def test_only_the_words_that_fields_touch_are_given():
    encoded = encode("SynapseMatrix", {"synram": 0}, {"weights": {"row12,col23": 63}})
    assert (encoded.addresses, encoded.words) == ([47121954], [63])
    assert len(encode("SynapseRow", {"enum": 0}, {}).words) == 128


def test_defaults_are_those_of_the_tables():
    encoded = encode("MADCConfig", {}, {})
    register = CONTAINERS["MADCConfig"].register
    assert np.array_equal(encoded.words, register.encode(register.defaults()))


def test_what_is_wrong_is_said():
    with pytest.raises(NotCovered, match="no container is called 'MADC'"):
        encode("MADC", {}, {})
    with pytest.raises(InspectError, match="no field 'wait'"):
        encode("CADCConfig", {"synram": 0}, {"wait": 1})
    for name, at in (("CADCConfig", {"synram": 0}), ("SynapseRow", {"enum": 0})):
        with pytest.raises(InspectError, match="is reached through"):
            encode(name, at, {}, "jtag_pll")
    with pytest.raises(InspectError, match="goes through 'ut64', not through 'jtag_pll'"):
        encode("ut:timing.Setup", {}, {}, "jtag_pll")
