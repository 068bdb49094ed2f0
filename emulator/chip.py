"""The emulated chip and its FPGA: words in, words out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_protocol import instructions
from firmware_protocol.catalogue import CONTAINERS

from .analog import AnalogCore
from .errors import EmulatorError
from .mismatch import Mismatch
from .parameters import STEP_CYCLES
from .sequencer import Player, State, check

_SEED_LIMIT = 1 << 64
_DNA_MARK = 0x155


def _device_dna(chip_seed: int) -> tuple[int, int]:
    """Serial number (high, low) of the emulated FPGA: tells chip seeds apart from real FPGAs.

    Nine bits say "emulator", 48 bits are the seed; the seed's upper 16 bits are folded in.
    """
    serial = _DNA_MARK << 48 | (chip_seed ^ chip_seed >> 48) & (1 << 48) - 1
    return serial >> 32, serial & 0xFFFFFFFF


class Emulator:
    """One chip with its FPGA.

    The same chip seed, run seed and words since construction give the same response bytes on any
    machine.

    chip_seed    which chip: fixes all mismatch
    run_seed     fixes all temporal noise
    step_cycles  integration step in FPGA cycles of 8 ns, a power of two; only for studies of the
                 error
    """

    def __init__(
        self, *, chip_seed: int = 0, run_seed: int = 0, step_cycles: int = STEP_CYCLES
    ) -> None:
        for name, seed in (("chip_seed", chip_seed), ("run_seed", run_seed)):
            if not 0 <= seed < _SEED_LIMIT:
                raise EmulatorError(f"{name} = {seed} is outside 0..2**64-1; choose another seed")
        if step_cycles not in (1, 2, 4, 8, 16):
            raise EmulatorError(f"step_cycles = {step_cycles}; choose 1, 2, 4, 8 or 16")
        self._run_seed = run_seed
        self._core = AnalogCore(Mismatch(chip_seed), run_seed=run_seed, step_cycles=step_cycles)
        self._state = State()
        dna = np.array(_device_dna(chip_seed), np.uint32)
        self._state.memory.write(CONTAINERS["FPGADeviceDNA"].addresses(), dna)

    def execute(self, words: npt.ArrayLike) -> npt.NDArray[np.uint64]:
        """Play a program of 64-bit words to its halt and return the response words.

        Registers, membranes and time persist from one call to the next.  Raises DecodeError for
        words that are no messages and EmulatorError for what cannot be emulated; then nothing has
        changed.
        """
        messages = instructions.parse(words)
        check(messages)
        state = self._state.copy()
        self._core.state = state.analog
        response = Player(state, self._core, self._run_seed).play(messages)
        self._state = state
        return response
