"""Names of what comes later: they exist, and say what to do instead."""

import copy

import pytest

import pynn_hx as pynn

Rule = pynn.PlasticityRule


def timer():
    return pynn.Timer(start=0.1, period=0.5, num_periods=3)


def test_a_timer_keeps_its_times_and_lets_them_be_changed():
    made = timer()
    made.period = 0.25
    assert (made.start, made.period, made.num_periods) == (0.1, 0.25, 3)
    assert repr(made) == "Timer(start=0.1, period=0.25, num_periods=3)"


@pytest.mark.parametrize(
    ("times", "wrong"),
    [({"start": 0, "period": 1}, "num_periods"), ({"begin": 0}, "begin, num_periods, period")],
)
def test_a_timer_needs_its_three_times_by_name(times, wrong):
    with pytest.raises(KeyError, match=wrong):
        pynn.Timer(**times)
    with pytest.raises(TypeError):
        pynn.Timer(0, 1, 2)


def test_a_plasticity_rule_is_refused_where_it_is_made_even_before_setup():
    class Mine(Rule):
        def __init__(self):
            super().__init__(timer(), observables={"w": observable})

        def generate_kernel(self):
            return "void PLASTICITY_RULE_KERNEL() {}"

    observable = Rule.ObservablePerSynapse(
        Rule.ObservablePerSynapse.Type.int8,
        Rule.ObservablePerSynapse.LayoutPerRow.packed_active_columns,
    )
    with pytest.raises(NotImplementedError, match=r"Mine: programs of .*Projection\.set\(weight"):
        Mine()
    with pytest.raises(NotImplementedError, match="come with a later version"):
        Rule(timer())


def test_observables_keep_what_they_are_given():
    array = Rule.ObservableArray(Rule.ObservableArray.Type.uint16, 5)
    assert (array.type.name, array.size) == ("uint16", 5)
    per_neuron = Rule.ObservablePerNeuron(
        type=Rule.ObservablePerNeuron.Type.int16,
        layout=Rule.ObservablePerNeuron.Layout.complete_row,
    )
    assert per_neuron.layout.name == "complete_row"


def test_without_a_rule_there_are_no_observables():
    pynn.setup()
    cells = pynn.Population(2, pynn.cells.HXNeuron(), label="p")
    projection = pynn.Projection(cells, cells, pynn.AllToAllConnector())
    for population in (cells, cells[0:1]):
        with pytest.raises(
            RuntimeError, match=r"'p': get_plasticity_data\('w'\): .* no plasticity"
        ):
            population.get_plasticity_data("w")
    with pytest.raises(RuntimeError, match="no plasticity rule"):
        projection.get_data("w")


@pytest.mark.parametrize(
    ("kind", "keyword"),
    [
        (pynn.SpikingCalibTarget, "injected_calib_target"),
        (pynn.SpikingCalibOptions, "injected_calib_options"),
    ],
)
def test_calibration_settings_have_their_defaults_and_no_others(kind, keyword):
    defaults = kind()
    pynn.setup(**{keyword: defaults})
    assert pynn.simulator.state is not None
    assert defaults == copy.deepcopy(defaults) != 3
    for ask in (
        lambda: kind(neuron_target=3),
        lambda: kind(3),
        lambda: defaults.neuron_target,
        lambda: setattr(defaults, "neuron_target", 3),
    ):
        with pytest.raises(NotImplementedError, match=rf"later version; .* leave setup\({keyword}"):
            ask()
    with pytest.raises(NotImplementedError, match="leave it out"):
        pynn.setup(**{keyword: 3})


def test_a_place_for_stored_calibrations_is_refused():
    with pytest.raises(NotImplementedError, match="calibration of single chips"):
        pynn.setup(calibration_cache=["somewhere"])
    pynn.setup(calibration_cache=None)


def test_symbols_of_the_on_chip_processors_are_none():
    ask = pynn.get_post_realtime_read_ppu_symbols
    with pytest.raises(RuntimeError, match="needs a session"):
        ask()
    pynn.setup()
    pynn.run(None, pynn.RunCommand.PREPARE)
    with pytest.raises(RuntimeError, match="nothing has been executed"):
        ask()
    pynn.run(0.01)
    assert ask() == {}
