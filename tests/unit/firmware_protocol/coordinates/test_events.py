"""Sources, crossbar, links and buses.

Oracle: the wiring table of ``docs/reference/words.md`` ("Crossbar") evaluated case by case.
"""

import pytest

from firmware_protocol import coordinates as c


def test_nodes_know_their_ends():
    for node in c.CrossbarNode.all():
        assert c.CrossbarNode.at(node.output, node.input) == node


def test_a_pair_that_is_not_wired_is_refused_with_what_is():
    with pytest.raises(
        c.CoordinateError,
        match=r"no crossbar node joins input 4 to output 1; that input reaches outputs \[0, 4, 8\]",
    ):
        c.CrossbarNode.at(output=1, input_=4)
    with pytest.raises(c.CoordinateError, match=r"CrossbarOutput\(12\) does not exist"):
        c.CrossbarNode.at(output=12, input_=4)


def test_inputs_and_outputs_list_their_nodes():
    assert [int(n) for n in c.CrossbarInput(9).nodes] == list(range(33, 42))
    assert [int(n.input) for n in c.CrossbarOutput(6).nodes] == [2, 6, 8, 9, 10, 11, 18]
    assert sum(len(i.nodes) for i in c.CrossbarInput.all()) == 76
    assert sum(len(o.nodes) for o in c.CrossbarOutput.all()) == 76


def test_every_input_has_one_thing_behind_it():
    behind = [
        *(o.crossbar_input.neuron_event_output for o in c.NeuronEventOutput.all()),
        *(a.crossbar_input.spl1_address for a in c.SPL1Address.all()),
        *(s.crossbar_input.background_spike_source for s in c.BackgroundSpikeSource.all()),
    ]
    assert behind == [
        *c.NeuronEventOutput.all(),
        *c.SPL1Address.all(),
        *c.BackgroundSpikeSource.all(),
    ]
    assert [int(o.crossbar_input) for o in c.NeuronEventOutput.all()] == list(range(8))
    assert [int(a.crossbar_input) for a in c.SPL1Address.all()] == list(range(8, 12))
    assert [int(s.crossbar_input) for s in c.BackgroundSpikeSource.all()] == list(range(12, 20))


@pytest.mark.parametrize(
    ("attribute", "inputs", "message"),
    [
        ("neuron_event_output", range(8), "those are inputs 0..7"),
        ("spl1_address", range(8, 12), "those are inputs 8..11"),
        ("background_spike_source", range(12, 20), "those are inputs 12..19"),
    ],
)
def test_an_input_is_refused_as_what_it_is_not(attribute, inputs, message):
    for number in set(range(20)) - set(inputs):
        with pytest.raises(c.CoordinateError, match=message):
            getattr(c.CrossbarInput(number), attribute)


def test_outputs_lead_to_a_bus_or_to_a_link():
    assert [o.padi_bus.crossbar_output for o in list(c.CrossbarOutput.all())[:8]] == list(range(8))
    assert [o.l2_output.crossbar_output for o in list(c.CrossbarOutput.all())[8:]] == [8, 9, 10, 11]
    with pytest.raises(c.CoordinateError, match=r"CrossbarOutput\(8\) leads to the FPGA; PADI bus"):
        _ = c.CrossbarOutput(8).padi_bus
    with pytest.raises(c.CoordinateError, match=r"CrossbarOutput\(7\) leads to a PADI bus; FPGA"):
        _ = c.CrossbarOutput(7).l2_output


def test_background_sources_reach_their_bus_and_their_link_only():
    for source in c.BackgroundSpikeSource.all():
        outputs = {node.output for node in source.crossbar_input.nodes}
        assert outputs == {source.padi_bus.crossbar_output, source.l2_output.crossbar_output}


def test_event_outputs_reach_the_two_buses_that_they_name():
    for output in c.NeuronEventOutput.all():
        reached = [node.output for node in output.crossbar_input.nodes]
        assert tuple(o.padi_bus for o in reached[:2]) == output.padi_buses
        assert reached[2].l2_output == int(output) % 4


def test_buses_and_event_outputs_are_numbered_by_block():
    assert all(c.PADIBus.at(b.synram, b.on_block) == b for b in c.PADIBus.all())
    assert all(c.NeuronEventOutput.at(o.block, o.on_block) == o for o in c.NeuronEventOutput.all())
    assert (c.PADIBus(6).synram, c.PADIBus(6).on_block) == (1, 2)
    assert (c.NeuronEventOutput(6).block, c.NeuronEventOutput(6).on_block) == (1, 2)
    assert c.NeuronEventOutput(6).columns == range(192, 224)


def test_a_half_has_four_buses():
    with pytest.raises(c.CoordinateError, match=r"PADIBus\.at: on_block = 4 does not exist"):
        c.PADIBus.at(0, 4)
