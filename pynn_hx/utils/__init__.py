"""Tools beside the PyNN interface, under the names that users of the chip's own backend know."""
