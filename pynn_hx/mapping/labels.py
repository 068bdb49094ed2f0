"""Synapse labels: different among all items that a driver hears."""

from __future__ import annotations

import numpy as np

from .demand import LABELS
from .division import BusPlan
from .graph import Ints


def label_items(plan: BusPlan, width: Ints) -> Ints | None:
    """(item,) first label of each item of a bus; None if blocks leave no place for some.

    Blocks come first, the largest foremost, each at a multiple of its width; then items that are
    heard in both halves, then those heard in one.  Without blocks this always succeeds where every
    group has at most 64 labels in each half: if only one half is split, all items heard in both
    meet in the other half's single group, and so differ anyhow; if both are, groups are the same.
    """
    heard = plan.heard_as()
    taken = np.zeros((2, plan.code.size, LABELS), dtype=bool)
    label = np.full(width.size, -1)
    for item in np.argsort(-width, kind="stable")[: np.count_nonzero(width > 1)]:
        reached = np.flatnonzero(plan.reach[item])
        groups = heard[item, reached]
        blocks = taken[reached, groups].any(axis=0).reshape(-1, width[item]).any(axis=1)
        if blocks.all():
            return None
        label[item] = first = int(blocks.argmin()) * width[item]
        for half, group in zip(reached, groups, strict=True):
            taken[half, group, first : first + width[item]] = True
    where_to = np.where(width == 1, plan.reach[:, 0] + 2 * plan.reach[:, 1], 0)
    for reach, halves in ((3, (0, 1)), (1, (0,)), (2, (1,))):
        chosen = np.flatnonzero(where_to == reach)
        for group in sorted(set(plan.group[chosen].tolist())):
            members = chosen[plan.group[chosen] == group]
            where = [(half, heard[members[0], half]) for half in halves]
            free = np.flatnonzero(~np.any([taken[place] for place in where], axis=0))
            if free.size < members.size:
                return None
            label[members] = free[: members.size]
            for place in where:
                taken[place][free[: members.size]] = True
    return label
