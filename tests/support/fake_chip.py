"""A chip that only remembers registers: what it is set to can be looked at, and compared."""

from functools import cache

import numpy as np

from firmware_protocol import ChipConfig, LinkError, memory_map
from firmware_protocol.decoder import encode_trace
from firmware_protocol.instructions import FromFpga, ToFpga, parse
from firmware_protocol.server.policy import Kind, kinds

READ, ENABLES_LSB, FPGA_BASE = 1 << 36, 32, 0x80000000
INSTRUCTION_TIMEOUT = 0x88000009


@cache
def _default_image():
    return ChipConfig().image()


class FakeChip:
    """Connection to registers with aliases and byte enables, and a list of what it was told.

    keeps_memory  whether the reset line leaves the registers as they are, as SRAM may be
    """

    def __init__(self, *, keeps_memory=False):
        self.identifier = "fake-0"
        self.keeps_memory = keeps_memory
        self.image = _default_image().copy()
        self.others = {INSTRUCTION_TIMEOUT: 1_250_000}
        self.commands = []
        self.buses = []
        self.programs = []
        self.closed = False
        self.fails = 0

    def execute(self, words):
        if self.closed:
            raise LinkError("the fake chip is closed")
        self.programs.append(np.array(words))
        if self.fails:
            self.fails -= 1
            raise LinkError("the fake cable was pulled")
        messages = parse(words)
        reads, i = [], 0
        while i < messages.header.size:
            header, payload = int(messages.header[i]), int(messages.payload[i])
            if header == ToFpga.RESET and payload == 1:
                self._reset()
            elif header <= ToFpga.JTAG_DATA:
                self.buses.append((header, payload))
            elif header == ToFpga.OMNIBUS_ADDRESS and payload & READ:
                reads.append(self.read(payload & 0xFFFFFFFF))
            elif header == ToFpga.OMNIBUS_ADDRESS:
                i += 1
                self._write(payload, int(messages.payload[i]))
            i += 1
        return answer(reads)

    def close(self):
        self.closed = True

    def read(self, address):
        bits = memory_map.locate_bits([address])
        if bits.position[0] < 0:
            return self.others.get(address, 0)
        return int(self.image[bits.position[0]] >> bits.shift[0] & bits.mask[0])

    def settings(self):
        """Everything that words have set, commands and buses aside."""
        others = {a: v for a, v in self.others.items() if v}
        return self.image.tolist(), others

    def _reset(self):
        if self.keeps_memory:
            return
        self.image[...] = _default_image()
        self.others = {a: v for a, v in self.others.items() if a >= FPGA_BASE}

    def _write(self, payload, value):
        address, enables = payload & 0xFFFFFFFF, payload >> ENABLES_LSB & 0xF
        kind = int(kinds([address])[0])
        if kind in (Kind.COMMAND, Kind.CONVERTER):
            self.commands.append((address, value))
        elif kind == Kind.TRANSACTION:
            self.buses.append((address, value))
        else:
            mask = sum(0xFF << 8 * k for k in range(4) if enables >> k & 1)
            self._store(address, value, mask)

    def _store(self, address, value, mask):
        bits = memory_map.locate_bits([address])
        position = int(bits.position[0])
        if position < 0:
            self.others[address] = (self.others.get(address, 0) & ~mask) | (value & mask)
            return
        shift = int(bits.shift[0])
        mask = (mask & int(bits.mask[0])) << shift
        self.image[position] = (int(self.image[position]) & ~mask) | (value << shift & mask)


def answer(reads=()):
    """Response words: the answers of reads, and a halt."""
    payload = np.append(np.array(reads, np.uint64), np.uint64(0))
    kind = np.append(np.full(len(reads), FromFpga.OMNIBUS_DATA), FromFpga.LOOPBACK)
    return encode_trace(np.arange(payload.size, dtype=np.int64), kind.astype(np.uint8), payload)


def program(*writes, reset=False, enables=0xF, reads=()):
    """A program of writes (address, value[, byte enables]) and reads, in this order."""
    words = [ToFpga.RESET << 56 | 1, ToFpga.RESET << 56] if reset else []
    for address, value, *rest in writes:
        mask = rest[0] if rest else enables
        words += [ToFpga.OMNIBUS_ADDRESS << 56 | mask << ENABLES_LSB | address]
        words += [ToFpga.OMNIBUS_DATA << 56 | value]
    words += [ToFpga.OMNIBUS_ADDRESS << 56 | READ | 0xF << ENABLES_LSB | a for a in reads]
    return np.array([*words, ToFpga.LOOPBACK << 56], dtype=np.uint64)
