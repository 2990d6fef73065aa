"""Parking: places in the queue that a pause keeps back, out of the way of those behind them."""

from hub.core.lanes import Share


class Parking:
    """Places set aside, each with the share it stands in, by the pause that keeps it back."""

    def __init__(self) -> None:
        self.by_pause: dict[str, dict[int, Share]] = {}

    def __bool__(self) -> bool:
        """Whether anything is parked."""
        return bool(self.by_pause)

    def add(self, pause: str, place: int, share: Share) -> None:
        """A pause keeps this place back."""
        self.by_pause.setdefault(pause, {})[place] = share

    def take(self, place: int) -> Share | None:
        """The share of a place that is parked no more; None when it was not."""
        for pause, places in self.by_pause.items():
            share = places.pop(place, None)
            if share is not None:
                if not places:
                    del self.by_pause[pause]
                return share
        return None

    def take_all(self, pause: str) -> list[tuple[Share, list[int]]]:
        """Every place that a pause kept back, share by share."""
        shares: dict[int, tuple[Share, list[int]]] = {}
        for place, share in self.by_pause.pop(pause, {}).items():
            shares.setdefault(id(share), (share, []))[1].append(place)
        return list(shares.values())
