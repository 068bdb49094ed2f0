"""Every container: its addresses, its coordinate, and the way back from an address.

Oracle: base addresses and strides of ``docs/reference/words.md`` ("Address map"), by hand.
"""

import numpy as np
import pytest

from firmware_protocol.catalogue import CONTAINERS, SECTIONS, find
from firmware_protocol.coordinates import CoordinateError

S = (0x02C00000, 0x03C00000)

# container, index, address of each word
ADDRESSES = [
    ("NeuronConfig", (3, 127), [0x178000 + 8 * 127 + w for w in range(2, 8)]),
    ("NeuronBackendConfig", (1, 255), [0x1A9000 + 4 * 255 + w for w in range(4)]),
    ("CommonNeuronBackendConfig", (1,), [0x1A9800, 0x1A9801]),
    ("NeuronReset", (1, 3), [0x12A000 + 12]),
    ("BlockPostPulse", (0,), [0x122400]),
    ("SpikeCounterRead", (1, 3), [0x12A800 + 12]),
    ("SpikeCounterReset", (0, 3), [0x122C00 + 12]),
    ("NeuronResetQuad", (1, 23), [S[1] + 0x94000 + 23]),
    ("NeuronSRAMTimingConfig", (2,), [0x170402, 0x170403]),
    ("NeuronBackendSRAMTimingConfig", (0,), [0x1A1402, 0x1A1403]),
    ("CapMemCell", (1, 129, 23), [0x148000 + 32 * 129 + 23]),
    ("CapMemBlockConfig", (3,), [0x15C000 + w for w in range(10)]),
    ("CapMemSRAMTimingConfig", (2,), [0x152800, 0x152801]),
    ("ReferenceGeneratorConfig", (), [0xC0012 + w for w in range(9)]),
    ("SynapseQuad", (1, 2, 3), [S[1] + 0xF0000 + 256 + 3, S[1] + 0xF0000 + 256 + 67]),
    ("SynapseWeightQuad", (0, 255, 63), [S[0] + 64 * 255 + 63]),
    ("SynapseLabelQuad", (1, 255, 63), [S[1] + 0x40000 + 64 * 255 + 63]),
    ("SynapseCorrelationCalibQuad", (0, 1, 2), [S[0] + 0x10000 + 66, S[0] + 0x20000 + 66]),
    ("ColumnCorrelationQuad", (0, 5), [S[0] + o + 5 for o in (0xF8080, 0xF80C0, 0x4000, 0x44000)]),
    ("ColumnCurrentQuad", (1, 5), [S[1] + 0x14005, S[1] + 0x24005]),
    ("CommonSynramConfig", (1,), [0x03000000, 0x03000001, 0x03000002]),
    ("SynapseBiasSelection", (), [0x100000]),
    ("SynapseDriverConfig", (0, 42), [0x110400 + 4 * 42 + w for w in range(3)]),
    ("SynapseDriverSRAMTimingConfig", (1,), [0x118602, 0x118603]),
    ("PADIEvent", (1,), [0x118000]),
    ("CommonPADIBusConfig", (0,), [0x110001]),
    ("CommonSTPConfig", (1,), [0x118002]),
    ("CommonCorrelationConfig", (0,), [0x02200000 + w for w in range(4)]),
    ("CADCConfig", (1,), [0x03401000]),
    ("CADCChannelConfig", (1, 130, 1), [0x03400000 + 2 * 2 + 1]),
    ("CADCChannelConfig", (0, 3, 1), [0x02400807]),
    ("CADCOffsetSRAMTimingConfig", (2,), [0x03400902, 0x03400903]),
    ("CADCSampleQuad", (0, 5, 3, 1, 1), [S[0] + 0x200000 + 0xC0000 + 64 * 5 + 3]),
    ("CADCSampleQuad", (1, 5, 3, 0, 0), [S[1] + 0x80000 + 64 * 5 + 3]),
    ("CorrelationReset", (0, 2, 1), [S[0] + 0x90000 + 129]),
    ("CrossbarNode", (75,), [0x130064]),
    ("CrossbarOutputConfig", (), [0x130000]),
    ("CrossbarInputDropCounter", (19,), [0x130078]),
    ("CrossbarOutputEventCounter", (11,), [0x130084]),
    ("BackgroundSpikeSource", (7,), [0x130001 + 21 + 1, 0x130001 + 21 + 2, 0x130001 + 21]),
    ("MADCControl", (), [0xC0000]),
    ("MADCConfig", (), [0xC0001 + w for w in range(10)]),
    ("CurrentDAC", (), [0xC000B]),
    ("ReadoutSourceSelection", (1,), [0xC000D]),
    ("PadMultiplexerConfig", (1,), [0xC0010, 0xC0011]),
    ("PPUControlRegister", (1,), [0x03A00000]),
    ("PPUStatusRegister", (0,), [0x02A00001]),
    ("PPUMemoryWord", (1, 4095), [0x03800FFF]),
    ("ADPLL", (1,), [0x80002, 0x80003]),
    ("PLLClockOutputBlock", (), [0x80004]),
    ("PLLSelfTest", (), [0x80005]),
    ("PLLSelfTestStatus", (), [0x80007]),
    ("PhyConfigFPGA", (7,), [0x88006007]),
    ("CommonPhyConfigFPGA", (), [0x88004000]),
    ("CommonPhyConfigChip", (), [0x40000]),
    ("SystimeSyncBase", (), [0, 1]),
    ("FPGADeviceDNA", (), [0x88000003, 0x88000004]),
    ("EventRecordingConfig", (), [0x88000005]),
    ("PollingOmnibusBlockConfig", (), [0x88000006, 0x88000007, 0x88000008]),
    ("InstructionTimeoutConfig", (), [0x88000009]),
    ("SystimeCorrectionBarrierConfig", (), [0x8800000B]),
    ("TimerReadout", (), [0x8800000C]),
    ("FPGASystimeSyncNumRetries", (), [0x88002000]),
    ("FPGASystimeSyncLastRTT", (), [0x88002001, 0x88002002]),
    ("FPGASystimeSyncLastAsicSystime", (), [0x88002003, 0x88002004]),
    ("FPGASystimeSyncActiveState", (), [0x88002005]),
    ("PhyStatus", (3,), [0x88004007, 0x8800400F, 0x88004017, 0x8800C006, 0x8800C007]),
    ("EventSwitchReceivingSource", (2,), [0x88007C02]),
    ("EventSwitchConfig", (), [0x88007C03]),
    ("EventSwitchSystimeOffset", (), [0x88007C04]),
    ("EventSwitchGlobalSystime", (), [0x88007C05, 0x88007C06]),
    ("EventSwitchLastSystime", (), [0x88007C07, 0x88007C08]),
    ("PerfTest", (), [0x88008000]),
    ("PerfTestStatus", (), [0x88008001 + w for w in range(4)]),
    ("HicannARQStatus", (), [0x8800C010 + w for w in range(4)]),
    ("SpikeIOConfig", (), [0x88038000]),
    ("SpikeIOInputRoute", (255,), [0x880300FF]),
    ("SpikeIOOutputRoute", (65535,), [0x8802FFFF]),
    ("OutputRoutingTableEntry", (65535,), [0x880DFFFF]),
    ("InputRoutingTableEntry", (32767,), [0x880C7FFF]),
    ("VectorGeneratorControl", (1,), [0x84001000]),
    ("VectorGeneratorNotificationAddress", (0,), [0x84000001]),
    ("VectorGeneratorTrigger", (1,), [0x84001002]),
    ("VectorGeneratorLUTEntry", (1, 255), [0x840011FF]),
    ("VectorGeneratorFIFOWord", (0,), [0x84000200]),
    ("ExternalPPUMemory", (0x7FFF,), [0x80007FFF]),
    ("ExternalPPUDRAMMemory", (0x3FFFFFF,), [0x87FFFFFF]),
]

# container, index, symbolic addresses
SYMBOLS = [
    ("PhyConfigChip", (4,), ["jtag_phy_register[3]"]),
    ("JTAGIdCode", (), ["jtag.id_code"]),
    ("ShiftRegister", (), ["spi.shift_register"]),
    ("DACChannel", (1, 7), ["spi.dac[1].data[7]"]),
    ("DACControl", (0,), ["spi.dac[0].gain", "spi.dac[0].power_down"]),
    ("AD5252ChannelConfig", (3,), ["ad5252.rdac[3]"]),
    ("AD5252ChannelConfigPersistent", (0,), ["ad5252.eemem_persistent[0]"]),
    ("DAC6573ChannelConfig", (2,), ["dac6573[2]"]),
    ("TCA9554Inputs", (), ["tca9554.inputs"]),
    ("TCA9554Config", (), ["tca9554.outputs", "tca9554.polarity", "tca9554.config"]),
    ("TMP112Temperature", (), ["tmp112.temperature"]),
    ("INA219Config", (1,), ["ina219[1].config"]),
    ("INA219ShuntVoltage", (1,), ["ina219[1].shunt_voltage"]),
    ("INA219BusVoltage", (1,), ["ina219[1].bus_voltage"]),
    ("I2CIdRegister", (), ["eeprom.id"]),
    ("Barrier", (), ["ut.timing.Barrier"]),
    ("PollingOmnibusBlock", (), ["ut.timing.PollingOmnibusBlock"]),
    ("JTAGClockScaler", (), ["jtag.Scaler"]),
    ("ResetJTAGTap", (), ["jtag.Init"]),
    ("ResetChip", (), ["ut.system.Reset"]),
    ("Timer", (), ["ut.timing.Setup"]),
    ("SystimeSync", (), ["ut.timing.SystimeInit"]),
    ("NullPayloadReadable", (), ["system.Loopback"]),
]
every_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)


def test_names_are_unique():
    assert len(CONTAINERS) == sum(map(len, SECTIONS.values()))


def test_the_tables_above_cover_every_container():
    assert {row[0] for row in ADDRESSES} | {row[0] for row in SYMBOLS} == CONTAINERS.keys()


@pytest.mark.parametrize(("name", "index", "addresses"), ADDRESSES)
def test_addresses(name, index, addresses):
    container = CONTAINERS[name]
    assert container.addresses(*index).tolist() == addresses == container.labels(index)
    for word, address in enumerate(addresses):
        place = container.locate(address)
        assert (place.container, place.index, place.word) == (container, index, word)


@pytest.mark.parametrize(("name", "index", "symbols"), SYMBOLS)
def test_symbolic_addresses(name, index, symbols):
    container = CONTAINERS[name]
    assert container.labels(index) == symbols
    assert container.locate(0) is None
    with pytest.raises(CoordinateError, match=rf"{name} is not on the Omnibus"):
        container.addresses(*index)


@every_container
def test_there_is_an_address_for_every_word(container):
    assert len(container.labels((0,) * len(container.axes))) == container.register.n_words


@every_container
def test_the_defaults_are_legal_values(container):
    register = container.register
    words = register.encode(register.defaults())
    for name, value in register.defaults().items():
        assert np.array_equal(register.decode(words)[name], value), name


def test_no_two_containers_share_an_address_except_generators_and_dram():
    """Trap 6: the external DRAM and the vector generators share base 0x84000000."""
    tables = {
        name: c.all_addresses().reshape(-1)
        for name, c in CONTAINERS.items()
        if c.rule is not None and name != "ExternalPPUDRAMMemory"
    }
    joined = np.concatenate(list(tables.values()))
    assert np.unique(joined).size == joined.size
    assert {place.container.name for place in find(0x84000001)} == {
        "VectorGeneratorNotificationAddress",
        "ExternalPPUDRAMMemory",
    }


@pytest.mark.parametrize("address", [2, 0x13, 0x160000, 0x88000000, 0xFFFFFFFF, 0x0E000000])
def test_nothing_lies_at_a_foreign_address(address):
    assert find(address) == []


def test_an_axis_takes_numbers_and_names_and_names_its_limits():
    (axis,) = CONTAINERS["CADCConfig"].axes
    assert [axis.index(v, "CADCConfig") for v in (0, 1, "top", "bottom")] == [0, 1, 0, 1]
    for wrong in (2, -1, "left", 0.5, None):
        with pytest.raises(
            CoordinateError, match=r"CADCConfig: synram = .* choose 0\.\.1 or one of"
        ):
            axis.index(wrong, "CADCConfig")
