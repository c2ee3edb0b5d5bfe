"""Where speech is in a recording, and where to cut it: from the probabilities that a voice detector gives.

A recording is transcribed in stretches that hold as much speech as the model takes at once, and end in a pause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FRAME_S = 0.032
"""Seconds that one probability stands for."""
MOST_SPEECH_S = 29.9
"""Speech in one stretch: a little less than the 30 s that Whisper takes at once."""
LONGEST_S = 120.0
"""A stretch with its silences: so much sound is kept at most."""

_SPEECH, _SILENCE = 0.5, 0.35
"""Speech begins above the one probability and ends below the other (hysteresis, as Silero's own code has it)."""
_LEFT_OUT_S = 2.0
"""Silences longer than this are not given to the model, which would make up words for them."""
_PAD_S = 0.4
"""Kept of a silence on either side of speech: voices fade in and out."""
_SHORTEST_S = 0.1
"""Speech that is shorter is a click."""
_SEARCHED_S = 10.0
"""A cut is looked for in the last seconds that fit."""
_LONG_PAUSE_S = 1.0
_LATENESS = 0.3
"""What a second further on is worth, in seconds of pause: the fuller a stretch the fewer there are."""
_LEAST_PAUSE_S = 0.12
_FORCED_S = 4.0
"""Without a pause, the cut is at the quietest moment of so many seconds."""
_SMOOTHED = 5


class SpeechSpan(Struct, frozen=True):
    """Frames ``begin`` to ``end``, which is not included."""

    begin: int
    end: int


def speech_spans(probabilities: NDArray[np.float32]) -> list[SpeechSpan]:
    """Where speech is; silences of up to ``_LEFT_OUT_S`` within it belong to it."""
    spans: list[SpeechSpan] = []
    for span in _voiced(probabilities):
        if spans and (span.begin - spans[-1].end) * FRAME_S <= _LEFT_OUT_S:
            spans[-1] = SpeechSpan(spans[-1].begin, span.end)
        else:
            spans.append(span)
    pad = round(_PAD_S / FRAME_S)
    return [SpeechSpan(max(0, span.begin - pad), min(len(probabilities), span.end + pad)) for span in spans]


def find_cut(probabilities: NDArray[np.float32], *, last: bool = False) -> int | None:
    """The frame at which to end the stretch that begins with the first one; None when more should be heard before.

    ``last`` says that nothing follows. The part before a cut has at most ``MOST_SPEECH_S`` of speech.
    """
    count = len(probabilities)
    spans = speech_spans(probabilities)
    if not spans:
        return count if last else max(0, count - round(_PAD_S / FRAME_S)) or None
    limit = _frame_of_speech(spans, round(MOST_SPEECH_S / FRAME_S), count)
    full = limit < count
    if not full and count * FRAME_S < LONGEST_S:
        return count if last else None
    earliest = max(1, limit - round(_SEARCHED_S / FRAME_S))
    pauses = [
        SpeechSpan(max(pause.begin, earliest), min(pause.end, limit))
        for pause in _pauses(probabilities)
        if pause.end > earliest and pause.begin < limit
    ]
    pauses = [pause for pause in pauses if (pause.end - pause.begin) * FRAME_S >= _LEAST_PAUSE_S]
    if pauses:
        best = max(pauses, key=_worth)
        return (best.begin + best.end) // 2
    return _quietest(probabilities, max(1, limit - round(_FORCED_S / FRAME_S)), limit)


def _voiced(probabilities: NDArray[np.float32]) -> list[SpeechSpan]:
    found: list[SpeechSpan] = []
    begin: int | None = None
    for index, probability in enumerate(probabilities.tolist()):
        if begin is None and probability >= _SPEECH:
            begin = index
        elif begin is not None and probability < _SILENCE:
            found.append(SpeechSpan(begin, index))
            begin = None
    if begin is not None:
        found.append(SpeechSpan(begin, len(probabilities)))
    return [span for span in found if (span.end - span.begin) * FRAME_S >= _SHORTEST_S]


def _pauses(probabilities: NDArray[np.float32]) -> list[SpeechSpan]:
    edges = [0, *(edge for span in _voiced(probabilities) for edge in (span.begin, span.end)), len(probabilities)]
    return [SpeechSpan(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if end > begin]


def _worth(pause: SpeechSpan) -> float:
    return min((pause.end - pause.begin) * FRAME_S, _LONG_PAUSE_S) + _LATENESS * pause.end * FRAME_S


def _frame_of_speech(spans: list[SpeechSpan], speech: int, count: int) -> int:
    """The frame by which there were ``speech`` frames within the spans; ``count`` when there are not so many."""
    for span in spans:
        if speech < span.end - span.begin:
            return span.begin + speech
        speech -= span.end - span.begin
    return count


def _quietest(probabilities: NDArray[np.float32], begin: int, end: int) -> int:
    import numpy as np

    smooth = np.convolve(probabilities[begin:end], np.ones(_SMOOTHED) / _SMOOTHED, "same")
    edge = min(_SMOOTHED // 2, (end - begin - 1) // 2)  # where the mean is over fewer
    return begin + edge + int(np.argmin(smooth[edge : len(smooth) - edge]))
