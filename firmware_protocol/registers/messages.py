"""Instructions to the FPGA that the vendor treats as containers: payloads of messages, not registers.

Source: hxcomm's message dictionary, haldls barrier.cpp, timer.cpp, reset.cpp, read on 2026-11-21
(``docs/reference/words.md``).
"""

from ..container import Container
from ..layout import Field, Register

# fmt: off
BARRIER = Register("Barrier", n_words=1, width=5, fields=(
    Field("omnibus",            "0[0]"),
    Field("jtag",               "0[1]"),
    Field("systime",            "0[2]"),
    Field("multi_fpga",         "0[3]"),
    Field("systime_correction", "0[4]"),
))
POLLING_OMNIBUS_BLOCK = Register("PollingOmnibusBlock", n_words=1, fields=(Field("enable_expects_equality", "0[0]", default=1),))
JTAG_CLOCK_SCALER = Register("JTAGClockScaler", n_words=1, width=8, fields=(Field("value", "0[7:0]", default=3, doc="the JTAG clock is divided by value + 2"),))
RESET_JTAG_TAP = Register("ResetJTAGTap", n_words=1, fields=())
RESET_CHIP = Register("ResetChip", n_words=1, width=1, fields=(Field("value", "0[0]"),))
TIMER = Register("Timer", n_words=1, fields=(Field("value", "0[31:0]", limit=0, unit="FPGA clock cycles", doc="only 0 can be written: it restarts"),))
SYSTIME_SYNC = Register("SystimeSync", n_words=1, width=1, fields=(Field("do_sync", "0[0]", default=1),))
NULL_PAYLOAD_READABLE = Register("NullPayloadReadable", n_words=1, width=1, fields=(Field("tick", "0[0]", default=1, low=1),))
# fmt: on

CONTAINERS = (
    Container("Barrier", BARRIER, symbols=lambda: ("ut.timing.Barrier",), access="w"),
    Container(
        "PollingOmnibusBlock",
        POLLING_OMNIBUS_BLOCK,
        symbols=lambda: ("ut.timing.PollingOmnibusBlock",),
        access="w",
    ),
    Container("JTAGClockScaler", JTAG_CLOCK_SCALER, symbols=lambda: ("jtag.Scaler",), access="w"),
    Container("ResetJTAGTap", RESET_JTAG_TAP, symbols=lambda: ("jtag.Init",), access="w"),
    Container("ResetChip", RESET_CHIP, symbols=lambda: ("ut.system.Reset",), access="w"),
    Container("Timer", TIMER, symbols=lambda: ("ut.timing.Setup",)),
    Container("SystimeSync", SYSTIME_SYNC, symbols=lambda: ("ut.timing.SystimeInit",), access="w"),
    Container(
        "NullPayloadReadable",
        NULL_PAYLOAD_READABLE,
        symbols=lambda: ("system.Loopback",),
        access="r",
    ),
)
