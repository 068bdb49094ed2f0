"""Stand-ins for what a server's session works with: a link, a line and a dispatcher."""

import numpy as np

from firmware_protocol import LinkError
from firmware_protocol.hostarq import Datagram, Port
from firmware_protocol.server.scheduler import QueueFullError

RESET, PROGRAM, GARBAGE = (Datagram(Port.DATA, data) for data in (b"reset", b"program", b"?"))
WORDS = np.array([0x0A << 56], np.uint64)


class Link:
    """Takes datagrams by name; is idle when it has said everything and `acknowledged`."""

    def __init__(self):
        self.reset_count, self.queue, self.said, self.acknowledged = 0, [], [], True
        self.due, self.told = None, ""

    def incoming(self, datagram, *, now):
        if datagram.data == b"reset":
            self.reset_count += 1
        elif datagram.data == b"program":
            self.queue.append(WORDS)
        elif datagram.data == b"too long":
            self.fault("too long a program")
        elif datagram.data == b"lost":
            raise LinkError("resent too often")
        elif datagram.data == b"defect":
            raise ZeroDivisionError

    def programs(self):
        queue, self.queue = self.queue, []
        return queue

    def respond(self, words):
        self.said.append(Datagram(Port.DATA, b"response"))

    def fault(self, text):
        self.told = text
        self.said.append(Datagram(Port.DATA, text.encode()))

    def outgoing(self, *, now):
        said, self.said = self.said, []
        return said

    @property
    def idle(self):
        return self.acknowledged and not self.said

    def deadline(self):
        return self.due


class Line:
    def __init__(self):
        self.sent, self.closed, self.room = [], False, True

    def send(self, datagrams):
        self.sent += [datagram.data.decode() for datagram in datagrams]

    def ready(self):
        return self.room

    def close(self):
        self.closed = True


class Dispatcher:
    def __init__(self):
        self.members, self.submitted, self.held, self.full = [], [], set(), False

    def join(self, member):
        self.members.append(member)

    def leave(self, member):
        if member in self.members:
            self.members.remove(member)

    def submit(self, member, words):
        if self.full:
            raise QueueFullError("too much waits")
        self.submitted.append(member)

    def hold(self, member):
        self.held.add(member)

    def release(self, member):
        self.held.discard(member)

    def busy(self, member):
        return False
