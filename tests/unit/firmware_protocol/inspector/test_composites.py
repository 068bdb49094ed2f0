"""Rows and matrices of quads: sequences of words, and which of them fields touch.

Oracle: positions and words that lola's tests assert (word index 1604 = 2*(12*64+34) and others),
and the rule for columns: quad q, entry e is column 2e + 8(q % 32) + q // 32.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.coordinates import CoordinateError
from firmware_protocol.errors import FieldRangeError
from firmware_protocol.inspector.composites import COMPOSITES, Filled
from firmware_protocol.inspector.errors import InspectError, NotCovered

ACCESS = 0x02C00000


def test_a_synapse_of_the_matrix_lies_where_the_vendors_test_says():
    filled = Filled.of("SynapseMatrix", {"synram": 0}, {"weights": {"row12,col23": 63}})
    assert filled.touched().tolist() == [1604]
    assert int(filled.addresses()[1604]) == 47121954
    assert int(filled.words()[1604]) == 63
    assert np.count_nonzero(filled.words()) == 1


def test_a_row_of_samples_is_triggered_once_and_then_read_from_the_buffer():
    filled = Filled.of("CADCSampleRow", {"CADCSampleRowOnDLS": 12}, {"causal": {"86": 15}})
    addresses = filled.addresses()
    assert addresses.size == 128
    assert addresses[[0, 1, 64]].tolist() == [46662400, 48759553, 49021696]
    assert filled.touched().tolist() == [10]
    assert int(filled.words()[10]) == 15


def test_all_samples_trigger_both_halves_first():
    fields = {"causal": {"top,86": 15}, "acausal": {"top": {"102": 16}, "bottom,0": 1}}
    filled = Filled.of("CADCSamples", {}, fields)
    assert filled.addresses()[:3].tolist() == [46661632, 63438848, 48758785]
    assert filled.words()[[11, 77]].tolist() == [15, 16]
    assert filled.touched().tolist() == [11, 77, 2 + 63 + 64 + 63]


@pytest.mark.parametrize(
    ("name", "fields", "position"),
    [
        ("ColumnCorrelationRow", {"enable_internal_causal": [23]}, 136),
        ("ColumnCurrentRow", {"enable_synaptic_current_excitatory": [23]}, 68),
    ],
)
def test_a_row_of_switches(name, fields, position):
    filled = Filled.of(name, {"synram": "bottom"}, fields)
    assert filled.touched().tolist() == [position]


def test_rows_of_one_kind_of_value_use_their_own_addresses():
    weights = Filled.of("SynapseWeightRow", {"synram": 0, "row": 2}, {"values": {"1": 32}})
    assert weights.addresses()[weights.touched()].tolist() == [ACCESS + 64 * 2 + 32]
    labels = Filled.of("SynapseLabelMatrix", {"synram": 0}, {"labels": {"2,1": 5}})
    assert labels.addresses()[labels.touched()].tolist() == [ACCESS + 0x40000 + 64 * 2 + 32]
    reset = Filled.of("CorrelationResetRow", {"synram": 0, "row": 2}, {})
    assert reset.addresses().tolist() == [ACCESS + 0x90000 + 128 + q for q in range(64)]
    assert not reset.words().any()


def test_a_list_has_a_value_for_every_column():
    columns = np.arange(256)
    fields = {"labels": (columns % 64).tolist(), "weights": (columns % 60).tolist()}
    filled = Filled.of("SynapseRow", {"synram": 0, "row": 0}, fields)
    # Quad 32 holds columns 1, 3, 5, 7, the first one in the most significant byte.
    assert int(filled.words()[2 * 32 + 1]) == 0x01030507
    assert filled.contradictions(np.arange(128), filled.words()) == []


def test_what_is_said_twice_must_agree():
    with pytest.raises(InspectError, match=r"weights\[1\] is said twice"):
        Filled.of("SynapseRow", {"enum": 0}, {"weights": {"1": 1, "col1": 2}})


@pytest.mark.parametrize("name", [n for n in COMPOSITES if COMPOSITES[n].fields])
@given(data=st.data())
def test_words_decode_to_what_was_said(name, data):
    composite = COMPOSITES[name]
    field = data.draw(st.sampled_from(sorted(composite.fields)))
    limit = composite.field(field).limit
    at = {axis.name: data.draw(st.integers(0, axis.size - 1)) for axis in composite.axes}
    place = [data.draw(st.integers(0, size - 1)) for size in composite.shape]
    value = data.draw(st.integers(0, limit))
    filled = Filled.of(name, at, {field: {",".join(map(str, place)): value}})
    positions = filled.touched()
    words = filled.words()[positions]
    assert positions.size >= 1
    assert filled.contradictions(positions, words) == []
    other = Filled.of(name, at, {field: {",".join(map(str, place)): (value + 1) % (limit + 1)}})
    (problem,) = filled.contradictions(positions, other.words()[positions])
    assert problem.startswith(f"the words decode to {field}")


@pytest.mark.parametrize(
    ("name", "at", "fields", "error", "message"),
    [
        ("SynapseRows", {}, {}, NotCovered, "no container"),
        ("SynapseRow", {"synram": 0, "row": 256}, {}, CoordinateError, "row = 256"),
        ("SynapseRow", {"row": 1}, {}, CoordinateError, "does not say synram"),
        ("SynapseRow", {"synram": 0, "row": 1}, {"weight": {}}, InspectError, "it has weights"),
        ("SynapseRow", {"enum": 1}, {"weights": {"256": 1}}, InspectError, "256 goes to 255"),
        ("SynapseRow", {"enum": 1}, {"weights": {"x": 1}}, InspectError, "is no place"),
        ("SynapseRow", {"enum": 1}, {"weights": {"1,2": 1}}, InspectError, "is no place"),
        ("SynapseRow", {"enum": 1}, {"weights": {"1": 64}}, FieldRangeError, r"outside 0\.\.63"),
        ("SynapseRow", {"enum": 1}, {"weights": [1, 2]}, InspectError, "2 of 256 values"),
        ("SynapseRow", {"enum": 1}, {"weights": 3}, InspectError, "write a mapping"),
        ("SynapseWeightRow", {"enum": 1}, {"weights": {"1": 1}, "values": {}}, InspectError, "use"),
        ("SynapseMatrix", {"synram": 0}, {"weights": {"12": 1}}, InspectError, "is no place"),
        ("CADCSamples", {}, {"causal": {"left,1": 1}}, InspectError, "is no place"),
        ("ColumnCurrentRow", {"enum": 0}, {"enable_debug_excitatory": [256]}, InspectError, "256"),
    ],
)
def test_what_is_wrong_is_said(name, at, fields, error, message):
    with pytest.raises(error, match=message):
        Filled.of(name, at, fields)
