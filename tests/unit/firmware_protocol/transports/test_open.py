"""What a target URL opens.

Oracle: the scheme's own module, and a device on the other side of a socket.
"""

import socket
import threading
import time

import numpy as np
import pytest

from firmware_protocol import LinkError, Target, transports
from firmware_protocol.host_link import HALT_WORD
from firmware_protocol.hostarq import Port
from firmware_protocol.link import FpgaLink
from firmware_protocol.pump import serve
from firmware_protocol.transports.udp import UdpPort
from tests.support.messages import HALT_MESSAGE, stream


def test_a_udp_target_connects_to_an_fpga_and_learns_its_name():
    port = UdpPort.fpga(data_port=0, reset_port=0)
    stop = threading.Event()
    device = threading.Thread(
        target=serve,
        args=(FpgaLink(identifier="chip-7"), port, time.monotonic, answer, stop.is_set),
    )
    device.start()
    try:
        ports = port.ports
        chip = transports.open(
            Target.parse(
                f"udp://127.0.0.1?data_port={ports[Port.DATA]}&reset_port={ports[Port.RESET]}"
            )
        )
        assert chip.identifier == "chip-7"
        assert chip.execute(np.array([HALT_WORD])).tolist() == stream(HALT_MESSAGE).tolist()
        chip.close()
    finally:
        stop.set()
        device.join(30)
        port.close()
    assert not device.is_alive()


def answer(words):
    return stream(HALT_MESSAGE)


def test_a_line_without_a_chip_is_an_error_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"serial:socket://127.0.0.1:{server.getsockname()[1]}?baudrate=100000000"
        match = r"^serial:socket://.*: the FPGA has not answered 8 resets within 2.* s; is it runn"
        with pytest.raises(LinkError, match=match):
            transports.open(Target.parse(url))


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("telnet://x", "target telnet:x: no scheme 'telnet'; links have serial, tcp, udp"),
        ("udp://x?y=1", r"target udp:x: unknown options \['y'\]"),
        ("serial:///dev/x?y=1", r"target serial:/dev/x: unknown options \['y'\]"),
        ("tcp://x", "tcp address 'x' is not of the form host:port"),
    ],
)
@pytest.mark.parametrize("action", [transports.check, transports.open])
def test_a_target_that_means_nothing_is_refused_before_anything_is_opened(action, url, match):
    with pytest.raises(ValueError, match=match):
        action(Target.parse(url))
