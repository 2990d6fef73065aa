"""The backlog: how much work may wait, and how the orgs share that.

A fifth of it is kept for work that comes back (retries, lost leases), which is never refused.
"""


def has_room(new: int, own: int, others: int, most: int) -> bool:
    """Whether so many new tasks may wait, beside what waits of this org and of all others.

    While another org has anything waiting, one org may hold half of `most`.
    """
    if own + others + new > most - most // 5:
        return False
    return not others or own + new <= most // 2
