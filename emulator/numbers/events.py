"""Numbers of the digital event paths: latencies, queues of the links, background sources."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    # latencies
    "fpga_to_synapse":       Number(62, "cycle", "estimated", "some 0.5 us; no published number"),
    "neuron_to_synapse":     Number(12, "cycle", "estimated", "some 0.1 us; no published number"),
    "background_to_synapse": Number(8, "cycle", "estimated",
                                    "as from a neuron, less its backend and event output"),
    "chip_to_fpga":          Number(37, "cycle", "estimated", "some 0.3 us; no published number"),
    "fpga_to_fpga":          Number(62, "cycle", "estimated",
                                    "FPGA event echoed by the crossbar, at its output"),
    "read_latency":          Number(100, "cycle", "estimated",
                                    "register read, FPGA to chip and back"),
    # links
    "uplink_depth":          Number(24, "event", "estimated",
                                    "queue per crossbar input at its output to the FPGA: 320 of "
                                    "512 spikes at once arrive; calix tests for more than 250, "
                                    "losses of 30-50 % are proposed"),
    "uplink_spacing":        Number(1, "cycle", "estimated", "from an event on a link to the next"),
    "uplink_slow_spacing":   Number(2, "cycle", "estimated",
                                    "with enable_slow, which is documented by its name alone"),
    "neurons_per_output":    Number(64, "event", "estimated",
                                    "queue of an event output: one event for each of its neurons; "
                                    "1 or 2 are proposed"),
    "downlink_depth":        Number(64, "event", "estimated",
                                    "queue per link to the chip: a burst to all rows of a bus"),
    # background sources
    "background_shifts":     Number(16, "bit", "estimated",
                                    "shifts of the LFSR per draw: a draw uses its low 16 bits"),
    "background_tap_high":   Number(22, "bit", "estimated",
                                    "x^32 + x^22 + x^2 + x + 1 has the longest period; the chip's "
                                    "polynomial is unpublished"),
    "background_tap_middle": Number(2, "bit", "estimated", "the same polynomial"),
    "background_tap_low":    Number(1, "bit", "estimated", "the same polynomial"),
    "background_drawn_zero": Number(255, "LSB", "derived",
                                    "a draw of 0 counts as this: rate 0 is off, 255 always fires"),
}
# fmt: on
