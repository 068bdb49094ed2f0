"""Which imperfections of the chip an emulator shows, each by name.

All are on, as on the chip.  A chip without any of them is what closed forms and other simulators
are compared with; one effect alone is what a calibration routine is tested against.  Knows nothing
of how an effect works: that stands where the circuit is.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields

from .errors import EmulatorError

EFFECTS: dict[str, str] = {
    "mismatch": "No two circuits are alike: gains and offsets are drawn from the chip seed.",
    "defects": "A few circuits do not work at all (published: 0.5-2 %).",
    "comparator_noise": "A spike comparator's threshold fluctuates from spike to spike "
    "(published: 0.5-1.5 LSB per spike).",
    "madc_noise": "MADC samples carry white and slow noise (published: std 1.3-1.65 "
    "LSB of a silent neuron).",
    "cadc_noise": "CADC readings carry noise (published: 0.5-0.9 LSB).",
    "capmem_settling": "A written CapMem cell approaches its new value with a time constant of "
    "3 ms instead of jumping (software waits 20 ms).",
    "capmem_crosstalk": "CapMem cells that share a code shift each other, by 3 LSB if all of a row "
    "do (calibrations spread their codes).",
    "dead_biases": "A block whose bias current is 0 is dead.",
    "saturation": "Transconductance amplifiers deliver no more than their bias current; "
    "without it they are linear.",
    "rails": "Synaptic currents fade near the supplies, which the membrane cannot leave "
    "(published troughs of the membrane).",
    "parasitic_capacitance": "Wires add to membrane and line capacitors (published: "
    "joining circuits slows them by more than 24 %).",
    "slow_reset": "A reset pulls the membrane with a finite conductance, in 0.5 us at best; "
    "without it the membrane is at its reset potential at once.",
    "holdoff_glitch": "A refractory period shorter than 31 - 2 * reset_holdoff clock ticks never "
    "meets the end of its reset.",
    "edge_triggering": "A comparator fires when the membrane rises through the threshold, so a "
    "neuron whose reset potential lies above it falls silent (documented).",
    "event_loss": "Events that meet at an output are dropped once its queue is full "
    "(published: more than 250 of 512 simultaneous spikes arrive).",
    "madc_settling": "The first 120 samples of an MADC recording are invalid.",
    "madc_loss": "MADC samples get lost now and then.",
    "mux_leak": "A high membrane disturbs what the readout multiplexer shows of a synaptic input "
    "(published: signals above 1.2 V).",
    "readout_shorts": "Circuits connected to one readout line at once short each other.",
    "correlation_saturation": "Correlation sensors run out of range (published: "
    "linear for readings of 8..160 LSB).",
    "correlation_disturbs_cadc": "A high voltage on a correlation capacitor disturbs the CADC "
    "reading of a neuron.",
    "broken_fire_from_right": "connect_fire_from_right does nothing.",
    "stuck_reset": "Some neurons stay in reset after reconfiguration until a NeuronReset.",
    "ramp_nonlinearity": "The CADC's ramp is less linear at its top.",
    "code_nonlinearity": "Potentials behind a source follower flatten towards both ends of their "
    "range, offset currents above code 800 (documented); without it both follow their codes.",
}
"""What each effect is and where it is documented, a sentence each."""


@dataclass(frozen=True)
class Effects:
    """One switch per imperfection of :data:`EFFECTS`."""

    mismatch: bool = True
    defects: bool = True
    comparator_noise: bool = True
    madc_noise: bool = True
    cadc_noise: bool = True
    capmem_settling: bool = True
    capmem_crosstalk: bool = True
    dead_biases: bool = True
    saturation: bool = True
    rails: bool = True
    parasitic_capacitance: bool = True
    slow_reset: bool = True
    holdoff_glitch: bool = True
    edge_triggering: bool = True
    event_loss: bool = True
    madc_settling: bool = True
    madc_loss: bool = True
    mux_leak: bool = True
    readout_shorts: bool = True
    correlation_saturation: bool = True
    correlation_disturbs_cadc: bool = True
    broken_fire_from_right: bool = True
    stuck_reset: bool = True
    ramp_nonlinearity: bool = True
    code_nonlinearity: bool = True

    def __post_init__(self) -> None:
        for f in fields(self):
            _check_switch(f.name, getattr(self, f.name))

    @classmethod
    def of(cls, *, ideal: bool = False, overrides: Mapping[str, bool] | None = None) -> Effects:
        """The chip as it is, or without any imperfection; either way except for `overrides`.

        Raises EmulatorError for a name that is no effect and for a value that is no bool.
        """
        chosen = overrides or {}
        for name in chosen:
            _check_name(name)
        return cls(**(dict.fromkeys(EFFECTS, not ideal) | dict(chosen)))

    def __str__(self) -> str:
        """Which are off, or on, whichever is shorter."""
        on = [f.name for f in fields(self) if getattr(self, f.name)]
        off = [f.name for f in fields(self) if f.name not in on]
        if len(off) <= len(on):
            return f"all effects but {', '.join(off)}" if off else "all effects"
        return f"no effect but {', '.join(on)}" if on else "no effects"


def _check_name(name: str) -> None:
    if name in EFFECTS:
        return
    close = difflib.get_close_matches(str(name), EFFECTS, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise EmulatorError(f"effects: there is no {name!r}; {hint}known are {', '.join(EFFECTS)}")


def _check_switch(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise EmulatorError(
            f"effects: {name} = {value!r} is neither True nor False; say which of the two"
        )
