"""How long events and register reads travel."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .errors import EmulatorError
from .numbers.events import NUMBERS


def _cycles(name: str) -> int:
    return int(NUMBERS[name].value)


@dataclass(frozen=True, slots=True)
class Latencies:
    """Times without waiting in queues [FPGA cycles of 8 ns]; none of them is published.

    fpga_to_synapse        from the FPGA playing a spike pack, or a write to a PADI event register,
                           to the pulse of the synapse driver
    neuron_to_synapse      from a neuron's spike, as its backend's clock sees it, to the pulse of
                           the driver that it reaches through the crossbar
    background_to_synapse  from the end of a background source's period to the driver's pulse
    chip_to_fpga           from an event or a MADC sample leaving the chip, which is its timestamp,
                           to its arrival in the FPGA
    fpga_to_fpga           from the FPGA playing a spike pack to the echoed event's leaving the chip
    read                   from the FPGA playing a register read to the arrival of the answer
    """

    fpga_to_synapse: int = _cycles("fpga_to_synapse")
    neuron_to_synapse: int = _cycles("neuron_to_synapse")
    background_to_synapse: int = _cycles("background_to_synapse")
    chip_to_fpga: int = _cycles("chip_to_fpga")
    fpga_to_fpga: int = _cycles("fpga_to_fpga")
    read: int = _cycles("read_latency")

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise EmulatorError(
                    f"latency {field.name} = {value!r} is no int; give FPGA cycles of 8 ns"
                )
            # A spike that reached its synapse in its own cycle would change that cycle's past.
            least = 1 if field.name == "neuron_to_synapse" else 0
            if value < least:
                raise EmulatorError(
                    f"latency {field.name} = {value} cycles is too short; "
                    f"choose {least} or more FPGA cycles of 8 ns"
                )
