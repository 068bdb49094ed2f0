"""Containers of one register.

Oracle: words that the vendor's own tests assert (haldls tests/sw, file and line beside each), and
round trips through every register table.
"""

import copy
import pickle

import numpy as np
import pytest

from firmware_protocol import FieldRangeError, Program
from firmware_protocol.catalogue import CONTAINERS
from pynn_hx.vendor import hal, halco
from pynn_hx.vendor.coordinate import READS_AS


def crossbar_output():
    """haldls/vx/test-routing_crossbar.cpp:86."""
    container = hal.CrossbarOutputConfig()
    container.enable_event_counter[halco.CrossbarOutputOnDLS(7)] = True
    container.enable_slow[halco.PADIBusOnPADIBusBlock(2)] = True
    return halco.CrossbarOutputConfigOnDLS(), container, [1245184], [2052]


def background():
    """haldls/vx/test-background_spike_source.cpp:16."""
    container = hal.BackgroundSpikeSource(enable=True, period=12, rate=13, seed=14, mask=15)
    container.neuron_label = 16
    words = [14, 1051919, 786433]
    return halco.BackgroundSpikeSourceOnDLS(3), container, [1245195, 1245196, 1245194], words


def pads():
    """haldls/vx/test-readout_mux.cpp:164."""
    container = hal.PadMultiplexerConfig(cadc_v_ramp_mux=[0, 0, 0, 1], cadc_v_ramp_mux_to_pad=1)
    container.capmem_v_ref_mux[halco.CapMemBlockOnDLS(1)] = True
    container.capmem_v_ref_mux_to_capmem_intermediate_mux = True
    container.capmem_intermediate_mux_to_pad = True
    return halco.PadMultiplexerConfigOnDLS(0), container, [786446, 786447], [1041, 20]


def padi():
    """haldls/vx/test-padi.cpp:200."""
    container = hal.CommonPADIBusConfig(enable_spl1=[0, 1, 0, 1])
    container.enable_extended_timing[0] = True
    container.dacen_pulse_extension[2] = 3
    return halco.CommonPADIBusConfigOnDLS.bottom, container, [1146881], [50331674]


def cell():
    """haldls/vx/v3/test-capmem.cpp:56."""
    return halco.CapMemCellOnDLS(), hal.CapMemCell(hal.CapMemCell.Value(345)), [1310720], [345]


def recording():
    """haldls/vx/test-event_recording_config.cpp:44."""
    container = hal.EventRecordingConfig(True)
    return halco.EventRecordingConfigOnFPGA(), container, [2281701381], [1]


@pytest.mark.parametrize("golden", [crossbar_output, background, pads, padi, cell, recording])
def test_words_are_those_that_the_vendors_tests_assert(golden):
    coordinate, container, addresses, words = golden()
    encoded = container.encode(coordinate)
    assert encoded.addresses.tolist() == addresses
    assert encoded.words.tolist() == words
    assert type(container).decode(words) == container


@pytest.mark.parametrize("name", sorted(CONTAINERS.keys() - {"Barrier", "ReadoutSourceSelection"}))
def test_every_container_survives_its_words_and_copies(name):
    container, changed = getattr(hal, name)(), False
    for field_name, field in container.fields.items():
        usual = field.default if isinstance(field.default, int) else field.default[-1]
        value = field.limit if usual != field.limit else field.low
        changed |= value != usual
        if field.entries:
            getattr(container, field_name)[-1] = value
        else:
            setattr(container, field_name, value)
    assert type(container).decode(container.words()) == container
    assert copy.deepcopy(container) == container
    assert pickle.loads(pickle.dumps(container)) == container
    assert (container != type(container)()) == changed


def test_a_container_is_written_only_at_its_own_coordinate():
    with pytest.raises(TypeError, match=r"belongs to halco\.CrossbarOutputConfigOnDLS, not to Syn"):
        hal.CrossbarOutputConfig().encode(halco.SynramOnDLS())
    with pytest.raises(TypeError, match=r"CrossbarOutputEventCounter can only be read"):
        hal.CrossbarOutputEventCounter().encode(halco.CrossbarOutputOnDLS())
    with pytest.raises(TypeError, match="i2c, spi, jtag"):
        hal.INA219Config().write_to(Program(), halco.INA219ConfigOnBoard())


def test_values_have_limits_kinds_and_names():
    config = hal.NeuronConfig()
    with pytest.raises(FieldRangeError, match=r"membrane_capacitance = 64 is outside 0\.\.63"):
        config.membrane_capacitance = 64
    with pytest.raises(TypeError, match=r"2\.5 is no whole number"):
        config.membrane_capacitance = 2.5
    with pytest.raises(AttributeError, match="near to it: enable_threshold_comparator"):
        config.enable_threshold = True
    with pytest.raises(AttributeError, match="no value 'colour'"):
        _ = config.colour
    with pytest.raises(FieldRangeError, match=r"enable_slow\[1\] = 2 is outside 0\.\.1"):
        hal.CrossbarOutputConfig().enable_slow[1] = 2
    with pytest.raises(ValueError, match="shape"):
        hal.CrossbarOutputConfig().enable_slow = [True]
    with pytest.raises(TypeError, match="holds no whole numbers"):
        hal.CrossbarOutputConfig().enable_slow[1] = 0.5
    with pytest.raises(FieldRangeError, match=r"CapMemCell.Value = 1024"):
        hal.CapMemCell.Value(1024)
    assert config == hal.NeuronConfig()


def test_the_vendors_names_of_values_are_understood():
    config = hal.NeuronConfig()
    config.readout_source = config.ReadoutSource.exc_synin
    assert config.readout_source == hal.NeuronConfig.ReadoutSource.excitatory == 1
    config.enable_synaptic_input_excitatory_coba_mode = True
    assert config.excitatory_enable_coba_mode is True
    config.enable_fire = True
    assert config.enable_fire is True and config.enable_strong_fire is False
    assert config.analog_output == 1
    driver = hal.SynapseDriverConfig()
    driver.row_mode_top = driver.RowMode.excitatory
    assert driver.row_mode_top == 1
    assert hal.SynapseWeightQuad.Value.max == 63
    assert hal.Timer.Value.fpga_clock_cycles_per_us == 125
    assert int(hal.Timer.Value(1000 * int(hal.Timer.Value.fpga_clock_cycles_per_us))) == 125000


def test_arrays_of_values_move_as_a_whole():
    config = hal.CommonPADIBusConfig()
    config.dacen_pulse_extension.fill(10)
    assert config.dacen_pulse_extension.to_numpy().tolist() == [10] * 4
    config.dacen_pulse_extension.from_numpy([1, 2, 3, 4])
    assert [*config.dacen_pulse_extension] == [1, 2, 3, 4] and len(config.enable_spl1) == 4
    assert np.asarray(config.dacen_pulse_extension).sum() == 10
    assert repr(config) == "CommonPADIBusConfig(dacen_pulse_extension=[1 2 3 4])"


def test_every_coordinate_with_a_container_says_which():
    for kind, name in READS_AS.items():
        if name in CONTAINERS and name not in ("Barrier",):
            container = getattr(hal, name)
            if "w" in container.access and CONTAINERS[name].rule is not None:
                assert container().encode(getattr(halco, kind)()).words.size > 0


def test_messages_are_written_as_messages():
    program, expected = Program(), Program()
    hal.Timer().write_to(program, halco.TimerOnDLS())
    hal.ResetChip(True).write_to(program, halco.ResetChipOnDLS())
    hal.SystimeSync(True).write_to(program, halco.SystimeSyncOnFPGA())
    hal.SystimeSync(False).write_to(program, halco.SystimeSyncOnFPGA())
    hal.SpikePack2ToChip([3, 4]).write_to(program, halco.SpikePack2ToChipOnDLS())
    expected.setup_timer()
    expected.reset(True)
    expected.systime_init()
    expected.spikes_now([3, 4])
    assert program == expected
