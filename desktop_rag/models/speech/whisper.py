"""Speech -> text with the time of each word, by a Whisper model. The only module that knows faster_whisper.

A recording is heard in order, piece by piece, and is transcribed in stretches that end in pauses (see
``pauses``). Only stretches with a voice in them get to the Whisper model (Radford et al., "Robust Speech
Recognition via Large-Scale Weak Supervision", 2022): of silence, noise and music it would make up words. Each stretch
is transcribed by itself, so that a recording can be taken up again where one ended.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from desktop_rag import offline
from desktop_rag.errors import ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.requests import ModelRequest
from desktop_rag.models.speech.pauses import FRAME_S, SpeechSpan, find_cut, speech_spans
from desktop_rag.types import SOUND_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = "model.bin"
_NEEDED = (WEIGHTS, "config.json", "tokenizer.json")
"""Without these, faster_whisper would look for them on the internet."""
_SAMPLE_BYTES = 2
_FRAME = round(FRAME_S * SOUND_RATE)
_BLOCK = 320
"""Frames (10.24 s) that are listened to for voices at once."""
_LEAD = 32
"""Frames heard before a block: the detector knows nothing when it begins."""
_SESSIONS = 32
"""Recordings remembered at once; of one that is not the oldest is forgotten."""
_SURE_OF_LANGUAGE = 0.7
_UNSURE_OF_WORDS = 0.4
"""Confidence below which the language may have changed."""
_MOST_REPEATED = 2.4
"""Times by which text can be compressed that is nothing but repetition."""
_LEAST_PROBABILITY = 0.25
_SEED = 5
_LIBRARIES = ("nvidia/cublas/lib/libcublas.so.12", "nvidia/cudnn/lib/libcudnn.so.9")


class WhisperSettings(Struct, frozen=True):
    """``folder`` holds a Whisper model in CTranslate2's form. ``compute_type`` is CTranslate2's name of how the weights
    are held: "int8" on the processor, "float16" on a card. ``threads`` of the processor; 0 leaves it to CTranslate2."""

    folder: str
    device: Literal["cpu", "cuda", "auto"] = "auto"
    compute_type: str = "int8"
    threads: int = 0


class Word(Struct, frozen=True):
    """A word with its punctuation. Times are seconds from the beginning of the recording; ``probability`` 0 to 1."""

    start_s: float
    end_s: float
    text: str
    probability: float


class Utterance(Struct, frozen=True, tag=True):
    """A sentence or a part of one. ``language`` is its code ("en"); ``confidence`` is 0 to 1."""

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]
    language: str
    confidence: float


class Heard(Struct, frozen=True, tag=True):
    """All before ``until_s`` is final. Whoever begins there anew, with this ``language`` ("" when it is not known yet),
    gets what would have followed."""

    until_s: float
    language: str = ""


def open_model(settings: WhisperSettings) -> Listener:
    """Raises ``ModelRefused`` for what is no model, or cannot run where it is to."""
    folder = Path(settings.folder)
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise ModelRefused(
            say("models.is-missing-from", missing=", ".join(missing), folder=folder),
            say("models.install-speech-model-again"),
        )
    offline.quieten()
    if settings.device != "cpu":
        _load_cuda_libraries()
    from faster_whisper import WhisperModel

    try:
        whisper = WhisperModel(
            str(folder),
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=settings.threads,
            local_files_only=True,
        )
        listener = Listener(whisper)
        if whisper.model.device == "cuda":
            listener.warm_up()
    except MemoryError:
        raise
    except Exception as error:
        if "out of memory" in str(error).lower():
            raise MemoryError(str(error)) from error
        raise ModelRefused(
            say("models.speech-model-could-not-loaded", folder=folder, reason=error),
            say("models.install-again-choose-another-one"),
        ) from error
    return listener


class Listener:
    """A loaded model. Not to be used from two threads at once."""

    def __init__(self, whisper: Any) -> None:
        from faster_whisper.vad import get_vad_model

        self._whisper = whisper
        self._voice_detector = get_vad_model()
        self._sessions: OrderedDict[str, Recording] = OrderedDict()

    def warm_up(self) -> None:
        """Transcribe a little silence: what a card lacks shows only then."""
        import numpy as np

        list(self._whisper.transcribe(np.zeros(SOUND_RATE, np.float32), language="en", beam_size=1)[0])

    def recording(self, session: str, start_s: float, language: str) -> Recording:
        """The recording of that name, or else a new one that begins at ``start_s``."""
        found = self._sessions.pop(session, None) or Recording(round(start_s * SOUND_RATE), language)
        self._sessions[session] = found
        while len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)
        return found

    def forget(self, session: str) -> None:
        self._sessions.pop(session, None)

    def hear(self, recording: Recording, *, last: bool, cancelled: threading.Event) -> Iterator[Utterance | Heard]:
        """Transcribe what is complete of a recording, or all of it when that was the ``last``."""
        while not cancelled.is_set():
            cut = self._cut(recording, last=last)
            if cut is None:
                return
            yield from self._stretch(recording, cut, cancelled)
            if cancelled.is_set():
                return
            recording.drop(cut)
            yield Heard(round(recording.start / SOUND_RATE, 5), recording.language)

    def _cut(self, recording: Recording, *, last: bool) -> int | None:
        """The frame at which the next stretch ends; None without enough sound."""
        import numpy as np

        while True:
            known = len(recording.voice)
            block = recording.frames - known
            if block < _BLOCK and not (last and block):
                break
            lead = min(_LEAD, known)
            sound = recording.samples(known - lead, known + min(block, _BLOCK))
            found = self._voice_detector(sound).reshape(-1)[lead:]
            recording.voice = np.concatenate([recording.voice, found.astype(np.float32)])
            cut = find_cut(recording.voice)
            if cut is not None:
                return cut
        return find_cut(recording.voice, last=True) if last and len(recording.voice) else None

    def _stretch(self, recording: Recording, cut: int, cancelled: threading.Event) -> Iterator[Utterance]:
        """What is said before frame ``cut``."""
        spans = speech_spans(recording.voice[:cut])
        if not spans or cancelled.is_set():
            return
        import numpy as np

        sound = np.concatenate([recording.samples(span.begin, span.end) for span in spans])
        clock = _Clock(recording.start, spans)
        language = recording.language
        found, likely = self._transcribe(sound, language, clock, cancelled)
        unsure = sum(utterance.confidence for utterance in found) < _UNSURE_OF_WORDS * len(found)
        if language and unsure and self._whisper.model.is_multilingual:
            others, sure = self._transcribe(sound, "", clock, cancelled)
            if sure >= _SURE_OF_LANGUAGE and others and others[0].language != language:
                found, likely, language = others, sure, ""
        if not language and found and likely >= _SURE_OF_LANGUAGE:
            recording.language = found[0].language
        yield from found

    def _transcribe(
        self, sound: NDArray[np.float32], language: str, clock: _Clock, cancelled: threading.Event
    ) -> tuple[list[Utterance], float]:
        """The utterances, and the probability of their language, which is found out if it is ""."""
        from faster_whisper.transcribe import ctranslate2

        ctranslate2.set_random_seed(_SEED)  # chance decides where the model is in doubt, the same way each time
        segments, about = self._whisper.transcribe(
            sound, language=language or None, condition_on_previous_text=False, word_timestamps=True
        )
        found: list[Utterance] = []
        for segment in segments:
            if cancelled.is_set():
                break
            text = " ".join(segment.text.split())
            if not text or segment.compression_ratio > _MOST_REPEATED:
                continue
            confidence = min(1.0, math.exp(segment.avg_logprob))
            if confidence < _LEAST_PROBABILITY:
                continue
            words = tuple(
                Word(
                    clock.at(word.start),
                    clock.at(word.end, end=True),
                    word.word.strip(),
                    round(float(word.probability), 3),
                )
                for word in segment.words or ()
            )
            start_s = words[0].start_s if words else clock.at(segment.start)
            end_s = words[-1].end_s if words else clock.at(segment.end, end=True)
            found.append(Utterance(start_s, end_s, text, words, about.language, round(confidence, 3)))
        return found, about.language_probability


class Recording:
    """Sound that was not transcribed yet, from sample ``start`` of the recording, and the chance of a voice in each
    frame of it as far as it was listened to."""

    def __init__(self, start: int, language: str) -> None:
        import numpy as np

        self.start = start
        self.language = language
        self.voice: NDArray[np.float32] = np.zeros(0, np.float32)
        self._sound = bytearray()

    def add(self, sound: bytes) -> None:
        self._sound += sound

    @property
    def frames(self) -> int:
        """Frames of which any sample is there."""
        return -(-len(self._sound) // (_FRAME * _SAMPLE_BYTES))

    def samples(self, begin: int, end: int) -> NDArray[np.float32]:
        """The samples of these frames, -1 to 1; silence where there are none."""
        import numpy as np

        size = _FRAME * _SAMPLE_BYTES
        part = bytes(self._sound[begin * size : end * size])
        part += bytes((end - begin) * size - len(part))
        return np.frombuffer(part, "<i2").astype(np.float32) / np.float32(32768)

    def drop(self, cut: int) -> None:
        """Forget what is before frame ``cut``. What follows is listened to anew, as it would be by one who begins
        there."""
        import numpy as np

        size = min(cut * _FRAME * _SAMPLE_BYTES, len(self._sound))
        del self._sound[:size]
        self.start += size // _SAMPLE_BYTES
        self.voice = np.zeros(0, np.float32)


class _Clock:
    """Times in sound of which silences were left out -> times in the recording."""

    def __init__(self, start: int, spans: list[SpeechSpan]) -> None:
        self._start_s = start / SOUND_RATE
        self._spans = spans

    def at(self, time_s: float, *, end: bool = False) -> float:
        """``end`` says that something ends there, which is then before a silence that was left out and not after."""
        left_s = float(time_s)  # words have numpy's
        for span in self._spans:
            length_s = (span.end - span.begin) * FRAME_S
            if left_s < length_s or (end and left_s <= length_s) or span is self._spans[-1]:
                return round(self._start_s + span.begin * FRAME_S + min(left_s, length_s), 3)
            left_s -= length_s
        raise AssertionError("there is no speech")


class Hear(ModelRequest[Utterance | Heard], frozen=True):
    """The next piece of a recording, 16-bit samples as ``Segment.sound``; ``session`` names the recording.

    ``start_s`` is the time of the first piece of a session, in seconds of the recording, and ``language`` what it is
    known to be in. Replies come in groups, each of ``Utterance``s and the ``Heard`` that makes them final; most pieces
    complete no group. The ``last`` piece, which may be empty, completes all.
    """

    sound: bytes
    start_s: float
    last: bool
    session: str
    language: str = ""

    def perform(self, model: Listener, cancelled: threading.Event) -> Iterator[Utterance | Heard]:
        recording = model.recording(self.session, self.start_s, self.language)
        recording.add(self.sound)
        yield from model.hear(recording, last=self.last, cancelled=cancelled)
        if self.last and not cancelled.is_set():
            model.forget(self.session)


SETTINGS = WhisperSettings
REQUESTS = Hear


def _load_cuda_libraries() -> None:
    """Load cuBLAS and cuDNN from the wheels that bring them: CTranslate2 looks for them by name only."""
    if sys.platform != "linux":
        return
    spec = importlib.util.find_spec("nvidia")
    for folder in spec.submodule_search_locations or () if spec else ():
        for name in _LIBRARIES:
            path = Path(folder).parent / name
            if path.is_file():
                ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
