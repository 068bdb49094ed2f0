"""One table per register of the chip and its FPGA; nothing but tables.

Copied from the vendor's open-source definitions as collected in ``docs/reference/words.md`` (snapshot of
mid-2026, chip revision v3).  Only around these tables may formatting be off.
"""
