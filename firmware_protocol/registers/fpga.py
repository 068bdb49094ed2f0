"""Registers of the FPGA: execution, time, link statistics, SpikeIO, routing tables, memories.

Source: haldls fpga.cpp, phy.cpp, perftest.cpp, arq.cpp, block_until.cpp, routing_table_entry.cpp, vector_generator.cpp,
read on 2026-11-21 (``docs/reference/words.md``).  Values of 43 and 57 bits have their high part first.  How the nine words
of the event switch divide (three sources, configuration, offset, two times of two words) is inferred from their order.
"""

import numpy as np

from ..container import Axis, Container, apart, words
from ..layout import Field, Register
from .infrastructure import LESS_ONE

TIME_43_BITS = "0[10:0] 1[31:0]"


def _value(name: str, place: str = "0[31:0]", default: int = 0, unit: str = "1") -> Register:
    n_words = 1 + max(int(part[0]) for part in place.split())
    return Register(name, n_words=n_words, fields=(Field("value", place, default, unit=unit),))


# fmt: off
FPGA_DEVICE_DNA = _value("FPGADeviceDNA", "0[24:0] 1[31:0]")
EVENT_RECORDING_CONFIG = Register("EventRecordingConfig", n_words=1, fields=(
    Field("enable_event_recording", "0[0]"),
))
POLLING_OMNIBUS_BLOCK_CONFIG = Register("PollingOmnibusBlockConfig", n_words=3, fields=(
    Field("address", "0[31:0]"),
    Field("target",  "1[31:0]"),
    Field("mask",    "2[31:0]"),
))
INSTRUCTION_TIMEOUT_CONFIG = _value("InstructionTimeoutConfig", default=1_250_000, unit="FPGA clock cycles")
SYSTIME_CORRECTION_BARRIER_CONFIG = _value("SystimeCorrectionBarrierConfig")
TIMER_READOUT = _value("TimerReadout", unit="FPGA clock cycles")
SYSTIME_SYNC_NUM_RETRIES = _value("FPGASystimeSyncNumRetries", "0[3:0]")
SYSTIME_SYNC_LAST_RTT = _value("FPGASystimeSyncLastRTT", TIME_43_BITS)
SYSTIME_SYNC_LAST_ASIC_SYSTIME = _value("FPGASystimeSyncLastAsicSystime", TIME_43_BITS)
SYSTIME_SYNC_ACTIVE_STATE = _value("FPGASystimeSyncActiveState", "0[0]")

PHY_STATUS = Register("PhyStatus", n_words=5, fields=(
    Field("crc_error_count",  "0[31:0]"),
    Field("online_time",      "1[31:0]"),
    Field("rx_dropped_count", "2[31:0]"),
    Field("tx_count",         "3[31:0]"),
    Field("rx_count",         "4[31:0]"),
))
EVENT_SWITCH_SOURCE = _value("EventSwitchReceivingSource")
EVENT_SWITCH_CONFIG = _value("EventSwitchConfig")
EVENT_SWITCH_SYSTIME_OFFSET = _value("EventSwitchSystimeOffset")
EVENT_SWITCH_GLOBAL_SYSTIME = _value("EventSwitchGlobalSystime", TIME_43_BITS)
EVENT_SWITCH_LAST_SYSTIME = _value("EventSwitchLastSystime", TIME_43_BITS)

PERF_TEST = Register("PerfTest", n_words=1, fields=(Field("enable", "0[0]"),))
PERF_TEST_STATUS = Register("PerfTestStatus", n_words=4, fields=(
    Field("sent",       "0[31:0]"),
    Field("received",   "1[31:0]"),
    Field("in_order",   "2[31:0]"),
    Field("error_word", "3[31:0]"),
))
HICANN_ARQ_STATUS = Register("HicannARQStatus", n_words=4, fields=(
    Field("write_count", "0[31:0]"),
    Field("tx_count",    "1[31:0]"),
    Field("rx_count",    "2[31:0]"),
    Field("read_count",  "3[31:0]"),
))

SPIKE_IO_CONFIG = Register("SpikeIOConfig", n_words=1, fields=(
    Field("data_rate_scaler",          "0[15:0]"),
    Field("enable_tx",                 "0[16]"),
    Field("enable_rx",                 "0[17]"),
    Field("enable_internal_loopback",  "0[18]"),
))
SPIKE_IO_INPUT_ROUTE = Register("SpikeIOInputRoute", n_words=1, fields=(
    Field("target", "0[15:0]", default=0xFFFF, doc="spike label; 0xffff is silent"),
))
SPIKE_IO_OUTPUT_ROUTE = Register("SpikeIOOutputRoute", n_words=1, fields=(
    Field("target", "0[7:0]", default=0xFF, doc="serial address; 0xff is silent"),
))
OUTPUT_ROUTING_TABLE_ENTRY = Register("OutputRoutingTableEntry", n_words=1, fields=(
    Field("label",  "0[14:0]"),
    Field("enable", "0[15]"),
))
INPUT_ROUTING_TABLE_ENTRY = Register("InputRoutingTableEntry", n_words=1, fields=(
    Field("label",  "0[15:0]"),
    Field("enable", "0[16]"),
))

VECTOR_GENERATOR_CONTROL = Register("VectorGeneratorControl", n_words=1, fields=(
    Field("trigger_source",        "0[0]"),
    Field("enable_trigger",        "0[1]"),
    Field("notification",          "0[2]"),
    Field("enable_notification",   "0[3]"),
    Field("resend_count",          "0[7:4]"),
    Field("enable_ignore_zeros",   "0[8]"),
    Field("event_pack",            "0[10:9]", default=1, low=1, limit=3, transform=LESS_ONE, doc="labels per pack"),
    Field("source_1_wait",         "0[14:11]"),
    Field("source_1",              "0[16:15]"),
    Field("source_0_wait",         "0[20:17]"),
    Field("source_0",              "0[22:21]"),
    Field("source_count",          "0[23]", default=1, low=1, limit=2, transform=LESS_ONE),
    Field("lut_start",             "0[31:24]"),
))
VECTOR_GENERATOR_NOTIFICATION_ADDRESS = _value("VectorGeneratorNotificationAddress")
VECTOR_GENERATOR_TRIGGER = Register("VectorGeneratorTrigger", n_words=1, fields=())
VECTOR_GENERATOR_LUT_ENTRY = _value("VectorGeneratorLUTEntry", "0[10:0]")
VECTOR_GENERATOR_FIFO_WORD = Register("VectorGeneratorFIFOWord", n_words=1, fields=(
    Field("value", "0[28:24]", entries=4, step=-8, doc="activation; the bytes that count have their byte enable set"),
    Field("last",  "0[31]", entries=4, step=-8),
))

EXTERNAL_PPU_MEMORY = Register("ExternalPPUMemory", n_words=1, fields=(
    Field("bytes", "0[31:24]", entries=4, step=-8, doc="byte address % 4 = 0 first"),
))
EXTERNAL_PPU_DRAM = Register("ExternalPPUDRAMMemory", n_words=1, fields=EXTERNAL_PPU_MEMORY.fields)
# fmt: on

_PHY = Axis("phy", 8)
_GENERATOR = Axis("generator", 2)
_GENERATORS = np.array([0x84000000, 0x84001000])
EVENT_SWITCH = 0x88007C00


def _one(name: str, register: Register, address: int, access: str = "rw") -> Container:
    n_words = register.n_words
    return Container(name, register, (), lambda: words(address, n_words), access=access)


CONTAINERS = (
    _one("FPGADeviceDNA", FPGA_DEVICE_DNA, 0x88000003, "r"),
    _one("EventRecordingConfig", EVENT_RECORDING_CONFIG, 0x88000005),
    _one("PollingOmnibusBlockConfig", POLLING_OMNIBUS_BLOCK_CONFIG, 0x88000006),
    _one("InstructionTimeoutConfig", INSTRUCTION_TIMEOUT_CONFIG, 0x88000009),
    _one("SystimeCorrectionBarrierConfig", SYSTIME_CORRECTION_BARRIER_CONFIG, 0x8800000B),
    _one("TimerReadout", TIMER_READOUT, 0x8800000C, "r"),
    _one("FPGASystimeSyncNumRetries", SYSTIME_SYNC_NUM_RETRIES, 0x88002000),
    _one("FPGASystimeSyncLastRTT", SYSTIME_SYNC_LAST_RTT, 0x88002001, "r"),
    _one("FPGASystimeSyncLastAsicSystime", SYSTIME_SYNC_LAST_ASIC_SYSTIME, 0x88002003, "r"),
    _one("FPGASystimeSyncActiveState", SYSTIME_SYNC_ACTIVE_STATE, 0x88002005, "r"),
    Container(
        "PhyStatus",
        PHY_STATUS,
        (_PHY,),
        lambda i: apart(
            0x88004004 + i,
            0x8800400C + i,
            0x88004014 + i,
            0x8800C000 + 2 * i,
            0x8800C001 + 2 * i,
        ),
        access="r",
    ),
    Container(
        "EventSwitchReceivingSource",
        EVENT_SWITCH_SOURCE,
        (Axis("source", 3, ("execution", "asic", "external")),),
        lambda i: words(EVENT_SWITCH + i, 1),
    ),
    _one("EventSwitchConfig", EVENT_SWITCH_CONFIG, EVENT_SWITCH + 3),
    _one("EventSwitchSystimeOffset", EVENT_SWITCH_SYSTIME_OFFSET, EVENT_SWITCH + 4),
    _one("EventSwitchGlobalSystime", EVENT_SWITCH_GLOBAL_SYSTIME, EVENT_SWITCH + 5, "r"),
    _one("EventSwitchLastSystime", EVENT_SWITCH_LAST_SYSTIME, EVENT_SWITCH + 7, "r"),
    _one("PerfTest", PERF_TEST, 0x88008000),
    _one("PerfTestStatus", PERF_TEST_STATUS, 0x88008001, "r"),
    _one("HicannARQStatus", HICANN_ARQ_STATUS, 0x8800C010, "r"),
    _one("SpikeIOConfig", SPIKE_IO_CONFIG, 0x88038000),
    Container(
        "SpikeIOInputRoute",
        SPIKE_IO_INPUT_ROUTE,
        (Axis("serial_address", 256),),
        lambda i: words(0x88030000 + i, 1),
    ),
    Container(
        "SpikeIOOutputRoute",
        SPIKE_IO_OUTPUT_ROUTE,
        (Axis("label", 65536),),
        lambda i: words(0x88020000 + i, 1),
        memory=True,
    ),
    Container(
        "OutputRoutingTableEntry",
        OUTPUT_ROUTING_TABLE_ENTRY,
        (Axis("entry", 65536),),
        lambda i: words(0x880D0000 + i, 1),
        memory=True,
    ),
    Container(
        "InputRoutingTableEntry",
        INPUT_ROUTING_TABLE_ENTRY,
        (Axis("entry", 32768),),
        lambda i: words(0x880C0000 + i, 1),
        memory=True,
    ),
    Container(
        "VectorGeneratorControl",
        VECTOR_GENERATOR_CONTROL,
        (_GENERATOR,),
        lambda g: words(_GENERATORS[g], 1),
    ),
    Container(
        "VectorGeneratorNotificationAddress",
        VECTOR_GENERATOR_NOTIFICATION_ADDRESS,
        (_GENERATOR,),
        lambda g: words(_GENERATORS[g] + 1, 1),
    ),
    Container(
        "VectorGeneratorTrigger",
        VECTOR_GENERATOR_TRIGGER,
        (_GENERATOR,),
        lambda g: words(_GENERATORS[g] + 2, 1),
        access="w",
    ),
    Container(
        "VectorGeneratorLUTEntry",
        VECTOR_GENERATOR_LUT_ENTRY,
        (_GENERATOR, Axis("entry", 256)),
        lambda g, i: words(_GENERATORS[g] + 0x100 + i, 1),
    ),
    Container(
        "VectorGeneratorFIFOWord",
        VECTOR_GENERATOR_FIFO_WORD,
        (_GENERATOR,),
        lambda g: words(_GENERATORS[g] + 0x200, 1),
        access="w",
    ),
    Container(
        "ExternalPPUMemory",
        EXTERNAL_PPU_MEMORY,
        (Axis("quad", 0x8000),),
        lambda i: words(0x80000000 + i, 1),
        memory=True,
    ),
    Container(
        "ExternalPPUDRAMMemory",
        EXTERNAL_PPU_DRAM,
        (Axis("quad", 0x4000000),),
        lambda i: words(0x84000000 + i, 1),
        memory=True,
        doc="the same addresses as the vector generators; which of the two depends on the FPGA's design",
    ),
)
