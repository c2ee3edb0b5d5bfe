"""Keeps a language model from citing what it was not given: "[" can only begin a marker "[k]" with 1 <= k <= n.

The rule is a small automaton over bytes. Its state is what stands since an open "[", or nothing. Which tokens may come
next depends on that state alone, so each state's tokens are found once; outside of markers only the tokens that hold
"[" are looked at, a few hundred of a vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSED = b""
"""The state outside of a marker."""
_OPEN = ord("[")


class Brackets:
    """What the rule needs to know of a vocabulary, whatever the number of markers. ``texts`` are the tokens' bytes;
    that of a control token is empty, and so it cannot stand inside a marker."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts
        self.opening = [token for token, text in enumerate(texts) if b"[" in text]
        self.continuing = [token for token, text in enumerate(texts) if text[:1] in _INSIDE]
        # With these, whatever was begun can be ended.
        self.complete = {text for text in texts if len(text) == 1} >= _INSIDE


_INSIDE = frozenset(bytes([byte]) for byte in b"0123456789]")


class MarkerMask:
    """The tokens that may come next, when there are ``markers`` markers."""

    def __init__(self, brackets: Brackets, markers: int) -> None:
        self._brackets = brackets
        whole = [b"[%d]" % number for number in range(1, markers + 1)]
        self._whole = frozenset(whole)
        self._begun = frozenset(marker[:length] for marker in whole for length in range(1, len(marker)))
        self._allowed: dict[bytes, NDArray[np.intp]] = {}
        self._forbidden: NDArray[np.intp] | None = None

    def after(self, state: bytes, text: bytes) -> bytes | None:
        """The state after ``text`` came in ``state``; None when it may not come."""
        if state == CLOSED and b"[" not in text:
            return CLOSED
        for byte in text:
            if state == CLOSED:
                if byte == _OPEN:
                    state = b"["
            else:
                state += bytes([byte])
                if state in self._whole:
                    state = CLOSED
            if state != CLOSED and state not in self._begun:
                return None
        return state

    def forbidden(self) -> NDArray[np.intp]:
        """The tokens that may not come outside of a marker: all others may."""
        if self._forbidden is None:
            self._forbidden = _indexes(
                token for token in self._brackets.opening if not self._may_come(CLOSED, self._brackets.texts[token])
            )
        return self._forbidden

    def allowed(self, state: bytes) -> NDArray[np.intp]:
        """The tokens that may come inside the open marker ``state``: no others."""
        if state not in self._allowed:
            self._allowed[state] = _indexes(
                token for token in self._brackets.continuing if self._may_come(state, self._brackets.texts[token])
            )
        return self._allowed[state]

    def _may_come(self, state: bytes, text: bytes) -> bool:
        after = self.after(state, text)
        return after is not None and (after == CLOSED or self._brackets.complete)


def _indexes(tokens: Iterable[int]) -> NDArray[np.intp]:
    import numpy as np

    return np.fromiter(tokens, np.intp)
