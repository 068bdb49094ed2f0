"""UDP in both roles, on loopback; ports are chosen by the system.

Oracle: plain sockets of the test on the other side.
"""

import contextlib
import socket

import pytest

from firmware_protocol import LinkError, Target
from firmware_protocol.hostarq import RESET_FRAME, Datagram, Port
from firmware_protocol.transports import udp
from firmware_protocol.transports.udp import UdpPort

RESET = Datagram(Port.RESET, RESET_FRAME)
HOME = "127.0.0.1"


def data(payload):
    return Datagram(Port.DATA, payload)


@contextlib.contextmanager
def plain():
    """A plain socket and its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((HOME, 0))
        door.settimeout(10)
        yield door, door.getsockname()


@contextlib.contextmanager
def both():
    """An FPGA's end and a host's end that knows it."""
    fpga = UdpPort.fpga(data_port=0, reset_port=0)
    ports = fpga.ports
    host = UdpPort.host(HOME, data_port=ports[Port.DATA], reset_port=ports[Port.RESET])
    with contextlib.closing(fpga), contextlib.closing(host):
        yield host, fpga


def test_datagrams_go_to_the_fpgas_two_ports_and_come_back():
    with both() as (host, fpga):
        host.write([RESET])
        assert fpga.read(10) == [RESET]
        host.write([data(b"up"), data(b"up 2")])
        assert fpga.read(10) == [data(b"up"), data(b"up 2")]
        fpga.write([data(b"down")])
        assert host.read(10) == [data(b"down")]
        assert host.read(0.0) == fpga.read(0.001) == []


def test_all_frames_of_a_host_come_from_one_port_of_its_own():
    with plain() as (a, (_, data_port)), plain() as (b, (_, reset_port)):
        with contextlib.closing(
            UdpPort.host(HOME, data_port=data_port, reset_port=reset_port)
        ) as host:
            host.write([RESET, data(b"x")])
            assert a.recvfrom(99)[1] == b.recvfrom(99)[1] == (HOME, host.ports[Port.DATA])


def test_a_host_hears_nobody_but_its_fpga():
    with plain() as (door, (_, number)), plain() as (stranger, _):
        with contextlib.closing(UdpPort.host(HOME, data_port=number, reset_port=number)) as host:
            address = (HOME, host.ports[Port.DATA])
            stranger.sendto(b"lies", address)
            door.sendto(b"truth", address)
            heard = host.read(10)
            while not heard:
                heard = host.read(10)
            assert heard == [data(b"truth")]
            assert host.foreign == 1


def test_an_fpga_hears_nobody_before_a_reset_and_then_only_who_sent_it():
    with both() as (host, fpga), plain() as (stranger, _):
        host.write([data(b"too early")])
        assert fpga.read(10) == []
        stranger.sendto(RESET_FRAME, (HOME, fpga.ports[Port.RESET]))
        assert fpga.read(10) == [RESET]
        host.write([data(b"not my session")])
        stranger.sendto(b"mine", (HOME, fpga.ports[Port.DATA]))
        heard = [d for _ in range(2) for d in fpga.read(0.2)]
        assert heard == [data(b"mine")]
        fpga.write([data(b"answer")])
        assert stranger.recv(99) == b"answer"


def test_the_last_reset_decides_who_the_host_is():
    with both() as (host, fpga), plain() as (other, _):
        other.sendto(RESET_FRAME, (HOME, fpga.ports[Port.RESET]))
        assert fpga.read(10) == [RESET]
        host.write([RESET])
        assert fpga.read(10) == [RESET]
        fpga.write([data(b"to the host")])
        assert host.read(10) == [data(b"to the host")]


def test_something_else_on_the_reset_port_makes_nobody_the_host():
    with both() as (_, fpga), plain() as (stranger, _):
        stranger.sendto(b"\0\0\0\0", (HOME, fpga.ports[Port.RESET]))
        assert fpga.read(10) == []
        fpga.write([data(b"to nobody")])
        assert fpga.foreign == 1


def test_a_datagram_that_is_too_long_does_no_harm():
    with both() as (host, fpga):
        host.write([RESET, data(bytes(9000))])
        heard = fpga.read(10)
        while len(heard) < 2:
            heard += fpga.read(10)
        assert len(heard[1].data) == 2048


def test_a_host_whose_fpga_is_not_there_hears_nothing():
    with plain() as (door, (_, number)):
        door.close()
        with contextlib.closing(UdpPort.host(HOME, data_port=number, reset_port=number)) as host:
            for _ in range(3):
                host.write([RESET, data(b"hello?")])
                assert host.read(0.01) == []


def test_a_port_that_is_taken_is_an_error_that_names_it():
    with plain() as (_, (_, number)):
        match = (
            rf"udp://127.0.0.1: port {number} cannot be used \(.*\); choose others by data_port="
        )
        with pytest.raises(LinkError, match=match):
            UdpPort.fpga(data_port=0, reset_port=number)


def test_a_name_without_address_is_an_error():
    name = 64 * "x"  # longer than a name may be, so that nobody is asked
    match = rf"udp://{name}: no way there \(.*\); write its IP address"
    with pytest.raises(LinkError, match=match):
        UdpPort.host(name)


def test_a_closed_port_says_so_and_closing_twice_is_harmless():
    host = UdpPort.host(HOME)
    host.close()
    host.close()
    for action in (lambda: host.read(0.0), lambda: host.write([RESET])):
        with pytest.raises(LinkError, match="this port is closed; open a new one"):
            action()


def test_a_network_that_carries_nothing_is_an_error():
    with contextlib.closing(UdpPort.host("255.255.255.255")) as host:
        match = r"udp://255.255.255.255: the network does not carry datagrams there \(.*\); check"
        with pytest.raises(LinkError, match=match):
            host.write([RESET])


def test_a_target_may_name_both_ports():
    target = Target.parse(f"udp://{HOME}?data_port=5001&reset_port=5002")
    with contextlib.closing(udp.open_port(target)) as host:
        assert {port: peer[1] for port, peer in host._peers.items()} == {
            Port.DATA: 5001,
            Port.RESET: 5002,
        }


def test_without_options_a_target_means_the_ports_of_hostarq():
    with contextlib.closing(udp.open_port(Target.parse(f"udp://{HOME}"))) as host:
        assert [peer[1] for peer in host._peers.values()] == [1234, 45054]


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("udp://1.2.3.4?port=5", r"unknown options \['port'\]; there are data_port, reset_port, "),
        ("udp://1.2.3.4?data_port=0", "data_port='0' is no whole number 1..65535"),
        ("udp://1.2.3.4?reset_port=x", "reset_port='x' is no whole number 1..65535"),
        ("udp://1.2.3.4?response_timeout_s=-1", "response_timeout_s='-1' is no time in seconds"),
        (
            "udp://1.2.3.4:1234",
            "write the FPGA's name or IP address alone .* the options data_port",
        ),
        ("udp://", "write the FPGA's name or IP address alone"),
        ("udp://1.2.3.4/x", "write the FPGA's name or IP address alone"),
        ("udp://::1", "IPv6 in brackets"),
    ],
)
def test_a_target_that_means_nothing_is_refused(url, match):
    with pytest.raises(ValueError, match=match):
        udp.check(Target.parse(url))


def test_an_ipv6_address_stands_in_brackets():
    udp.check(Target.parse("udp://[::1]?data_port=5"))
