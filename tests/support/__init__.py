"""What several tests need; each module here is itself tested in tests/unit/support."""
