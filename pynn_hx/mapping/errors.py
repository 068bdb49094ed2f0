"""What the chip cannot do."""


class MappingError(RuntimeError):
    """A network does not fit onto the chip; names the exhausted resource and a way out."""
