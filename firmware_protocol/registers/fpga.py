"""FPGA registers that a run needs.  Source: haldls event_recording_config.cpp, read on 2026-11-21."""

from ..layout import Field, Register

# fmt: off
EVENT_RECORDING_CONFIG = Register("EventRecordingConfig", n_words=1, fields=(
    Field("enable_event_recording", "0[0]"),
))
# fmt: on
