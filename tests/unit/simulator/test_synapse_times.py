"""Which spikes of targets are still needed.

Oracle: the definition, tried for each step.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator import history
from simulator.kernels.synapse_times import lower_needed

SYNAPSES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=20
)
STEPS = np.arange(-10, 40)


@given(SYNAPSES)
def test_the_first_step_needed_is_the_first_that_arrives_after_a_visit(synapses):
    targets, touched, dendritic = np.array(synapses, np.int64).T
    needed = np.full(4, 1000)
    lower_needed(needed, targets.astype(np.int32), touched, dendritic)
    for target in range(4):
        mine = targets == target
        late = dendritic[mine] == 0
        arrivals = 2 * (STEPS[:, None] + dendritic[mine]) + late
        open_steps = STEPS[(arrivals > touched[mine]).any(axis=1)]
        assert needed[target] == (open_steps.min() if mine.any() else 1000)


def test_only_what_is_before_that_step_is_given_up():
    class User:
        def oldest_needed(self, needed):
            needed[:] = np.minimum(needed, [12, 5])

        def settle(self, step):
            raise AssertionError("there is room")

    kept = history.new_history(2)
    kept.steps[0, :4], kept.steps[1, :2] = [3, 7, 12, 20], [5, 6]
    kept.counts[:] = 4, 2
    kept.full[0] = 1
    history.grow(kept, [User()], step=20)
    assert kept.settled.tolist() == [2, 0]
    assert kept.full[0] == 0
    assert kept.steps.shape == (2, history.FIRST_ROOM)
