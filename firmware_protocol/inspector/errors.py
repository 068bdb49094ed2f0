"""What can be wrong with a question to the inspector, or with an entry of a file of words."""

from __future__ import annotations

from ..errors import ProtocolError


class InspectError(ProtocolError, ValueError):
    """A question or an entry makes no sense, or contradicts the tables."""


class NotCovered(InspectError):
    """The tables say nothing about this: an unknown container, coordinate or conversion."""
