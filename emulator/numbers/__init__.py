"""Every physical number of the emulator, a table per circuit, each row with its source."""
