"""Every fuzz target survives its corpus, and bytes that Hypothesis makes up.

Oracle: a target may raise our own errors (``targets.run`` lets them pass) and nothing else, and it
comes back.  The guided search is ``fuzz.py``; what it once found is in the corpus.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import targets

every_target = pytest.mark.parametrize("name", targets.TARGETS)


@every_target
def test_the_corpus(name):
    inputs = sorted((targets.CORPUS / name).iterdir())
    assert inputs, "each target has at least one seed input"
    for path in inputs:
        targets.run(name, path.read_bytes())


@every_target
def test_every_cut_and_some_flips_of_the_corpus(name):
    for path in sorted((targets.CORPUS / name).iterdir()):
        data = path.read_bytes()[:400]
        for cut in range(0, len(data), 7):
            targets.run(name, data[:cut])
            targets.run(name, data[:cut] + bytes([data[cut] ^ 0x81]) + data[cut + 1 :])


@every_target
@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_random_bytes(name, data):
    targets.run(name, data)


def test_an_error_that_is_not_ours_comes_through(monkeypatch):
    def broken(data):
        raise IndexError("a defect")

    monkeypatch.setitem(targets.TARGETS, "broken", broken)
    with pytest.raises(IndexError, match="a defect"):
        targets.run("broken", b"")
