"""What hearing a recording costs beside faster-whisper alone, and the most memory a recording of two hours takes.

The model has the size of Whisper's "base" and the contents of none: it always says the same sentences. So time is that
of a real model, and how well it understands is not measured here. Alone it hears 30 s at a time, wherever that ends;
ours ends in a pause, after 29 s on average here: 25 windows are heard instead of 24, and no word is cut in two. Twelve
minutes fill the last window of both.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from desktop_rag.models.runtime.process import ModelProcess
from desktop_rag.models.speech.whisper import Hear, Listener, Utterance, WhisperSettings, open_model
from desktop_rag.parsing.media.sound import parse_sound
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.stream import DocumentSegment
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.types import SOUND_RATE, Segment, TimeSpan
from tests.benchmarks.measure import CHECKOUT, run
from tests.benchmarks.report import Section, Target
from tests.tiny.whisper import tiny_whisper

TITLE = "Transcription recordings"
OVERHEAD = 1.05
PEAK_MIB = 600
_MEMO = CHECKOUT / "resources" / "samples" / "Media" / "Voice memo 2024-02-19.flac"
_SAID = (
    "<|0.00|> We met at the market hall on Friday to talk about the board shear and who is to pay for it.<|9.00|>"
    "<|9.00|> Ada said that the second-hand one would do, and that the old one goes to the school.<|18.00|>"
    "<|18.00|> The letter to the insurance has not been answered yet, so we write again on Monday.<|28.00|>"
)


def measure(section: Section) -> None:
    """A row for the time, and one for the memory of each length."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = tiny_whisper(folder / "base", _SAID, width=512, layers=6)
        _time(section, open_model(WhisperSettings(str(base), "cpu", threads=1)), 2 if section.quick else 12)
        tiny = tiny_whisper(folder / "tiny", _SAID)
        for minutes in (2, 10) if section.quick else (12, 120):
            recording = folder / f"{minutes}.wav"
            _write(recording, minutes)
            done = run([sys.executable, "-m", "tests.benchmarks.speech", recording, tiny])
            section.add(
                f"{minutes} minutes, parser and model together",
                {"peak MiB": done.peak_mib, "minutes/s": minutes / done.seconds, **json.loads(done.stdout)},
                Target("peak MiB", PEAK_MIB, below=True),
            )


def _time(section: Section, listener: Listener, minutes: int) -> None:
    sound = _spoken(minutes)
    # In turns: what else the machine does meanwhile hits both alike.
    pairs = [(_alone(listener, sound), _heard(listener, sound, str(number))) for number in range(3)]
    alone_s, heard_s = sorted(pairs, key=lambda pair: pair[1] / pair[0])[1]
    section.add(
        f"{minutes} minutes, a model as large as base",
        {"faster-whisper s": alone_s, "ours s": heard_s, "times as long": heard_s / alone_s},
        Target("times as long", OVERHEAD, below=True),
        note="the middle of three pairs",
    )


def _alone(listener: Listener, sound: bytes) -> float:
    import numpy as np

    whisper: Any = listener._whisper
    start = time.perf_counter()
    samples = np.frombuffer(sound, "<i2").astype(np.float32) / 32768
    segments, _ = whisper.transcribe(
        samples, vad_filter=True, word_timestamps=True, condition_on_previous_text=False, language="en"
    )
    assert sum(len(segment.text) for segment in segments)
    return time.perf_counter() - start


def _heard(listener: Listener, sound: bytes, session: str) -> float:
    start = time.perf_counter()
    found = 0
    size = 20 * SOUND_RATE
    for begin in range(0, len(sound), size):
        request = Hear(sound[begin : begin + size], begin / 2 / SOUND_RATE, begin + size >= len(sound), session)
        found += sum(isinstance(reply, Utterance) for reply in request.perform(listener, threading.Event()))
    assert found
    return time.perf_counter() - start


def _spoken(minutes: int) -> bytes:
    """The voice memo, over and over, each time from another moment of its first half: its pauses come irregularly."""
    items = parse_sound(Source(_MEMO.name, "", Limits(), path=_MEMO))
    memo = b"".join(item.sound or b"" for item in items if isinstance(item, Segment))
    size, moments, sound = minutes * 60 * 2 * SOUND_RATE, random.Random(6), bytearray()
    while len(sound) < size:
        sound += memo[2 * moments.randrange(len(memo) // 4) :]
    return bytes(sound[:size])


def _write(path: Path, minutes: int) -> None:
    minute = _spoken(1)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SOUND_RATE, 0, "NONE", ""))
        for _ in range(minutes):
            file.writeframes(minute)


def _pieces(path: Path) -> Iterator[Segment]:
    with ParserPool() as pool:
        for event in pool.parse(path):
            if isinstance(event, DocumentSegment) and event.segment.form == "sound":
                yield event.segment


def main(path: Path, model: Path) -> None:
    """Parse and hear a recording as the indexer does; prints how many utterances there were, as JSON."""
    process = ModelProcess("desktop_rag.models.speech.whisper", WhisperSettings(str(model), "cpu", threads=1))
    found = 0
    try:
        for piece in _pieces(path):
            assert piece.sound is not None
            assert isinstance(piece.locator, TimeSpan)
            replies = process.ask(Hear(piece.sound, piece.locator.start_s, False, "recording"))
            found += sum(isinstance(reply, Utterance) for reply in replies)
        found += sum(isinstance(reply, Utterance) for reply in process.ask(Hear(b"", 0, True, "recording")))
    finally:
        process.close()
    sys.stdout.write(json.dumps({"utterances": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
