"""Life cycle: setup, run, reset, end, and what each refuses.

Oracle: the life cycle of the chip's own PyNN backend (docs/reference/pynn_api.md) and its error
types.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from firmware_protocol import LinkError
from pynn_hx.targets import connect


def test_there_is_no_session_before_setup_and_after_end():
    assert pynn.simulator.state is None
    pynn.setup()
    assert pynn.simulator.state is not None
    pynn.end()
    assert pynn.simulator.state is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: pynn.run(0.1),
        lambda: pynn.end(),
        lambda: pynn.reset(),
        lambda: pynn.get_current_time(),
        lambda: pynn.Population(1, pynn.cells.HXNeuron()),
    ],
)
def test_without_a_session_the_way_out_is_named(call):
    with pytest.raises(AttributeError, match=r"needs a session; call pynn_hx\.setup\(\) first"):
        call()


def test_setup_returns_the_rank_and_replaces_the_session():
    assert pynn.setup() == 0
    pynn.Population(3, pynn.cells.HXNeuron())
    pynn.setup()
    assert pynn.simulator.state.populations == []
    assert pynn.Population(1, pynn.cells.HXNeuron()).first_id == 0


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"nonsense": 1}, KeyError, "knows no keyword 'nonsense'"),
        ({"calibration_cache": ["a"]}, NotImplementedError, "comes with the calibration of single"),
        ({"injected_config": {}}, TypeError, "a dict is no InjectedConfiguration"),
        ({"injected_readout": set()}, TypeError, "a set is no InjectedReadout"),
        ({"backgroundPermutation": [4]}, OverflowError, r"has background generators 0\.\.3"),
        ({"backgroundPermutation": [1, 1]}, ValueError, "names background generators"),
        ({"neuronPermutation": [1, 1]}, ValueError, r"names circuits \[1\] more than once"),
        ({"neuronPermutation": range(513)}, OverflowError, "contains 512"),
        ({"neuronPermutation": [-1]}, TypeError, "contains -1"),
        ({"min_delay": 1.0, "max_delay": 0.5}, Exception, "min_delay has to be less"),
        ({"target": "emulator:", "connection": connect("emulator:")}, ValueError, "give one"),
        ({"target": "emulator:?chipseed=3"}, ValueError, r"takes no options \['chipseed'\]"),
        ({"initial_config": "a.pbin"}, TypeError, "'a.pbin'.: a str is no ChipConfig"),
        ({"connection": "emulator:"}, TypeError, "a str is no Connection"),
    ],
)
def test_a_refused_setup_leaves_the_earlier_session_alone(keywords, error, message):
    pynn.setup()
    pynn.Population(2, pynn.cells.HXNeuron())
    before = pynn.simulator.state
    with pytest.raises(error, match=message):
        pynn.setup(**keywords)
    assert pynn.simulator.state is before
    assert len(before.populations) == 1


def test_setup_keeps_its_own_copy_of_the_initial_config():
    chip = pynn.helper.chip_from_nightly()
    pynn.setup(initial_config=chip)
    chip.neurons.leak_v_leak[0] = 5
    population = pynn.Population(1, pynn.cells.HXNeuron())
    pynn.run(None, pynn.RunCommand.PREPARE)
    assert population.get("leak_v_leak") == 606


def test_a_second_run_needs_a_reset():
    pynn.setup()
    pynn.Population(1, pynn.cells.HXNeuron())
    assert pynn.run(0.01) == pynn.get_current_time() == 0.01
    with pytest.raises(RuntimeError, match=r"has been run; .* call reset\(\)"):
        pynn.run(0.01)
    pynn.reset()
    assert pynn.get_current_time() == 0
    pynn.run(0.02)
    assert pynn.get_current_time() == 0.02


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((None,), ValueError, "nothing is queued"),
        ((-1.0,), ValueError, "must be 0"),
        ((40000.0,), ValueError, r"must be 0\.\.34360 ms"),
        ((0.1, "now"), ValueError, "is none of"),
        ((None, pynn.RunCommand.APPEND), ValueError, "give the time in ms"),
        ((0.1, pynn.RunCommand.PREPARE), ValueError, "no time passes"),
    ],
)
def test_runs_that_cannot_be(arguments, error, message):
    pynn.setup()
    with pytest.raises(error, match=message):
        pynn.run(*arguments)
    assert not pynn.simulator.state.running


def test_run_until_runs_for_what_is_left():
    pynn.setup()
    pynn.run(0.01, pynn.RunCommand.APPEND)
    assert pynn.run_until(0.03) == pytest.approx(0.03)
    assert pynn.run_until(0.03) == pytest.approx(0.03)
    with pytest.raises(ValueError, match=r"it is 0\.03 ms already"):
        pynn.run_until(0.01)


def test_state_queries():
    pynn.setup(timestep=0.1)
    assert pynn.get_time_step() == 3.4e-5
    assert (pynn.get_min_delay(), pynn.get_max_delay()) == (0, 0)
    pynn.setup(min_delay=0.5, max_delay=2.0)
    assert (pynn.get_min_delay(), pynn.get_max_delay()) == (0.5, 2.0)
    pynn.setup(timestep=0.1)
    assert (pynn.num_processes(), pynn.rank()) == (1, 0)
    names = [model.__name__ for model in pynn.list_standard_models()]
    assert names == ["HXNeuron", "CalibHXNeuronCuba", "CalibHXNeuronCoba"]


def test_preprocess_is_a_deprecated_name_for_prepare():
    pynn.setup()
    with pytest.warns(DeprecationWarning, match="is now run"):
        pynn.preprocess()
    assert pynn.simulator.state.mapped is not None


def test_a_connection_that_was_passed_stays_open_and_serves_several_sessions():
    connection = connect("emulator:")
    for _ in range(2):
        pynn.setup(connection=connection)
        pynn.Population(1, pynn.cells.HXNeuron())
        pynn.run(0.01)
        pynn.end()
    connection.close()
    pynn.setup(connection=connection)
    with pytest.raises(LinkError, match="is closed"):
        pynn.run(0.01)


def test_a_failed_run_can_be_repeated_and_the_chip_is_written_again():
    class Flaky:
        identifier = "flaky"

        def __init__(self):
            self.emulator, self.sizes, self.fail = connect("emulator:"), [], False

        def execute(self, words):
            self.sizes.append(words.size)
            if self.fail:
                raise LinkError("lost")
            return self.emulator.execute(words)

        def close(self): ...

    connection = Flaky()
    pynn.setup(connection=connection)
    pynn.Population(1, pynn.cells.HXNeuron())
    pynn.run(0.01)
    pynn.reset()
    pynn.run(0.01)
    pynn.reset()
    assert connection.sizes[1] < connection.sizes[0] / 100, "only changed words travel"
    connection.fail = True
    with pytest.raises(LinkError, match="lost"):
        pynn.run(0.01)
    connection.fail = False
    pynn.run(0.01)
    assert connection.sizes[3] == connection.sizes[0]


def test_end_writes_what_record_asked_for(tmp_path):
    pynn.setup()
    source = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    file = tmp_path / "spikes.pkl"
    source.record("spikes", to_file=str(file))
    pynn.run(0.02)
    pynn.end()
    block = pynn.get_io(str(file)).read_block()
    assert [np.asarray(t).tolist() for t in block.segments[0].spiketrains] == [[0.01], [0.01]]
