"""The loops around :mod:`emulator.physics`, compiled by Numba; they hold no formulas."""
