"""States of a session, its functions' answers, and PyNN's procedural interface.

Oracle: the diagram of states in docs/reference/pynn_api.md's source; PyNN's documentation.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand, hal


def test_running_is_true_between_an_execution_and_the_reset():
    pynn.setup()
    state = pynn.simulator.state
    seen = [state.running]
    for command in (RunCommand.APPEND, RunCommand.EXECUTE):
        pynn.run(0.01, command)
        seen.append(state.running)
    pynn.reset()
    assert [*seen, state.running] == [False, False, True, False]


def test_every_form_of_run_returns_the_time():
    pynn.setup()
    assert pynn.run(None, RunCommand.PREPARE) == 0
    assert pynn.run(0.01, RunCommand.APPEND) == pytest.approx(0.01)
    assert pynn.run_for(0.02) == pytest.approx(0.03) == pynn.get_current_time()
    pynn.reset()
    pynn.run(0.04, RunCommand.APPEND)
    assert pynn.run(None) == pytest.approx(0.04)


def test_a_second_end_needs_a_session():
    pynn.setup()
    pynn.end()
    with pytest.raises(AttributeError, match="needs a session"):
        pynn.end()


@pytest.mark.parametrize(
    "name",
    [
        "get_pre_realtime_read",
        "get_post_realtime_read",
        "get_backend_statistics",
        "get_execution_instance_data",
        "get_post_realtime_read_ppu_symbols",
    ],
)
def test_questions_without_a_session_are_runtime_errors(name):
    with pytest.raises(RuntimeError, match=f"{name}.* needs a session"):
        getattr(pynn, name)()


def test_what_is_there_before_a_run_after_prepare_and_after_a_run():
    pynn.setup()
    pynn.Population(1, pynn.cells.HXNeuron())
    assert pynn.get_pre_realtime_read() == pynn.get_post_realtime_read() == {}
    with pytest.raises(RuntimeError, match="nothing is mapped yet"):
        pynn.get_backend_statistics()
    pynn.run(None, RunCommand.PREPARE)
    assert "MappedTopologyStatistics" in str(pynn.get_backend_statistics())
    with pytest.raises(RuntimeError, match="nothing has been executed"):
        pynn.get_execution_instance_data()
    pynn.run(0.01)
    assert pynn.get_execution_instance_data().executions == 1
    assert pynn.get_pre_realtime_read() == {}


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"mindelay": 1}, KeyError),
        ({"maxdelay": 1}, KeyError),
        ({"dt": 1}, KeyError),
        ({"time_step": 1}, KeyError),
        ({"timestep": 2.0, "min_delay": 1.0}, Exception),
        ({"min_delay": 2.0, "max_delay": 1.0}, Exception),
    ],
)
def test_setup_refuses_old_names_and_delays_that_cannot_be(keywords, error):
    with pytest.raises(error):
        pynn.setup(**keywords)
    assert pynn.simulator.state is None


def test_clocks_have_their_published_rates():
    assert int(hal.Timer.Value.fpga_clock_cycles_per_us) == 125
    pynn.setup(timestep=0.1)
    assert pynn.get_time_step() == pynn.simulator.state.dt == 3.4e-5


def test_annotations_of_a_reset_are_those_of_its_segment():
    pynn.setup()
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    source.record("spikes")
    pynn.run(0.02)
    pynn.reset(annotations={"what": "first"})
    pynn.run(0.02)
    first, second = source.get_data().segments
    assert first.annotations["what"] == "first" and "what" not in second.annotations


def test_pynns_procedural_interface_makes_a_network_and_records_it():
    pynn.setup()
    with pytest.warns(DeprecationWarning):
        source = pynn.create(pynn.cells.SpikeSourceArray, {"spike_times": [0.01]}, n=2)
    with pytest.warns(DeprecationWarning):
        neurons = pynn.create(pynn.cells.HXNeuron(), n=3)
    with pytest.warns(DeprecationWarning):
        projection = pynn.connect(source, neurons, weight=5)
    assert projection.get("weight", "array").tolist() == [[5.0] * 3] * 2
    with pytest.warns(DeprecationWarning):
        pynn.set(neurons, leak_v_leak=7)
    assert neurons.get("leak_v_leak") == 7
    with pytest.warns(DeprecationWarning), pytest.warns(UserWarning, match="no effect"):
        pynn.initialize(neurons, v=3)
    assert neurons.recorder.spike_cells().size == 0


def test_the_procedural_record_writes_its_file(tmp_path):
    pynn.setup()
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    path = str(tmp_path / "spikes.pkl")
    with pytest.warns(DeprecationWarning):
        pynn.record("spikes", source, path)
    pynn.run(0.02)
    pynn.end()
    block = pynn.get_io(path).read_block()
    assert np.asarray(block.segments[0].spiketrains[0]).tolist() == [0.01]


def test_a_permutation_may_be_shorter_than_the_chip():
    pynn.setup(neuronPermutation=[4, 3])
    pynn.Population(2, pynn.cells.HXNeuron())
    pynn.run(None, RunCommand.PREPARE)
    assert pynn.simulator.state.mapped.circuit.tolist() == [4, 3]


def test_a_bypass_replaces_the_configuration_and_says_so(caplog):
    caplog.set_level("INFO", "pynn_hx.control")
    chip = pynn.helper.chip_from_nightly()
    pynn.setup(enable_neuron_bypass=True, initial_config=chip)
    assert "enable_neuron_bypass replaces the initial_config" in caplog.text
    neurons = pynn.simulator.state.initial_config.neurons
    assert neurons.event_routing_enable_bypass_excitatory.all()
    assert neurons.event_routing_enable_bypass_inhibitory.all()
    assert not neurons.threshold_enable.any()


def test_end_closes_a_connection_that_the_session_opened(monkeypatch):
    pynn.setup()
    pynn.run(0.01)
    closed = []
    connection = pynn.simulator.state.connection
    monkeypatch.setattr(connection, "close", lambda: closed.append(True), raising=False)
    pynn.end()
    assert closed == [True] and pynn.simulator.state is None
