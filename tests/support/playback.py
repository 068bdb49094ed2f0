"""A message-by-message interpreter of the FPGA's time rules, in plain Python."""

from firmware_protocol.instructions import ToFpga, parse


def play(words):
    """(timer, header, payload) of every message that is not about time.

    One cycle a message; TIMER_SETUP makes its cycle the timer's zero; WAIT_UNTIL stalls to that
    zero + value and takes that cycle.
    """
    cycle, zero, done = 0, 0, []
    messages = parse(words)
    for header, payload in zip(messages.header.tolist(), messages.payload.tolist(), strict=True):
        if header == ToFpga.TIMER_SETUP:
            zero = cycle
        elif header == ToFpga.WAIT_UNTIL:
            cycle = max(cycle, zero + payload)
        else:
            done.append((cycle - zero, ToFpga(header), payload))
        cycle += 1
    return done


def labels_in(header, payload):
    """The labels of a spike pack, first to last."""
    n = header - ToFpga.SPIKE_PACK_1 + 1
    return [payload >> 16 * (n - 1 - k) & 0xFFFF for k in range(n)]


def spikes(words):
    """(timer, label) of every event."""
    return [
        (timer, label)
        for timer, header, payload in play(words)
        if header >= ToFpga.SPIKE_PACK_1
        for label in labels_in(header, payload)
    ]
