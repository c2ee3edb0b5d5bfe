"""What a speech model understood -> passages of about half a minute, with the time at which they are said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from desktop_rag.models.speech.whisper import Utterance
from desktop_rag.parsing.media.subtitles import Caption, passages
from desktop_rag.types import Segment


def segments_of(utterances: Iterable[Utterance]) -> Iterator[Segment]:
    """Passages that end where a sentence does or the speaker pauses, of the utterances of a recording in order."""
    return passages(Caption(utterance.start_s, utterance.end_s, utterance.text) for utterance in utterances)
