"""Event crossbar.  Source: haldls routing_crossbar.cpp, read on 2026-11-21 (``docs/reference/words.md``)."""

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
# fmt: on
