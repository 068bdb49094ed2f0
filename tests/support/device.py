"""A device in a process of its own: ``python -m tests.support.device URL``.

An emulator behind the FPGA's end of a link, on a serial line (``serial:...``) or on UDP ports of
its own choice (``udp://127.0.0.1``).  Prints where it is, then serves until its standard input
ends.
"""

import sys
import threading
import time

from emulator import Emulator
from firmware_protocol import LinkError, Target, hostarq
from firmware_protocol.link import FpgaLink
from firmware_protocol.pump import serve
from firmware_protocol.transports import serial
from firmware_protocol.transports.stream import StreamPort
from firmware_protocol.transports.udp import UdpPort

IDENTIFIER = "device-under-test"


def opened(url):
    """The device's port, the parameters of its link, and the URL under which a host finds it."""
    target = Target.parse(url)
    if target.scheme == "serial":
        return StreamPort(serial.open_channel(target)), serial.parameters(target), url
    port = UdpPort.fpga(target.location, data_port=0, reset_port=0)
    data, reset = (port.ports[p] for p in (hostarq.Port.DATA, hostarq.Port.RESET))
    return port, hostarq.UDP_FPGA, f"udp://127.0.0.1?data_port={data}&reset_port={reset}"


def main():
    port, parameters, url = opened(sys.argv[1])
    link = FpgaLink(parameters, identifier=IDENTIFIER)
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    emulators = {}

    def execute(words):
        """Each session has an emulator of its own, fresh from its reset."""
        session = link.reset_count
        if session not in emulators:
            emulators.clear()
            emulators[session] = Emulator(chip_seed=0, run_seed=0)
        return emulators[session].execute(words)

    print(url, flush=True)
    try:
        serve(link, port, time.monotonic, execute, over.is_set)
    except LinkError as error:
        print(error, file=sys.stderr)
    finally:
        port.close()


if __name__ == "__main__":
    main()
