"""Ways to a chip.  So far one: a peer in the same process."""

from .in_process import InProcess

__all__ = ["InProcess"]
