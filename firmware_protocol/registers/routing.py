"""Event crossbar and background spike sources.

Source: haldls routing_crossbar.cpp and background.cpp, read on 2026-11-21 (``docs/reference/words.md``).
"""

from ..container import Axis, Container, apart, words
from ..layout import Field, Register

# fmt: off
CROSSBAR_NODE = Register("CrossbarNode", n_words=1, fields=(
    Field("mask",                "0[13:0]", doc="an event passes if (label & mask) == target"),
    Field("target",              "0[29:16]"),
    Field("enable_drop_counter", "0[31]"),
))

CROSSBAR_OUTPUT_CONFIG = Register("CrossbarOutputConfig", n_words=1, fields=(
    Field("enable_slow",          "0[0]", entries=4, step=1),
    Field("enable_event_counter", "0[4]", entries=12, step=1),
))

CROSSBAR_INPUT_DROP_COUNTER = Register("CrossbarInputDropCounter", n_words=1, fields=(Field("value", "0[15:0]"),))
CROSSBAR_OUTPUT_EVENT_COUNTER = Register("CrossbarOutputEventCounter", n_words=1, fields=(Field("value", "0[23:0]"),))

# The word that enables the source comes last: seed, mask and rate must be there before.
BACKGROUND_SPIKE_SOURCE = Register("BackgroundSpikeSource", n_words=3, fields=(
    Field("seed",          "0[31:0]", doc="only the low 16 bits of the generator's state are drawn from"),
    Field("mask",          "1[7:0]", doc="label bits replaced by random ones at each spike"),
    Field("rate",          "1[15:8]", doc="random mode: a spike if an 8-bit draw is at most this"),
    Field("neuron_label",  "1[29:16]"),
    Field("enable",        "2[0]"),
    Field("enable_random", "2[1]"),
    Field("period",        "2[31:16]", unit="250 MHz clock cycles"),
))
# fmt: on

CONTAINERS = (
    Container("CrossbarNode", CROSSBAR_NODE, (Axis("node", 76),), lambda n: words(0x130019 + n, 1)),
    Container("CrossbarOutputConfig", CROSSBAR_OUTPUT_CONFIG, (), lambda: words(0x130000, 1)),
    Container(
        "CrossbarInputDropCounter",
        CROSSBAR_INPUT_DROP_COUNTER,
        (Axis("input", 20, aliases=("CrossbarInputOnDLS",)),),
        lambda i: words(0x130065 + i, 1),
        access="r",
    ),
    Container(
        "CrossbarOutputEventCounter",
        CROSSBAR_OUTPUT_EVENT_COUNTER,
        (Axis("output", 12, aliases=("CrossbarOutputOnDLS",)),),
        lambda o: words(0x130079 + o, 1),
        access="r",
    ),
    Container(
        "BackgroundSpikeSource",
        BACKGROUND_SPIKE_SOURCE,
        (Axis("source", 8),),
        lambda s: apart(0x130002 + 3 * s, 0x130003 + 3 * s, 0x130001 + 3 * s),
        access="w",
    ),
)
