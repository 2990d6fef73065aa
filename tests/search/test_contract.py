"""What is left of a search."""

from hub.search.contract import ALL, Rest


def test_a_search_begins_with_everything_and_ends_with_nothing() -> None:
    """Both kinds have to be looked through."""
    assert not ALL.is_empty
    assert not Rest(0, 7).is_empty
    assert not Rest(7, 0).is_empty
    assert Rest(0, 0).is_empty
