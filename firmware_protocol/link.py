"""A link to an FPGA: programs in, responses out, and datagrams and times in between.

Both ends are here.  They do no input or output and read no clock; :mod:`firmware_protocol.pump`
does that for them.

A session begins with a reset from the host.  The FPGA answers with its configuration, the host
sends a loopback packet with a number of its own, and whatever comes before its echo is of an
earlier time and dropped.  Then a program is its words in PLAYBACK packets, ended by a halt, and a
response is words in PLAYBACK packets, ended by a halt message.

Beyond HostARQ: amid traffic the FPGA's end takes nothing after a reset but the loopback packet, so
a reset that comes late ends the session instead of splitting a program; its errors reach the host
as text in FAULT packets; and a link fails when two different frames claim one sequence number.
Source: HostARQ (sctrltp) as collected in ``docs/reference/link.md``.
"""

from .fpga_link import FpgaLink, HostGoneError
from .host_link import RESPONSE_LIMIT_S, HostLink

__all__ = ["RESPONSE_LIMIT_S", "FpgaLink", "HostGoneError", "HostLink"]
