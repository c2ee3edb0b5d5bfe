"""A question's words -> FTS5 expressions that are quick at any size.

BM25 visits every chunk that has one of the words, so the cost of a question is the number of those. The rarest words
are looked for up to a budget; the common ones beyond it only where they all meet. Ranking sees all words again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from desktop_rag.language import stem

POSTINGS_BUDGET = 6_000


def expressions(
    terms: Sequence[str],
    frequencies: Mapping[str, int],
    phrases: Sequence[Sequence[str]] = (),
    endings: Sequence[str] = (),
) -> list[str]:
    """FTS5 expressions for ``terms`` (words as written), ``phrases`` (exact strings, as words in a row) and ``endings``
    (what the last word may become, likeliest first; those are left out that would take too long).

    ``frequencies`` are counted by stem. At most two expressions; none if no word is in the index.
    """
    rare: list[str] = []
    common: list[str] = []
    spent = 0
    for term in sorted(dict.fromkeys(terms), key=lambda term: frequencies.get(stem(term), 0)):
        frequency = frequencies.get(stem(term), 0)
        if not frequency:
            continue
        if rare and spent + frequency > POSTINGS_BUDGET:
            common.append(term)
        else:
            rare.append(term)
            spent += frequency
    begun: list[str] = []
    for ending in endings:
        frequency = frequencies.get(stem(ending), 0)
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
