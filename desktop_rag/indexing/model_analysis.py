"""What the installed models read, see and hear in files, with earlier results kept in the catalog."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from desktop_rag.errors import ModelError
from desktop_rag.indexing.ocr_paragraphs import paragraphs_of
from desktop_rag.indexing.speech_passages import segments_of
from desktop_rag.models.runtime.scheduled import ScheduledModel, model_in_use
from desktop_rag.models.runtime.scheduler import ModelScheduler
from desktop_rag.models.speech import whisper
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.models.vision import ocr
from desktop_rag.models.vision.image_space import embed_pictures, image_space
from desktop_rag.storage.analysis_cache import recall, remember
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.vectors import fingerprint
from desktop_rag.types import SOUND_RATE, Region, Segment, Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_READER = "ocr 1"
"""Changes whenever the same picture would be read otherwise."""
_BYTES_A_SECOND = 2 * SOUND_RATE

_encoder = msgspec.msgpack.Encoder()
_lines = msgspec.msgpack.Decoder(tuple[ocr.TextLine, ...])


class _Able(Struct, frozen=True):
    """The space of the image model, and the names of what sees and hears; see ``media_analysis.MediaAnalyzer``."""

    image_space: Space | None
    seen_by: str
    heard_by: str


class ModelMediaAnalyzer:
    """Reads pictures by text recognition, hears recordings and embeds pictures by the models in use, in the processes
    that ``scheduler`` runs. Safe to use from several threads."""

    def __init__(
        self,
        scheduler: ModelScheduler,
        model_store: ModelStore,
        catalog: Catalog,
        reads: Literal["all", "scans", "off"],
    ) -> None:
        self._scheduler = scheduler
        self._model_store = model_store
        self._catalog = catalog
        self._reads = reads
        self._known: tuple[object, _Able] | None = None

    @property
    def image_space(self) -> Space | None:
        """The space of the image model in use; None without one, or when it does not work."""
        return self._able().image_space

    @property
    def seen_by(self) -> str:
        return self._able().seen_by

    @property
    def heard_by(self) -> str:
        return self._able().heard_by

    def _able(self) -> _Able:
        """The models that analyze now. It is asked for with every file, and found out again only when models change."""
        state = (self._model_store.stamp(), self._scheduler.fault("image"), self._scheduler.fault("speech"))
        known = self._known
        if known is None or known[0] != state:
            image = model_in_use(self._scheduler, self._model_store, "image")
            speaking = model_in_use(self._scheduler, self._model_store, "speech")
            space = None
            with suppress(ModelError):  # its files are damaged
                space = None if image is None else image_space(image)
            seen_by = "" if space is None else fingerprint(space)
            known = self._known = (state, _Able(space, seen_by, "" if speaking is None else speaking.fingerprint))
        return known[1]

    def read(
        self, image: bytes, content_hash: str, part: int, number: int, *, scan: bool
    ) -> Sequence[tuple[str, Region]]:
        if self._reads == "off" or (self._reads == "scans" and not scan):
            return []
        known = recall(self._catalog, content_hash, part, _READER).get(float(number))
        if known is not None:
            return paragraphs_of(_lines.decode(known))
        with self._scheduler.use("ocr") as process:
            lines = next(process.ask(ocr.Read(image)), ())
        remember(self._catalog, content_hash, part, _READER, float(number), _encoder.encode(lines))
        return paragraphs_of(lines)

    def hear(self, content_hash: str, part: int) -> ModelTranscription:
        return ModelTranscription(self._scheduler, self._catalog, content_hash, part, self.heard_by)

    def embed(self, previews: Sequence[bytes]) -> NDArray[np.float32]:
        return embed_pictures(ScheduledModel(self._scheduler, "image"), previews)


class _Stretch(Struct, frozen=True):
    """What was understood up to second ``until_s``, where a pause lets the next stretch begin, in this language."""

    until_s: float
    language: str
    utterances: tuple[whisper.Utterance, ...]


_stretches = msgspec.msgpack.Decoder(_Stretch)


class ModelTranscription:
    """One recording. What was understood before, up to where that work ended, is not heard again; sound that was not
    understood to its end when the model's process was taken away is given to the next one."""

    def __init__(self, scheduler: ModelScheduler, catalog: Catalog, content_hash: str, part: int, model: str) -> None:
        self._scheduler = scheduler
        self._catalog = catalog
        self._key = (content_hash, part, model)
        known = [_stretches.decode(found) for found in recall(catalog, *self._key).values()]
        self._understood = [utterance for stretch in known for utterance in stretch.utterances]
        self._from_s = known[-1].until_s if known else 0.0
        self._language = known[-1].language if known else ""
        self._recent: list[whisper.Utterance] = []
        self._sound = bytearray()
        self._session = ""
        self._pid = 0

    def add(self, sound: bytes, start_s: float) -> Sequence[Segment]:
        end_s = start_s + len(sound) / _BYTES_A_SECOND
        if end_s <= self._from_s:
            return []
        skip = max(0, round((self._from_s - start_s) * SOUND_RATE)) * 2
        self._give(sound[skip:], last=False)
        return []

    def end(self) -> Sequence[Segment]:
        if self._sound:
            self._give(b"", last=True)
        return list(segments_of(self._understood))

    def _give(self, sound: bytes, *, last: bool) -> None:
        self._sound += sound
        with self._scheduler.use("speech") as process:
            if process.pid != self._pid or not self._session:  # another process knows nothing of what came before
                self._session = uuid.uuid4().hex
                sound = bytes(self._sound)
                self._recent.clear()
            start_s = self._from_s + (len(self._sound) - len(sound)) / _BYTES_A_SECOND
            for reply in process.ask(whisper.Hear(sound, start_s, last, self._session, self._language)):
                if isinstance(reply, whisper.Utterance):
                    self._recent.append(reply)
                else:
                    self._make_final(reply.until_s, reply.language)
            self._pid = process.pid or 0

    def _make_final(self, until_s: float, language: str) -> None:
        """What was understood up to there is final."""
        stretch = _Stretch(until_s, language, tuple(self._recent))
        remember(self._catalog, *self._key, self._from_s, _encoder.encode(stretch))
        self._understood += self._recent
        self._recent.clear()
        del self._sound[: round((until_s - self._from_s) * SOUND_RATE) * 2]
        self._from_s = until_s
        self._language = language
