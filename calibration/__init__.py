"""Routines that turn targets (mV, us) into codes, through a connection.

Today this package holds one thing: `calibration.nominal`, a configuration of typical codes that
was made from the mean of a chip and fits no single neuron exactly.  The routines that measure come
later.

It refuses to know whether a chip or an emulator answers: nothing here imports the emulator.
"""
