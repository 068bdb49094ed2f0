"""Programs and responses over bad lines, from end to end in virtual time.

Oracle: the chip is a function of the program's words, so what must come back is known, and the far
end notes what ran.  Every program arrives once and whole and its response too, or a LinkError says
what was lost.  `LossyLink` prints its seed and fails by itself if the host hangs or spins.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_protocol import LinkError, hostarq
from firmware_protocol.host_link import HALT_WORD
from firmware_protocol.hostarq import ArqParameters
from firmware_protocol.link import FpgaLink, HostLink
from firmware_protocol.pump import RemoteChip
from tests.support.lossy import Bytes, Datagrams, Faults, LossyLink

FAST_LINE = ArqParameters.for_line_rate(1e6)
SLOW_LINE = ArqParameters.for_line_rate(11_520)
READ, HALT_MESSAGE = 1 << 56, 2 << 56
WINDOW_BYTES = 128 * hostarq.WIRE_FRAME_BYTES
SEEDS = range(4)
SAYS_WHAT_IS_LOST = (
    r"\d+ of \d+ program words had arrived, \d+ words of the response had come; connect and run"
)


def program(k, n_words):
    """The k-th program: different words everywhere, so that no frame can stand for another."""
    words = (np.arange(n_words, dtype=np.uint64) * np.uint64(977) + np.uint64(k << 32)) | np.uint64(
        1 << 60
    )
    words[-1] = HALT_WORD
    return words


def chip(n_words):
    """A chip that answers with so many words, which depend on every word of the program."""

    def execute(words):
        values = np.arange(n_words, dtype=np.uint64) * np.uint64(31) + np.bitwise_xor.reduce(words)
        return np.append(values & np.uint64(0xFFFFFFFF) | np.uint64(READ), np.uint64(HALT_MESSAGE))

    return execute


class Scene:
    """A host, a bad line, and a chip at its far end."""

    def __init__(self, *, kind, faults, seed, answer=500, parameters=None, **line):
        if kind is Datagrams:
            here, there = hostarq.UDP_HOST, hostarq.UDP_FPGA
        else:
            here = there = parameters or FAST_LINE
        self.execute = chip(answer)
        self.fpga = FpgaLink(there)
        self.line = LossyLink(self.fpga, self.execute, kind=kind, faults=faults, seed=seed, **line)
        self.parameters, self.seed = here, seed
        self.chip = self.host()

    def host(self, **options):
        """A new host on the same line."""
        self.seed += 1
        self.link = HostLink(self.parameters, magic=self.seed << 20, **options)
        return RemoteChip(self.line.port, self.link, self.line.clock, "chip", linger_s=0.0)

    def run(self, k, n_words):
        """Run a program; whatever is returned must be right, and must have run once."""
        words, before = program(k, n_words), len(self.line.executed)
        response = self.chip.execute(words)
        assert np.array_equal(response, self.execute(words)), "a wrong response"
        assert len(self.line.executed) == before + 1, "not run exactly once"
        assert np.array_equal(self.line.executed[-1], words), "not the program that was sent"

    def run_or_say_what_is_lost(self, *sizes):
        """Returns whether all went well."""
        try:
            self.chip.connect()
        except LinkError:
            return False
        try:
            for k, n_words in enumerate(sizes):
                self.run(k, n_words)
        except LinkError as error:
            assert error.args[0].startswith("chip: ")
            assert "program words had arrived" in str(error)
            return False
        return True


# --- what a link must overcome --------------------------------------------------------------------

DATAGRAM_FAULTS = {
    "loss": Faults(loss=0.2),
    "duplicates": Faults(duplicate=0.5),
    "out of order": Faults(reorder=0.5, late_s=1e-3),
    "damage, which UDP drops": Faults(flip=0.1, truncate=0.1),
    "all of it": Faults(loss=0.2, duplicate=0.2, reorder=0.3, late_s=1e-3),
}
BYTE_FAULTS = {
    "lost bytes": Faults(loss=0.02),
    "repeated bytes": Faults(duplicate=0.02),
    "flipped bits": Faults(flip=0.02),
    "cut bytes": Faults(truncate=0.02),
    "noise": Faults(noise=0.02),
    "all of it": Faults(loss=0.01, duplicate=0.01, flip=0.02, truncate=0.01, noise=0.02),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("faults", DATAGRAM_FAULTS.values(), ids=DATAGRAM_FAULTS)
def test_datagrams_that_get_lost_late_or_doubled_lose_no_program(faults, seed):
    scene = Scene(kind=Datagrams, faults=faults, seed=seed)
    for k, n_words in enumerate((1, 3000, 20_000)):
        scene.run(k, n_words)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("faults", BYTE_FAULTS.values(), ids=BYTE_FAULTS)
def test_bytes_that_get_lost_or_changed_lose_no_program(faults, seed):
    scene = Scene(kind=Bytes, faults=faults, seed=seed)
    for k, n_words in enumerate((1, 3000, 5000)):
        scene.run(k, n_words)
    assert scene.line.to_fpga.damaged + scene.line.to_host.damaged > 0, "nothing went wrong"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("begin_s", [0.0, 1e-4, 5e-3, 0.05])
def test_a_pause_longer_than_many_time_outs_loses_no_program(begin_s, seed):
    pause = Faults(pauses=((begin_s, begin_s + 1.5),))
    scene = Scene(kind=Datagrams, faults=pause, seed=seed)
    for k, n_words in enumerate((10, 3000, 20_000)):
        scene.run(k, n_words)


@pytest.mark.parametrize("seed", SEEDS)
def test_thousands_of_frames_survive_loss_while_numbers_wrap_around(seed):
    faults = Faults(loss=0.05, duplicate=0.05)
    scene = Scene(kind=Datagrams, faults=faults, seed=seed, answer=200_000)
    scene.run(0, 400_000)
    assert scene.link._arq.counters.sent > 8 * 256
    assert scene.fpga._arq.counters.sent > 4 * 256


# --- what it may not overcome, but must not get wrong ---------------------------------------------
# The window is half of all sequence numbers, so a repeated frame that others overtake may be taken
# for one of the next round.


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("late_s", [5e-4, 5e-2])
def test_frames_that_are_taken_for_others_never_make_a_wrong_result(late_s, seed):
    faults = Faults(loss=0.1, duplicate=0.2, reorder=0.2, late_s=late_s)
    scene = Scene(kind=Datagrams, faults=faults, seed=seed, answer=20_000)
    scene.run_or_say_what_is_lost(20_000, 20_000, 20_000)


@pytest.mark.parametrize("begin_s", [0.0, 2e-3])
def test_a_pause_beyond_all_patience_is_an_error(begin_s):
    scene = Scene(kind=Datagrams, faults=Faults(pauses=((begin_s, 100.0),)), seed=0)
    with pytest.raises(LinkError):
        scene.run(0, 20_000)
    assert scene.line.now < 15.0


def test_a_pause_in_the_middle_of_a_program_is_an_error_that_says_what_is_lost():
    scene = Scene(kind=Datagrams, faults=Faults(pauses=((6e-4, 100.0),)), seed=0)
    with pytest.raises(LinkError, match=SAYS_WHAT_IS_LOST):
        scene.run(0, 2000)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", [Datagrams, Bytes])
def test_a_line_that_is_cut_in_the_middle_of_a_frame_is_an_error(kind, seed):
    scene = Scene(kind=kind, faults=Faults(cut_after_bytes=30_000 + 777 * seed), seed=seed)
    with pytest.raises(LinkError, match=f"the line was cut; {SAYS_WHAT_IS_LOST}"):
        scene.run(0, 20_000)
    assert scene.line.executed == []
    with pytest.raises(LinkError, match="this connection was lost and is closed"):
        scene.run(1, 10)


PROBABILITY = st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3])
FAULTS = st.builds(
    Faults,
    loss=PROBABILITY,
    duplicate=PROBABILITY,
    reorder=PROBABILITY,
    late_s=st.sampled_from([1e-5, 1e-3, 3e-2, 1.0]),
    flip=PROBABILITY,
    truncate=PROBABILITY,
    noise=PROBABILITY,
    pauses=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 3)), max_size=2).map(tuple),
    cut_after_bytes=st.sampled_from([np.inf, np.inf, 50, 5000, 60_000]),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(FAULTS, st.sampled_from([Datagrams, Bytes]), st.integers(0, 2**32))
def test_no_line_is_so_bad_that_a_result_is_wrong(faults, kind, seed):
    scene = Scene(kind=kind, faults=faults, seed=seed, answer=1000, limit_s=900.0)
    scene.run_or_say_what_is_lost(5, 2000, 5000)


# --- one session after the other ------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", [Datagrams, Bytes])
def test_a_new_session_gets_nothing_of_one_that_was_given_up(kind, seed):
    faults = Faults(duplicate=0.01, reorder=0.2, late_s=1e-3)
    scene = Scene(kind=kind, faults=faults, seed=seed, answer=30_000)
    scene.chip.connect()
    old = scene.link
    old.submit(program(0, 20_000))
    for _ in range(10 * (seed + 1)):  # and then its process dies
        scene.line.write(old.outgoing(now=scene.line.now))
        for datagram in scene.line.read(1e-3):
            old.incoming(datagram, now=scene.line.now)
    scene.chip = scene.host()
    scene.run(1, 5000)
    scene.run(2, 10)


@pytest.mark.parametrize("seed", range(8))
def test_frames_of_an_old_session_that_come_late_never_make_a_wrong_result(seed):
    faults = Faults(loss=0.1, duplicate=0.3, reorder=0.3, late_s=0.3)
    scene = Scene(kind=Datagrams, faults=faults, seed=seed, answer=2000)
    scene.run_or_say_what_is_lost(2000)
    scene.chip = scene.host()
    scene.run_or_say_what_is_lost(2000, 3000)


# --- slow lines -----------------------------------------------------------------------------------


def test_at_115200_baud_nothing_is_repeated_and_the_line_is_kept_busy():
    scene = Scene(kind=Bytes, faults=Faults(), seed=0, answer=2000, parameters=SLOW_LINE,
                  bytes_per_s=11_520)  # fmt: skip
    scene.run(0, 95_000)
    assert scene.link._arq.counters.resent == scene.fpga._arq.counters.resent == 0
    n_bytes = 8 * (95_000 + 2000)
    assert n_bytes / 11_520 < scene.line.now < 1.05 * n_bytes / 11_520 + 1.0


def test_a_slow_line_never_has_more_than_two_frames_waiting():
    scene = Scene(kind=Bytes, faults=Faults(loss=0.002), seed=0, answer=2000,
                  parameters=SLOW_LINE, bytes_per_s=11_520, piece=200)  # fmt: skip
    scene.run(0, 50_000)
    assert scene.link._arq.counters.resent > 0, "something was lost"
    assert scene.line.to_fpga.backlog < 2 * 1500
    assert scene.line.to_host.backlog < 2 * 1500


def test_loss_on_a_slow_line_makes_no_storm_of_repetitions():
    scene = Scene(kind=Bytes, faults=Faults(flip=0.005), seed=1, parameters=SLOW_LINE,
                  bytes_per_s=11_520, piece=200)  # fmt: skip
    scene.run(0, 50_000)
    assert scene.link._arq.counters.resent > 0, "something was lost"
    assert scene.line.to_fpga.carried < 2 * 8 * 50_000


def test_a_chip_that_stops_reading_gets_no_more_than_a_window_at_a_time():
    """It would be a storm: all of a window again and again, on a line that holds them all."""
    pause = Faults(pauses=((5.0, 30.0),))
    scene = Scene(kind=Bytes, faults=pause, seed=0, parameters=SLOW_LINE, bytes_per_s=11_520)
    scene.run(0, 20_000)
    assert scene.line.peak < 25 * 11_520 + WINDOW_BYTES
