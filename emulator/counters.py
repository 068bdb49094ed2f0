"""Spike counters in the neurons' backends: eight bits and a flag each.

Source: haldls ``NeuronBackend.ResetCounterTest``: from 256 spikes on the overflow flag is set,
while the count runs on from 0; only a reset of the counter clears the flag.
"""

from __future__ import annotations

import numpy as np

from firmware_protocol import memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import N_NEURONS

from .device import Bools, Context, Ints

_COUNTS = 256
_OVERFLOW = CONTAINERS["SpikeCounterRead"].register.by_name["overflow"].pieces[0].lsb
_READ = memory_map.spike_counter_address(np.arange(N_NEURONS))
_RESET = memory_map.spike_counter_address(np.arange(N_NEURONS), reset=True)
_ADDRESSES = np.sort(np.concatenate([_READ, _RESET]))
_NEURON_OF_READ = {int(address): n for n, address in enumerate(_READ)}
_NEURON_OF_RESET = {int(address): n for n, address in enumerate(_RESET)}
_TICKS = 2
"""Chip ticks per FPGA cycle."""


class SpikeCounters:
    """The counters of all neurons: a `Device`.

    How long the backend waits before it answers (wait_spike_counter_read and _reset) is part of the
    latency of a register read.
    """

    def __init__(self) -> None:
        self._spikes = np.zeros(N_NEURONS, np.int64)
        self._since = np.zeros(N_NEURONS, np.int64)
        self._latest_reset = 0

    def add(self, neuron: Ints, tick: Ints) -> None:
        """Count spikes (spike,) of AtomicNeurons at chip ticks, in order.

        Those from before a reset come too late for it.
        """
        if not tick.size:
            return
        late = tick[0] < self._latest_reset
        counted = neuron[tick >= self._since[neuron]] if late else neuron
        self._spikes += np.bincount(counted, minlength=N_NEURONS)

    def claims(self, address: Ints) -> Bools:
        """The registers that read and those that reset a counter."""
        slot = np.minimum(np.searchsorted(_ADDRESSES, address), _ADDRESSES.size - 1)
        return np.asarray(_ADDRESSES[slot] == address)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Reset a counter, whatever the value."""
        neuron = _NEURON_OF_RESET.get(address)
        if neuron is None:
            context.log.note(
                cycle,
                f"spike counter of neuron {_NEURON_OF_READ[address]}",
                "write ignored: this register is read-only; SpikeCounterReset clears the counter",
            )
            return
        self._spikes[neuron] = 0
        self._since[neuron] = self._latest_reset = _TICKS * cycle

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """Count and overflow flag; the registers that reset read as 0."""
        neuron = _NEURON_OF_READ.get(address)
        if neuron is None:
            return 0
        spikes = int(self._spikes[neuron])
        return spikes % _COUNTS | (spikes >= _COUNTS) << _OVERFLOW

    def reset(self) -> None:
        """All counters to zero."""
        self._spikes[...] = 0
