"""Which driver hears which group of sources: codes, masks, and who serves whom.

Every group of a bus has a *code*, its row select address.  A driver whose index d differs from the
code in some bits hears the group if its mask leaves these bits out.  It then hears exactly the
codes that lie between the two: those which differ from the group's code only in left-out bits.  So
a driver can serve a group alone if no other code lies between them, and with codes that differ in
many bits nearly every driver can serve nearly every group: 32 drivers are divided 31 and 1 as well
as 16 and 16.

Some bits of a code may be *vague*: the group's events do not agree on them, so that no mask that
is to hear the group, or to tell it from others, can make use of them.
"""

from __future__ import annotations

import numpy as np

from .graph import Bools, Ints

N_DRIVERS = 32
"""Drivers of a bus in one half."""
ALL_BITS = N_DRIVERS - 1
_DRIVER = np.arange(N_DRIVERS)
_ONES = np.array([d.bit_count() for d in range(N_DRIVERS)])


def choose_codes(code: Ints, vague: Ints, need: Ints) -> Ints:
    """Codes of all groups of a bus; those of the first few are given.

    Greedily, the neediest group first, a group gets the code that leaves every group so far the
    most drivers beyond its needs.

    code   (given,)
    vague  (given, 2) their vague bits in each half
    need   (group, 2) drivers that each group needs in each half, 0 where nothing of it arrives
    """
    n_given, n = code.size, need.shape[0]
    codes = np.concatenate([code, np.zeros(n - n_given, dtype=np.int64)])
    vagues = np.concatenate([vague, np.zeros((n - n_given, 2), dtype=np.int64)])
    done = list(range(n_given))
    for group in n_given + np.argsort(-need[n_given:].max(axis=1), kind="stable"):
        slack, total = np.full(N_DRIVERS, N_DRIVERS), np.zeros(N_DRIVERS, dtype=np.int64)
        for half in np.flatnonzero(need.any(axis=0)):
            others = [g for g in done if need[g, half]]
            if not need[group, half]:
                continue
            mine, theirs = _with_one_more(codes[others], vagues[others, half])
            spare = np.column_stack([mine - need[group, half], theirs - need[others, half]])
            slack = np.minimum(slack, spare.min(axis=1))
            total += spare.sum(axis=1)
        slack[codes[done]] = -N_DRIVERS
        codes[group] = np.lexsort((-total, -slack))[0]
        done.append(int(group))
    return codes


def _with_one_more(code: Ints, vague: Ints) -> tuple[Ints, Ints]:
    """How many drivers may serve what, by the code of one more group.

    Returns ((32,) drivers for this group, (32, group) drivers for the others)
    """
    told_by = (_DRIVER[:, None] ^ code) & ~vague & ALL_BITS  # new code, group
    agrees = ~(_DRIVER[:, None] ^ _DRIVER)  # new code or driver, driver
    mine = ((told_by[:, None, :] & agrees[:, :, None]) != 0).all(axis=2)
    apart = (told_by[:, None, :] & ~(_DRIVER[:, None] ^ code)) != 0  # new code, driver, group
    return mine.sum(axis=1), (apart & may_serve(code, vague)).sum(axis=1)


def may_serve(code: Ints, vague: Ints) -> Bools:
    """(driver, group): whether the driver can hear this group and no other."""
    told_by = (code[:, None] ^ code) & ~vague[:, None] & ~vague & ALL_BITS  # group, other
    agrees = ~(_DRIVER[:, None] ^ code)  # driver, group
    told = (told_by & agrees[:, :, None]) != 0
    told[:, np.arange(code.size), np.arange(code.size)] = True
    return np.asarray(told.all(axis=2))


def serve(code: Ints, vague: Ints, need: Ints) -> Ints | None:
    """(32,) group that each driver serves, -1 none; None if they cannot be divided like that.

    need  (group,) drivers wanted
    """
    if need.sum() > N_DRIVERS:
        return None
    place = np.repeat(np.arange(code.size), need)
    # Not before it is needed: loading it takes a tenth of a second.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    driver = maximum_bipartite_matching(
        csr_array(may_serve(code, vague)[:, place].T), perm_type="column"
    )
    if (driver < 0).any():
        return None
    group = np.full(N_DRIVERS, -1)
    group[driver] = place
    return group


def masks(code: Ints, vague: Ints, group: Ints) -> Ints:
    """(32,) compare masks of drivers that serve these groups; 0 where there is none."""
    mask = ~(_DRIVER ^ code[group]) & ~vague[group] & ALL_BITS
    return np.where(group < 0, 0, mask)
