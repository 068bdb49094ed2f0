"""Background sources clock by clock, draw by draw, and as the vendor's hardware tests count them.

Oracle: a model of one source in plain Python, which lives tick by tick and shifts its register bit
by bit; counts by formula; binomial and chi-square statistics at fixed seeds; polynomial arithmetic
over GF(2) for the register's period.  Words are placed by hand (chip reference, 2.13).
"""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import EmulatorError
from emulator.background import BackgroundSources

POLYNOMIAL = 1 << 32 | 1 << 22 | 1 << 2 | 1 << 1 | 1
PERIOD_OF_REGISTER = 2**32 - 1
PRIME_FACTORS = (3, 5, 17, 257, 65537)


class Bench:
    """The sources, with the words of their registers."""

    def __init__(self):
        self.sources, self.notes = BackgroundSources(), []
        log = SimpleNamespace(note=lambda *remark: self.notes.append(remark))
        self.context = SimpleNamespace(memory=None, voltages=None, log=log)

    def set(
        self, source, cycle=0, *, enable=1, random=0, period=0, seed=0, mask=0, rate=0, label=0
    ):
        base = 0x130001 + 3 * source
        self.write(base + 1, seed, cycle)
        self.write(base + 2, mask | rate << 8 | label << 16, cycle)
        self.write(base, enable | random << 1 | period << 16, cycle)

    def write(self, address, value, cycle):
        self.sources.write(address, value, cycle, self.context)

    def run(self, start, end, cuts=()):
        bounds = [start, *sorted(cuts), end]
        parts = [self.sources.events(a, b) for a, b in itertools.pairwise(bounds)]
        return list(zip(*(np.concatenate(c).tolist() for c in zip(*parts, strict=True)),
                        strict=True))  # fmt: skip


class Register:
    """The shift register, bit by bit."""

    def __init__(self, seed):
        self.bits = [seed >> k & 1 for k in range(32)]

    def draw(self):
        for _ in range(16):
            new = self.bits[31] ^ self.bits[21] ^ self.bits[1] ^ self.bits[0]
            self.bits = [new, *self.bits[:31]]
        low = sum(bit << k for k, bit in enumerate(self.bits[:16]))
        return low & 255, low >> 8


def slow_events(source, words_at, end_cycle):
    """Events of one source: `words_at` maps a cycle to the three words it gets at its beginning."""
    seed, shape, control = 0, 0, 0
    running, counter, register, events = False, 0, None, []
    for tick in range(2 * end_cycle):
        fresh = False
        if tick % 2 == 0 and tick // 2 in words_at:
            control, seed, shape = words_at[tick // 2]
            was_running, running = running, bool(control & 1 and control >> 16)
            fresh = running and not was_running
            if fresh:
                counter, register = control >> 16, Register(seed)
        if not running or fresh:
            continue
        counter -= 1
        if counter == 0:
            counter = control >> 16
            mask, rate, label = shape & 255, shape >> 8 & 255, shape >> 16
            if control & 2:
                value, bits = register.draw()
                if (value or 255) > rate:
                    continue
                label = label & ~mask | bits & mask
            events.append((tick // 2, 12 + source, label))
    return events


# --- one source -----------------------------------------------------------------------------------


def test_the_first_event_comes_a_full_period_after_enabling_and_then_every_period():
    bench = Bench()
    bench.set(3, cycle=100, period=7, label=0x2ABC)
    ticks = [200 + 7 * k for k in range(1, 6)]
    assert bench.run(100, 118) == [(tick // 2, 15, 0x2ABC) for tick in ticks]


@pytest.mark.parametrize("period", [1, 2, 3, 1000, 65535])
def test_a_regular_source_sends_two_cycles_times_time_over_period_events(period):
    bench, cycles = Bench(), 200_000
    bench.set(0, period=period)
    assert len(bench.run(0, cycles)) == (2 * cycles - 1) // period


def test_a_period_of_two_ticks_gives_an_event_in_every_cycle():
    bench = Bench()
    bench.set(7, period=2)
    events = bench.sources.events(0, 300_000)  # more than the compiled code takes at once
    assert events.cycle.tolist() == list(range(1, 300_000))


def test_all_eight_sources_at_once_come_in_order_of_time_then_of_source():
    bench = Bench()
    for s in range(8):
        bench.set(s, period=3 + s, label=s)
    events = bench.run(0, 400)
    expected = sorted((tick, 12 + s, s) for s in range(8) for tick in range(3 + s, 800, 3 + s))
    assert events == [(tick // 2, input_, label) for tick, input_, label in expected]


@pytest.mark.parametrize(("period", "cycles"), [(1000, 10_000_000), (10_000, 100_000_000)])
def test_the_vendors_regular_test_passes(period, cycles):
    bench, expected = Bench(), 2 * cycles // period
    for s in range(8):
        bench.set(s, period=period, label=s)
    counts = np.bincount(bench.sources.events(0, cycles).label)
    assert np.all(abs(counts - expected) <= 1)  # the vendor allows 5 %


def test_a_source_stops_when_it_is_disabled_and_starts_anew_when_enabled():
    bench = Bench()
    bench.set(0, cycle=0, period=10)
    first = bench.run(0, 12)
    bench.set(0, cycle=12, enable=0, period=10)
    assert (first, bench.run(12, 50)) == ([(5, 12, 0), (10, 12, 0)], [])
    bench.set(0, cycle=51, period=10)
    assert bench.run(51, 60) == [(56, 12, 0)]


def test_a_period_of_zero_is_silent_and_noted():
    bench = Bench()
    bench.set(4, cycle=9, period=0)
    assert bench.run(9, 100_000) == []
    assert not bench.sources.active
    text = "enabled with period 0, which is not documented: it stays silent"
    assert bench.notes == [(9, "background source 4", text)]


# --- random numbers -------------------------------------------------------------------------------


def test_the_register_has_the_longest_possible_period():
    def power_of_x(exponent):
        result, base = 1, 2
        while exponent:
            if exponent & 1:
                result = multiply(result, base)
            base, exponent = multiply(base, base), exponent >> 1
        return result

    def multiply(a, b):
        product = 0
        for k in range(32):
            product ^= (a << k) * (b >> k & 1)
        for k in range(63, 31, -1):
            product ^= (POLYNOMIAL << k - 32) * (product >> k & 1)
        return product

    assert np.prod(PRIME_FACTORS, dtype=object) == PERIOD_OF_REGISTER
    assert power_of_x(PERIOD_OF_REGISTER) == 1
    assert all(power_of_x(PERIOD_OF_REGISTER // q) != 1 for q in PRIME_FACTORS)


@given(st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(0, 255), st.integers(1, 40))
@settings(max_examples=30)
def test_draws_are_those_of_a_register_shifted_bit_by_bit(seed, rate, mask, period):
    bench = Bench()
    bench.set(2, random=1, period=period, seed=seed, rate=rate, mask=mask, label=0x1FA5)
    control = 3 | period << 16
    shape = mask | rate << 8 | 0x1FA5 << 16
    assert bench.run(0, 300) == slow_events(2, {0: (control, seed, shape)}, 300)


@pytest.mark.parametrize("rate", [1, 2, 16, 100, 200, 254])
def test_an_event_comes_with_probability_rate_over_256(rate):
    bench, bins = Bench(), 1_000_000
    bench.set(0, random=1, period=2, seed=1234, rate=rate)
    p = rate / 256
    got = bench.sources.events(0, bins + 1).cycle.size
    assert abs(got - bins * p) < 4 * np.sqrt(bins * p * (1 - p))
    assert got / bins == pytest.approx(rate / 255, rel=0.05)  # as documented, in the large


def test_rate_0_is_off_and_rate_255_fires_in_every_period():
    bench = Bench()
    bench.set(0, random=1, period=2, seed=99, rate=0)
    bench.set(1, random=1, period=2, seed=99, rate=255)
    events = bench.sources.events(0, 100_001)
    assert np.bincount(events.input, minlength=20)[12:14].tolist() == [0, 100_000]


def test_a_silent_random_source_is_not_active():
    bench = Bench()
    bench.set(0, random=1, period=2, seed=99, rate=0)
    assert not bench.sources.active
    bench.set(0, random=1, period=2, seed=99, rate=1)
    assert bench.sources.active


def test_random_labels_are_even_over_the_mask_and_fixed_elsewhere():
    bench = Bench()
    bench.set(0, random=1, period=2, seed=1234, rate=255, mask=0x3F, label=0x2A80)
    label = bench.sources.events(0, 64_001).label
    assert np.all(label & ~0x3F == 0x2A80)
    counts = np.bincount(label & 0x3F, minlength=64)
    # chi square of 63 degrees of freedom: mean 63, deviation 11.2
    assert np.sum((counts - 1000) ** 2 / 1000) < 63 + 4 * 11.2


def test_regular_sources_keep_their_label_whatever_the_mask():
    bench = Bench()
    bench.set(0, period=5, seed=7, mask=0xFF, label=0x1234)
    assert {label for _, _, label in bench.run(0, 100)} == {0x1234}


def test_one_period_says_nothing_about_the_next():
    bench, bins = Bench(), 400_000
    bench.set(0, random=1, period=2, seed=31337, rate=128)
    fired = np.zeros(bins + 1)
    fired[bench.sources.events(0, bins + 1).cycle] = 1
    x = fired[1:] - 0.5
    lags = [np.mean(x[lag:] * x[: bins - lag]) * 4 for lag in range(1, 20)]
    assert np.max(np.abs(lags)) < 4.5 / np.sqrt(bins)


def test_seeds_make_the_sequence():
    def run(seed):
        bench = Bench()
        bench.set(0, random=1, period=2, seed=seed, rate=128)
        return bench.run(0, 200)

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_a_seed_of_zero_is_stuck_silent_and_noted():
    bench = Bench()
    bench.set(6, cycle=2, random=1, period=2, rate=254)
    assert bench.run(2, 10_000) == []
    [(cycle, place, text)] = bench.notes
    assert (cycle, place) == (2, "background source 6")
    assert text.startswith("enabled in random mode with seed 0")


# --- time -----------------------------------------------------------------------------------------

WORDS = st.tuples(
    st.builds(lambda e, r, p: e | r << 1 | p << 16,
              st.integers(0, 1), st.integers(0, 1), st.integers(0, 30)),
    st.integers(0, 2**32 - 1),
    st.builds(lambda m, r, n: m | r << 8 | n << 16,
              st.integers(0, 255), st.integers(0, 255), st.integers(0, 0x3FFF)),
)  # fmt: skip


@given(st.dictionaries(st.integers(0, 120), WORDS, max_size=6), st.sets(st.integers(0, 150)))
def test_writes_act_from_their_cycle_on_however_time_is_cut(words_at, cuts):
    bench, events, now = Bench(), [], 0
    for cycle in sorted({*words_at, *cuts, 150}):
        events += bench.run(now, cycle)
        now = cycle
        if cycle in words_at:
            control, seed, shape = words_at[cycle]
            for offset, value in ((1, seed), (2, shape), (0, control)):
                bench.write(0x130001 + 15 + offset, value, cycle)
    assert events == slow_events(5, words_at, 150)


@given(st.integers(0, 10**12), st.integers(1, 65535), st.integers(1, 2**32 - 1))
@settings(max_examples=30)
def test_skipping_a_wait_is_like_playing_it(wait, period, seed):
    hopped, walked = Bench(), Bench()
    for bench in (hopped, walked):
        bench.set(1, random=1, period=period, seed=seed, rate=77, mask=255)
    near = wait % 500_000
    walked.run(0, near, cuts=[near // 3, near // 2])
    assert hopped.run(near, near + 20_000) == walked.run(near, near + 20_000)
    # A far wait, in one hop or in two; the register repeats itself after 2**32 - 1 draws.
    walked.run(near + 20_000 + wait // 2, near + 20_001 + wait // 2)
    far = near + 40_000 + wait
    assert hopped.run(far, far + 2000) == walked.run(far, far + 2000)


def test_the_random_numbers_repeat_after_the_period_of_the_register():
    bench = Bench()
    bench.set(0, random=1, period=2, seed=4711, rate=99, mask=255)
    first = bench.run(0, 500)
    again = bench.run(PERIOD_OF_REGISTER, PERIOD_OF_REGISTER + 500)
    shifted = [(cycle + PERIOD_OF_REGISTER, input_, label) for cycle, input_, label in first]
    assert [e for e in again if e[0] > PERIOD_OF_REGISTER] == shifted


def test_events_of_the_past_are_refused():
    bench = Bench()
    bench.run(0, 100)
    with pytest.raises(EmulatorError, match="from cycle 99 on, but have gone on to cycle 100"):
        bench.run(99, 200)


def test_the_reset_line_switches_the_sources_off():
    bench = Bench()
    bench.set(0, period=2)
    bench.sources.reset()
    assert not bench.sources.active
    assert bench.run(0, 1000) == []
    bench.set(0, cycle=1000, period=1000)
    assert bench.run(1000, 1501) == [(1500, 12, 0)]


def test_the_sources_claim_their_24_addresses():
    around = np.arange(0x12FFF0, 0x130030)
    claimed = around[BackgroundSources().claims(around)]
    assert claimed.tolist() == list(range(0x130001, 0x130019))
