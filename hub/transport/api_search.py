"""HTTP for full-text search."""

import re
from typing import Final

from msgspec import structs

from hub.core.errors import Refused
from hub.search.contract import ALL, Question, Rest
from hub.search.texts import words_of
from hub.transport.call import Answer, Call
from hub.transport.cursors import make_cursor, read_cursor
from schemas.http.search import SearchQuery
from schemas.scalars import ErrorCode

NAME: Final = "search"
_KEY: Final = re.compile("([0-9]{1,19}):([0-9]{1,19})", re.ASCII)


async def find(call: Call) -> Answer:
    """Tasks and agents that have all the words, newest first.

    Words stand anywhere in ids, texts, payloads, labels, errors and results, also inside of
    other words; of each text its first 16 KiB count. The index is a moment behind what happens,
    and says how far. Words of one or two letters alone are looked for in ids, descriptions and
    names only. A page may be short and yet not be the last: that is said by `next_cursor`.
    """
    query: SearchQuery = call.query
    search = call.services.search
    if search is None:
        raise Refused(ErrorCode.UNSUPPORTED, "this hub runs without search")
    conditions = structs.replace(query, limit=1, cursor=None)
    rest = ALL if query.cursor is None else _rest(query.cursor, conditions)
    question = Question(call.org.name, words_of(query.q), query.limit, rest, query.kind)
    page, left = await search.find(call.org, question)
    if left.is_empty:
        return Answer(200, page)
    cursor = make_cursor(f"{left.tasks}:{left.agents}", NAME, conditions)
    return Answer(200, structs.replace(page, next_cursor=cursor))


def _rest(cursor: str, conditions: SearchQuery) -> Rest:
    found = _KEY.fullmatch(read_cursor(cursor, NAME, conditions))
    if found is None:
        raise Refused(ErrorCode.INVALID_CURSOR, "the cursor is not valid")
    return Rest(min(int(found[1]), ALL.tasks), min(int(found[2]), ALL.agents))
