"""The exit codes are a promise to scripts."""

from sidecar.exits import Exit


def test_exit_codes_do_not_move() -> None:
    """Service managers are configured by number."""
    assert {one.name: one.value for one in Exit} == {
        "DONE": 0,
        "FAILED": 1,
        "CONFIG": 2,
        "CREDENTIAL": 3,
        "SUPERSEDED": 4,
        "REFUSED": 5,
    }
