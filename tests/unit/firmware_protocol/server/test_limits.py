"""What a server grants its clients."""

import pytest

from firmware_protocol.server.limits import Limits


@pytest.mark.parametrize("name", ["clients", "queue", "program_words"])
def test_limits_that_allow_nothing_are_refused(name):
    with pytest.raises(ValueError, match=f"limit {name} = 0: allow at least one"):
        Limits(**{name: 0})


def test_a_negative_time_is_refused():
    with pytest.raises(ValueError, match="use 0 for no limit"):
        Limits(idle_s=-1.0)
