"""Rates of background populations to the registers of their generators.

Source: BackgroundSpikeSource of the register tables; a generator counts cycles of 250 MHz, draws 8
bits at the end of every period and sends an event if they are at most its rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig
from firmware_protocol.catalogue import CONTAINERS

from .configure import generators
from .graph import Ints
from .route import Routing

CLOCK_HZ = 250e6
_SOURCES = CONTAINERS["BackgroundSpikeSource"]
_ENABLE_WORD = _SOURCES.register.by_name["enable"].pieces[0].word
_HIGHEST_RATE = 255
_LONGEST_PERIOD = (1 << 16) - 1
_MAX_SEED = (1 << 32) - 1
_FINE_RATE = 16
"""From this rate on it hardly matters whether a draw of 0 counts, on which documents disagree."""
_TOLERANCE = 5e-3
_LOWEST_HZ = CLOCK_HZ / _HIGHEST_RATE / _LONGEST_PERIOD


def write_background(
    chip: ChipConfig, routing: Routing, rate_hz: npt.ArrayLike, seed: Sequence[int]
) -> None:
    """Let generators draw events of Poisson processes, on top of `configure.write_routing`.

    The two generators of a population with targets in both halves draw the same events if they are
    enabled together; what lies between the two writes lies between their events, too.  A generator
    takes its seed when it is enabled: to begin anew it has to be disabled first.

    rate_hz  (population,) or scalar: mean rate of every cell [Hz, hardware time]; 0 is off
    seed     (population,) 1 .. 2**32 - 1; equal seeds give equal sequences
    Raises   RuntimeError for rates a generator cannot produce, ValueError for seeds it cannot take;
             nothing is written then
    """
    n = routing.generator.size
    rates = np.broadcast_to(np.asarray(rate_hz, dtype=np.float64), (n,)).tolist()
    settings = [
        register_values(rate, n_labels, population)
        for population, (rate, n_labels) in enumerate(
            zip(rates, (routing.background_mask + 1).tolist(), strict=True)
        )
    ]
    seeds = _checked_seeds(seed, n)
    sources = chip.background_sources
    for population, (rate_code, period) in enumerate(settings):
        mine: Ints = generators(routing, population)
        sources.rate[mine] = rate_code
        sources.period[mine] = period
        sources.seed[mine] = seeds[population]
        sources.enable_random[mine] = 1
        sources.enable[mine] = int(rate_code > 0)


def switches(chip: ChipConfig, *, on: bool) -> tuple[Ints, npt.NDArray[np.uint32]]:
    """Writes that start or stop those generators which a configuration enables.

    A generator takes its seed when it is switched on, so that a run begins like the one before it
    if it stops all generators first and starts them when experiment time does.  Writing the
    configuration alone lets generators that ran before go on.

    Returns  (addresses, words), (generator,) each
    """
    sources = chip.background_sources
    enabled = np.flatnonzero(sources.enable)
    fields = {name: sources[name] for name in sources}
    fields["enable"] = np.full(sources.enable.size, int(on), dtype=sources.enable.dtype)
    words = _SOURCES.register.encode(fields)
    addresses = _SOURCES.all_addresses().astype(np.int64)
    return addresses[enabled, _ENABLE_WORD], words[enabled, _ENABLE_WORD]


def _checked_seeds(seed: Sequence[int], n: int) -> list[int]:
    seeds = [int(s) for s in seed]
    if len(seeds) != n:
        raise ValueError(f"{len(seeds)} seeds are given for {n} background populations")
    for population, value in enumerate(seeds):
        if not 1 <= value <= _MAX_SEED:
            raise ValueError(
                f"background population {population}: seed {value} is outside 1..{_MAX_SEED}; "
                "with 0 a generator's shift register never leaves 0"
            )
    return seeds


def register_values(rate_hz: float, n_labels: int, population: int = 0) -> tuple[int, int]:
    """Rate code and period [cycles] that come closest to a cell's rate.

    A period must be short against the mean interval, or events come regularly, and a small rate
    code is imprecise.  So the smallest code from 16 on that meets the rate within 0.5 % is taken.

    n_labels  labels among which the generator draws, its cells rounded up to a power of two: it
              must be `n_labels` times as fast as one cell
    Raises    RuntimeError for rates that are negative, not a number, too high or too low
    """
    total = rate_hz * n_labels
    if rate_hz == 0:
        return 0, _LONGEST_PERIOD
    if not 0 < total <= CLOCK_HZ:
        raise RuntimeError(
            f"background population {population}: a rate of {rate_hz:g} Hz is not within 0.."
            f"{CLOCK_HZ / n_labels:g} Hz; a generator draws from {n_labels} labels and makes at "
            f"most {CLOCK_HZ:g} events a second, so use a lower rate or fewer cells"
        )
    code = np.arange(1, _HIGHEST_RATE + 1)
    period = np.clip(np.rint(CLOCK_HZ * code / _HIGHEST_RATE / total), 1, _LONGEST_PERIOD)
    error = np.abs(CLOCK_HZ * code / _HIGHEST_RATE / period / total - 1)
    if total < 0.99 * _LOWEST_HZ:
        raise RuntimeError(
            f"background population {population}: a rate of {rate_hz:g} Hz is below "
            f"{_LOWEST_HZ / n_labels:.3g} Hz, the lowest of a cell whose generator draws from "
            f"{n_labels} labels; use 0 for none, a higher rate, or more cells"
        )
    order = np.concatenate([code[code >= _FINE_RATE], code[code < _FINE_RATE][::-1]]) - 1
    good = order[error[order] <= _TOLERANCE]
    best = int(good[0] if good.size else order[error[order].argmin()])
    return int(code[best]), int(period[best])
