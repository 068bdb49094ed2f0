"""The register page says what the tables say.  Oracle: the tables."""

from pathlib import Path

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "registers.md"


def test_the_committed_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m firmware_protocol.reference > docs/reference/registers.md"
    )


def test_every_field_of_every_register_has_a_row():
    rows = page().splitlines()
    for container in CONTAINERS.values():
        assert f"### {container.name}" in rows
        for field in container.register.fields:
            assert any(r.startswith(f"| `{field.name}` | `{field.place}` |") for r in rows)
