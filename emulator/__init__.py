"""The BrainScaleS-2 chip and its FPGA in software: takes words, gives words.

Knows registers and circuits; knows nothing of PyNN, networks or calibration.
"""

from .chip import Emulator
from .effects import EFFECTS, Effects
from .errors import EmulatorError
from .latencies import Latencies

__all__ = ["EFFECTS", "Effects", "Emulator", "EmulatorError", "Latencies"]
