"""What every test gets: a clean session, no target from outside, and loud skips."""

import sys

import pytest
from hypothesis import settings

_NEEDS = {
    "hardware": ("--hardware", "no chip; name one with: pytest --hardware URL"),
    "gpu": ("--gpu", "no CUDA device was promised; run: pytest --gpu"),
}

# The first example of a test may compile a kernel, which takes seconds.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_addoption(parser):
    parser.addoption(
        "--hardware",
        metavar="URL",
        default=None,
        help="run the tests marked 'hardware' on the chip at this target URL",
    )
    parser.addoption(
        "--gpu",
        action="store_true",
        default=False,
        help="run the tests marked 'gpu'; they fail without a CUDA device",
    )


def pytest_collection_modifyitems(config, items):
    for marker, (option, reason) in _NEEDS.items():
        if not config.getoption(option):
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=f"{marker}: {reason}"))


def pytest_terminal_summary(terminalreporter):
    for marker, (_, reason) in _NEEDS.items():
        skipped = [
            report for report in terminalreporter.getreports("skipped") if marker in report.keywords
        ]
        if skipped:
            terminalreporter.write_line(
                f"NOT RUN: {len(skipped)} tests marked {marker!r} ({reason})", yellow=True
            )


@pytest.fixture
def hardware_url(request):
    """The target URL given on the command line."""
    return request.config.getoption("--hardware")


@pytest.fixture(autouse=True)
def _no_target_from_outside(monkeypatch):
    """Without this, a shell's variables would decide what the tests run on."""
    monkeypatch.delenv("PYNN_HX_TARGET", raising=False)
    monkeypatch.delenv("PYNN_HX_SECRET_FILE", raising=False)


@pytest.fixture(autouse=True)
def _no_session_left_behind():
    """End the PyNN session that a test left open, and close its figures."""
    yield
    session = sys.modules.get("pynn_hx.session")
    if session is not None and session.state is not None:
        sys.modules["pynn_hx"].end()
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
