"""The BrainScaleS-2 chip and its FPGA in software: takes words, gives words.

Knows registers and circuits; knows nothing of PyNN, networks or calibration.
"""

from .chip import Emulator
from .errors import EmulatorError

__all__ = ["Emulator", "EmulatorError"]
