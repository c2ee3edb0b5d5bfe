"""A question's words -> FTS5 expressions that are quick at any size.

BM25 visits every chunk that has one of the words, so the cost of a question is the number of those. The rarest words
are looked for up to a budget; the common ones beyond it only where they all meet. Ranking sees all words again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

POSTINGS_BUDGET = 6_000


def expressions(
    terms: Mapping[str, int],
    phrases: Sequence[Sequence[str]] = (),
    endings: Mapping[str, int] = MappingProxyType({}),
) -> list[str]:
    """FTS5 expressions for ``terms`` (words, and how many chunks have each), ``phrases`` (exact strings, as words in a
    row) and ``endings`` (what the last word may become, likeliest first; those are left out that would take too long).
    At most two expressions; none if no word is in the index.
    """
    rare: list[str] = []
    common: list[str] = []
    spent = 0
    for term, frequency in sorted(terms.items(), key=lambda item: item[1]):
        if not frequency:
            continue
        if rare and spent + frequency > POSTINGS_BUDGET:
            common.append(term)
        else:
            rare.append(term)
            spent += frequency
    begun: list[str] = []
    for ending, frequency in endings.items():
        if frequency and ending not in terms and (spent + frequency <= POSTINGS_BUDGET or not rare + begun):
            begun.append(ending)
            spent += frequency
    alternatives = [*(quoted([term]) for term in rare + begun), *(quoted(phrase) for phrase in phrases)]
    found = [" OR ".join(alternatives)] if alternatives else []
    if len(common) > 1:
        found.append(" AND ".join(quoted([term]) for term in common))
    elif common and rare:
        found.append(f"{quoted([common[0]])} AND {quoted([rare[-1]])}")
    return found


def quoted(words: Sequence[str]) -> str:
    """An FTS5 phrase."""
    return '"' + " ".join(word.replace('"', "") for word in words) + '"'
