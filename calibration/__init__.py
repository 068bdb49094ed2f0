"""From targets (CADC LSB, us) to the codes that make neurons meet them.

`neurons.neuron_codes` is the way in.  Today there is one method, `calibration.nominal`: codes of a
typical chip, which fit no single neuron exactly.  Routines that measure come later.

It refuses to know whether a chip or an emulator answers: nothing here imports the emulator.
"""
