"""Recordings and the sound of videos, decoded by FFmpeg (PyAV): their tags, chapters, subtitles, and the sound itself.

FFmpeg gets a stream of bytes and may open nothing else: formats that only point to other files are not among those it
may read, and it knows no protocol. The sound is decoded as it is asked for, so memory does not grow with its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from desktop_rag.errors import Damaged, Encrypted, FileProblem, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.media.sound_tags import chapter_title, describe, in_words, sound_facts
from desktop_rag.parsing.media.subtitles import TEXT_CODECS, SubtitleTrack
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.dates import date_in_name
from desktop_rag.types import SOUND_RATE, Kind, Metadata, ParseItem, Problem, Segment, TimeSpan, Whole

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

PIECE_S = 10
"""Seconds of sound in a segment."""
_SAMPLE_BYTES = 2
_PIECE_BYTES = PIECE_S * SOUND_RATE * _SAMPLE_BYTES
_GAP_S = 0.5
"""Sound missing for longer is made up for by silence, so that what follows is heard at its time."""
_MOST_SILENCE_S = 4 * 3600
"""Put in altogether: times of a broken file lead nowhere."""
_MOST_SUBTITLES = 12
_MOST_CHAPTERS = 1_000
_SHORT_BY_S, _SHORT_BY = 2.0, 0.02
"""A recording shorter than it says by so many seconds, and by that part of it, is cut short."""
_FEW_BROKEN = 0.02
_HEAD_BYTES = 1024 * 1024
_BUFFER_BYTES = 256 * 1024

_READ = (
    "aac,aax,ac3,act,aiff,amr,amrnb,amrwb,ape,asf,ast,au,avi,bonk,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gsm,iamf,iff,iss,"
    "kux,live_flv,loas,m4v,matroska,mlp,mov,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nistsphere,nsv,nut,ogg,oma,osq,qcp,"
    "qoa,rm,rso,sbc,shn,sox,spx,swf,tak,truehd,tta,voc,vqf,w64,wav,wsaud,wtv,wv,xmv,xwma"
)
"""FFmpeg's names of the formats it may read. Playlists (HLS, DASH, concat) and devices are not among them."""
_BY_BIT_RATE = frozenset(("aac", "ac3", "eac3", "amr", "amrnb", "amrwb", "dts", "truehd", "mpeg", "mpegvideo", "gsm"))
"""Formats whose length FFmpeg guesses, by their size."""
_EXACT_MP3 = (b"Xing", b"Info\0", b"VBRI")
"""One of these at the beginning of an MP3 file is followed by its true length."""
_NO_SIZE = 0xFFFF_0000
"""What a program writes into a WAV file that it cannot come back to when it is complete."""
_PROTECTED_MP4 = (b"sinf", b"frma")
"""The boxes of an MP4 that say what an encrypted track is: FairPlay, common encryption."""
_PROTECTED_CODECS = (b"drms", b"aavd")
"""What stands for the codec in music and audio books that were sold with a lock."""
_PROTECTED_ASF = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)
"""Identifiers of the Content Encryption Object and its extended form in Windows Media."""
_GET_ANOTHER = say("parsing.open-program-made-save-mp3-get")


def parse_sound(source: Source) -> Iterator[ParseItem]:
    """What the file says about the recording, its chapters and subtitles, and if anybody is to ``hear`` it, its sound
    in pieces of ``PIECE_S`` seconds without a gap; if not, one piece of no length where there is any. Of several sound
    tracks it is the main one."""
    with source.open() as stream, _opened(stream, source) as container:
        yield from _recording(container, source)


def _opened(stream: BinaryIO, source: Source) -> InputContainer:
    """The recording, whose tags have surrogates in place of bytes that are no UTF-8. Raises ``Damaged``."""
    import av
    from av.error import FFmpegError

    opening: Callable[..., InputContainer] = av.open
    # From version 19 on PyAV decodes tags this way by itself, and takes no word on it.
    tags = {"metadata_errors": "surrogateescape"} if int(av.__version__.partition(".")[0]) < 19 else {}
    options = {"protocol_whitelist": "none", "format_whitelist": _READ}
    try:
        return opening(stream, "r", options=options, buffer_size=_BUFFER_BYTES, **tags)
    except MemoryError:  # PyAV's own is an FFmpegError, too
        raise
    except (FFmpegError, ValueError, OSError) as error:
        raise Damaged(say("parsing.damaged-not-recording", name=source.name), _GET_ANOTHER) from error


def _recording(container: InputContainer, source: Source) -> Iterator[ParseItem]:
    audio = _main_audio(container)
    kind: Kind = "video" if audio is None or any(map(_moves, container.streams)) else "audio"
    length_s = container.duration / 1e6 if container.duration and container.duration > 0 else None
    facts = sound_facts(container.metadata, *(stream.metadata for stream in container.streams if stream.type == kind))
    yield Metadata(
        kind=kind,
        title=facts.title,
        author=facts.author,
        created=facts.created or date_in_name(source.name),
        tags=facts.tags,
    )
    yield Segment(describe(facts, kind, length_s), Whole())
    yield from _chapters(container)
    unheard = None if audio is None else _why_unheard(audio, source)
    heard = audio if source.hear and unheard is None else None
    if audio is not None and unheard is None and not source.hear:
        yield Segment("", TimeSpan(0.0, 0.0), role="speech", form="sound", sound=b"")  # there is something to hear
    yield from _contents(container, heard, source, _declared_s(container, audio, source, kind))
    if unheard is not None:
        raise unheard
    if not container.streams:
        raise Damaged(say("parsing.incomplete-contains-neither-sound-nor-pictures", name=source.name), _GET_ANOTHER)


def _main_audio(container: InputContainer) -> AudioStream | None:
    best = container.streams.best("audio")  # None when there is no decoder for it
    return cast("AudioStream | None", best or next(iter(container.streams.audio), None))


def _moves(stream: Stream) -> bool:
    """Whether a stream is a video, and not the cover of an album."""
    from av.stream import Disposition

    return stream.type == "video" and not stream.disposition & Disposition.attached_pic


def _chapters(container: InputContainer) -> Iterator[Segment]:
    for chapter in container.chapters()[:_MOST_CHAPTERS]:
        title, unit = chapter_title(chapter["metadata"]), float(chapter["time_base"] or 0)
        start_s, end_s = chapter["start"] * unit, chapter["end"] * unit
        if title and 0 <= start_s <= end_s:
            yield Segment(title, TimeSpan(round(start_s, 3), round(end_s, 3)), context="Chapter")


def _why_unheard(audio: AudioStream, source: Source) -> FileProblem | None:
    """What keeps the sound from being decoded."""
    form = audio.container.format.name
    if (
        ("mp4" in form and _has_all(source, _PROTECTED_MP4))
        or (form == "asf" and _has_any(source, _PROTECTED_ASF))
        or (audio.codec_context is None and _has_any(source, _PROTECTED_CODECS))
    ):
        message = f"{source.name} is copy-protected (DRM), so its sound cannot be heard."
        return Encrypted(message, say("parsing.play-program-bought"))
    if audio.codec_context is None:
        return Unsupported(say("parsing.sound-stored-unknown-format", name=source.name), _GET_ANOTHER)
    return None


def _has_any(source: Source, marks: Iterable[bytes]) -> bool:
    """Whether one of ``marks`` stands near the beginning or the end of the file, where its headers are."""
    ends = _ends(source)
    return any(mark in ends for mark in marks)


def _has_all(source: Source, marks: Iterable[bytes]) -> bool:
    ends = _ends(source)
    return all(mark in ends for mark in marks)


def _ends(source: Source) -> bytes:
    with source.open() as stream:
        head = stream.read(_HEAD_BYTES)
        stream.seek(max(len(head), source.size - _HEAD_BYTES))
        return head + stream.read(_HEAD_BYTES)


def _declared_s(container: InputContainer, audio: AudioStream | None, source: Source, kind: Kind) -> float | None:
    """How many seconds of sound the file says it has; None when it does not, or FFmpeg only guesses."""
    name = container.format.name
    if audio is None or name in _BY_BIT_RATE:
        return None
    if name == "mp3" and not _has_any(source, _EXACT_MP3):
        return None
    if audio.duration and audio.duration > 0 and audio.time_base:
        whole = _wave_bytes(source) / source.size if name == "wav" else 1.0
        return float(audio.duration * audio.time_base) * max(1.0, whole)
    return container.duration / 1e6 if container.duration and kind == "audio" else None


def _wave_bytes(source: Source) -> int:
    """How long a WAV file is to be by its own account, which FFmpeg corrects without a word; 0 when it does not say."""
    head = source.read(8)
    size = int.from_bytes(head[4:8], "little") + 8
    return size if head[:4] == b"RIFF" and size < _NO_SIZE else 0


def _contents(
    container: InputContainer, audio: AudioStream | None, source: Source, declared_s: float | None
) -> Iterator[ParseItem]:
    """Sound as it comes, then the subtitles that lay between."""
    from av.error import FFmpegError

    base_s = (container.start_time or 0) / 1e6
    tracks = {
        stream.index: SubtitleTrack(stream, source.limits.characters)
        for stream in container.streams.subtitles
        if stream.codec_context is not None and stream.codec_context.name in TEXT_CODECS
    }
    tracks = dict(list(tracks.items())[:_MOST_SUBTITLES])
    wanted = [stream for stream in container.streams if stream is audio or stream.index in tracks]
    if not wanted:
        return
    _leave_out_others(container, wanted)
    sound = None if audio is None else _Sound(base_s)
    failure: Exception | None = None
    try:
        for packet in container.demux(*wanted):
            if packet.stream.index in tracks:
                tracks[packet.stream.index].add(cast("Packet[SubtitleStream]", packet), base_s)
            elif sound is not None:
                yield from sound.add(cast("Packet[AudioStream]", packet))
    except (FFmpegError, ValueError) as error:
        failure = error
    if sound is not None:
        yield from sound.end()
    for track in tracks.values():
        yield from track.segments()
    if sound is not None:
        yield from _problems(sound, source, declared_s, failure)


def _leave_out_others(container: InputContainer, wanted: list[Stream]) -> None:
    from av.stream import Discard

    for stream in container.streams:
        if stream not in wanted:
            stream.discard = Discard.all


def _problems(sound: _Sound, source: Source, declared_s: float | None, failure: Exception | None) -> Iterator[Problem]:
    """What is missing of the sound. Raises ``Damaged`` when it is all of it."""
    if not sound.frames:
        raise Damaged(say("parsing.sound-damaged-none-can-heard", name=source.name), _GET_ANOTHER)
    missing_s = 0.0 if declared_s is None else declared_s - sound.heard_s
    if missing_s > _SHORT_BY_S and declared_s is not None and missing_s > declared_s * _SHORT_BY:
        parts = f"only {in_words(sound.heard_s)} of {in_words(declared_s)} can be heard"
        yield Problem("damaged", say("parsing.is-incomplete", name=source.name, parts=parts), _GET_ANOTHER)
    elif failure is not None or sound.broken > _FEW_BROKEN * sound.packets + 1:
        yield Problem("damaged", say("parsing.damaged-parts-sound-missing", name=source.name), _GET_ANOTHER)


class _Sound:
    """Decodes packets of one stream into pieces of one channel, ``SOUND_RATE`` samples a second.

    ``base_s`` is the time at which the file begins: the sound of a video may begin a little later.
    """

    def __init__(self, base_s: float) -> None:
        self._base_s = base_s
        self._resampler: AudioResampler | None = None
        self._buffer = bytearray()
        self._given = 0
        """Samples handed on, which is also where the buffer begins."""
        self._silence = 0
        self.packets = 0
        self.broken = 0
        self.frames = 0

    @property
    def heard_s(self) -> float:
        return (self._given + len(self._buffer) // _SAMPLE_BYTES) / SOUND_RATE

    def add(self, packet: Packet[AudioStream]) -> Iterator[Segment]:
        from av.error import FFmpegError

        self.packets += 1
        try:
            frames = packet.decode()
        except (FFmpegError, ValueError):
            self.broken += 1
            return
        for frame in frames:
            yield from self._fill(frame)
            try:
                self._buffer += self._resampled(frame)
            except (FFmpegError, ValueError):
                self.broken += 1
                continue
            self.frames += 1
            yield from self._pieces(_PIECE_BYTES)

    def end(self) -> Iterator[Segment]:
        """What is left."""
        if self._resampler is not None:
            self._buffer += _samples(self._resampler.resample(None))
        yield from self._pieces(_PIECE_BYTES)
        yield from self._pieces(1)

    def _fill(self, frame: AudioFrame) -> Iterator[Segment]:
        """Silence up to the time of ``frame``."""
        if frame.time is None:
            return
        missing = int((frame.time - self._base_s - self.heard_s) * SOUND_RATE)
        if missing < _GAP_S * SOUND_RATE or self._silence + missing > _MOST_SILENCE_S * SOUND_RATE:
            return
        self._silence += missing
        while missing:
            some = min(missing, PIECE_S * SOUND_RATE)
            self._buffer += bytes(some * _SAMPLE_BYTES)
            missing -= some
            yield from self._pieces(_PIECE_BYTES)

    def _resampled(self, frame: AudioFrame) -> bytes:
        from av.audio.resampler import AudioResampler

        frame.pts = None  # times are counted here, in samples
        if self._resampler is not None:
            try:
                return _samples(self._resampler.resample(frame))
            except ValueError:  # the recording goes on in another form, as radio does
                rest = _samples(self._resampler.resample(None))
        else:
            rest = b""
        self._resampler = AudioResampler("s16", "mono", SOUND_RATE)
        return rest + _samples(self._resampler.resample(frame))

    def _pieces(self, least: int) -> Iterator[Segment]:
        while len(self._buffer) >= least:
            piece = bytes(self._buffer[:_PIECE_BYTES])
            del self._buffer[:_PIECE_BYTES]
            start = self._given
            self._given += len(piece) // _SAMPLE_BYTES
            place = TimeSpan(round(start / SOUND_RATE, 4), round(self._given / SOUND_RATE, 4))
            yield Segment("", place, role="speech", form="sound", sound=piece)


def _samples(frames: list[AudioFrame]) -> bytes:
    return b"".join(bytes(frame.planes[0])[: frame.samples * _SAMPLE_BYTES] for frame in frames)
