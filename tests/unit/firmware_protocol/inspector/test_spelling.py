"""Field values as people and files spell them.

Oracle: the spellings of the vendor's test words and their meaning in haldls.
"""

import pytest

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.errors import FieldRangeError
from firmware_protocol.inspector.errors import InspectError
from firmware_protocol.inspector.spelling import spelled

# container, fields, what the table's fields become
SPELLINGS = [
    ("CurrentDAC", {"sign": "sink"}, {"sign": 1}),
    ("CurrentDAC", {"sign": 1, "current": "0xa7"}, {"sign": 1, "current": 0xA7}),
    ("CurrentDAC", {"connect_neuron": [1, 0]}, {"connect_neuron": [1, 0]}),
    ("CurrentDAC", {"connect_synapse": [1]}, {"connect_synapse": [0, 1]}),
    ("EventRecordingConfig", {"enable_event_recording": True}, {"enable_event_recording": 1}),
    (
        "CrossbarOutputConfig",
        {"enable_event_counter": [7], "enable_slow": [0, 1, 2, 3]},
        {"enable_event_counter": [0] * 7 + [1] + [0] * 4, "enable_slow": [1, 1, 1, 1]},
    ),
    ("CrossbarOutputConfig", {"enable_slow": []}, {"enable_slow": [0, 0, 0, 0]}),
    ("CADCSampleQuad", {"sample": {"1": 18}}, {"sample": [0, 18, 0, 0]}),
    ("PLLClockOutputBlock", {"bypass_output0": 1}, {"bypass_output": [1, 0, 0, 0]}),
    ("PLLClockOutputBlock", {"adpll_output_1": "dco"}, {"adpll_output": [0, 2, 1, 2]}),
    ("ADPLL", {"core_div_m0": 3}, {"core_div_m0": 3, "core_div_m1": 2}),
    (
        "ColumnCorrelationQuad",
        {"entry2": {"enable_internal_causal": 1}},
        {"enable_internal_causal": [0, 0, 1, 0]},
    ),
    ("NeuronConfig", {"readout_source": "exc_synin"}, {"readout_source": 1}),
    ("NeuronConfig", {"enable_fire": 1}, {"analog_output": 1}),
    ("NeuronConfig", {"membrane_capacitor_size": 63}, {"membrane_capacitance": 63}),
    ("NeuronBackendConfig", {"enable_bayesian_1": 1}, {"bayesian_operation": 2}),
    ("SynapseDriverConfig", {"row_mode_top": "disabled"}, {"row_mode_top": 0}),
    (
        "CapMemBlockConfig",
        {"debug_readout_enable": 1, "debug_capmem_cell": {"enum": 10, "column": 10, "row": 0}},
        {"debug_row": 1, "debug_column": 10},
    ),
    (
        "CapMemBlockConfig",
        {"debug_readout_enable": 0, "debug_capmem_cell": 140},
        {"debug_row": 0, "debug_column": 10},
    ),
    (
        "CapMemBlockConfig",
        {"debug_v_ref_select": "disabled", "debug_i_out_select": "i_out_ramp"},
        {"debug_v_ref_select": 0, "debug_i_out_select": 2},
    ),
    (
        "CommonCorrelationConfig",
        {"cadc_v_offset_assignment": {"left": "right", "right": "right"}},
        {"left_uses_right_offset": 1, "right_uses_left_offset": 0},
    ),
]


@pytest.mark.parametrize(("name", "fields", "expected"), SPELLINGS)
def test_fields_are_understood(name, fields, expected):
    found = spelled(CONTAINERS[name], fields)
    assert {key: found.values[key].tolist() for key in expected} == expected


def test_only_what_was_said_counts_as_given():
    found = spelled(CONTAINERS["PLLClockOutputBlock"], {"bypass_output2": 0})
    assert found.given["bypass_output"].tolist() == [False, False, True, False]
    assert not found.given["adpll"].any()


def test_the_enables_of_a_fifo_word_count_from_its_least_significant_byte():
    found = spelled(CONTAINERS["VectorGeneratorFIFOWord"], {"enable": [1, 1, 0, 0]})
    assert found.enables == 0b1100
    assert spelled(CONTAINERS["VectorGeneratorFIFOWord"], {}).enables is None


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("CADCConfig", {"enabled": 1}, r"no field 'enabled'; it has enable, reset_wait"),
        ("NeuronReset", {"value": 1}, r"it has none; writing anything triggers it"),
        ("CADCConfig", {"reset_wait": "long"}, r"'long' is unknown; choose a number \(0\.\.255\)"),
        ("CADCConfig", {"reset_wait": 1.5}, r"1\.5 is no value; write a number"),
        ("CADCConfig", {"reset_wait": None}, r"None is no value"),
        ("CurrentDAC", {"sign": "up"}, r"'up' is unknown; choose \['source', 'sink'\]"),
        ("CurrentDAC", {"connect_neuron": 1}, r"it has 2 entries; write a list of 2 values"),
        ("CurrentDAC", {"connect_neuron": {"2": 1}}, r"no entry 2; choose 0\.\.1"),
        ("CurrentDAC", {"connect_neuron": {"top": 1}}, r"'top' is no number"),
        ("CurrentDAC", {"connect_neuron": [0, 0, 0]}, r"has 3 of 2 values"),
        ("CrossbarOutputConfig", {"enable_slow": [1, 1]}, r"says a flag twice"),
        ("CrossbarOutputConfig", {"enable_slow": [4]}, r"no entry 4"),
        ("CADCSampleQuad", {"sample": [1, 2]}, r"has 2 of 4 values; write all"),
        ("SynapseQuad", {"entry2": {"wait": 1}}, r"no field 'wait' with entries"),
        ("CurrentDAC", {"connect_neuron0": 1, "connect_neuron": [0, 0]}, r"said to be 1 and 0"),
        ("CapMemBlockConfig", {"debug_capmem_cell": {"enum": 10, "column": 11, "row": 0}}, "enum"),
        ("CapMemBlockConfig", {"debug_capmem_cell": {"column": 11}}, "does not say row and column"),
        ("VectorGeneratorFIFOWord", {"enable": 1}, "write a list of 4 flags"),
        ("CommonCorrelationConfig", {"cadc_v_offset_assignment": {"left": "up"}}, "neither left"),
        ("CommonCorrelationConfig", {"cadc_v_offset_assignment": "left"}, "write"),
    ],
)
def test_what_makes_no_sense_is_an_error(name, fields, message):
    with pytest.raises(InspectError, match=message):
        spelled(CONTAINERS[name], fields)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("CADCConfig", {"reset_wait": 256}, r"CADCConfig\.reset_wait = 256 is outside 0\.\.255"),
        ("CADCChannelConfig", {"offset": -129}, r"offset = -129 is outside -128\.\.127"),
        ("ADPLL", {"pre_div_p0": 1}, r"pre_div_p0 = 1 is outside 2\.\.4"),
        ("CADCSampleQuad", {"sample": {"1": 256}}, r"sample\[1\] = 256 is outside 0\.\.255"),
        ("CADCConfig", {"enable": 10**30}, r"is outside 0\.\.1"),
        ("NeuronConfig", {"enable_fire": 2}, r"enable_fire = 2 is outside 0\.\.1"),
    ],
)
def test_a_value_that_does_not_fit_is_a_range_error(name, fields, message):
    with pytest.raises(FieldRangeError, match=message):
        spelled(CONTAINERS[name], fields)
