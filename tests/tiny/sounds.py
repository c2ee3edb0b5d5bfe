"""Makes small recordings and videos with PyAV: a tone, with tags, chapters and subtitles as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

RATE = 48_000


def tone(seconds: float, rate: int = RATE, pitch: float = 440) -> NDArray[np.int16]:
    """A tone, half as loud as it can be."""
    return (16_000 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def write_sound(
    path: Path,
    codec: str = "",
    *,
    seconds: float = 3.0,
    rate: int = RATE,
    channels: int = 2,
    begin_s: float = 0.0,
    gap: tuple[float, float] | None = None,
    tags: Mapping[str, str] | None = None,
    chapters: Sequence[tuple[float, float, str]] = (),
    captions: Sequence[tuple[float, float, str]] = (),
    video: bool = False,
    options: Mapping[str, str] | None = None,
) -> Path:
    """A recording of a tone at ``path``, in the format of its suffix. It is silent about what comes before ``begin_s``,
    and has nothing between the two times of ``gap``."""
    with av.open(str(path), "w", options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec or container.default_audio_codec, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "stereo" if channels == 2 else "mono"
        picture = None
        if video:
            picture = container.add_stream("mpeg4", rate=5)
            picture.width = picture.height = 32
            picture.pix_fmt = "yuv420p"
        subtitles = None if not captions else av.open(BytesIO(_as_subrip(captions)), "r", format="srt")
        text = None if subtitles is None else container.add_stream_from_template(subtitles.streams[0])
        if chapters:
            setting: Callable[..., None] = container.set_chapters  # PyAV 19 names its own kind of fraction
            setting(
                [
                    {
                        "id": number,
                        "start": int(start * 1000),
                        "end": int(end * 1000),
                        "time_base": Fraction(1, 1000),
                        "metadata": {"title": title},
                    }
                    for number, (start, end, title) in enumerate(chapters)
                ]
            )
        if picture is not None:
            for number in range(int(seconds * 5)):
                frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), number, np.uint8), "rgb24")
                container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
        if subtitles is not None and text is not None:
            for packet in subtitles.demux():
                if packet.size:
                    packet.stream = text
                    container.mux(packet)
            subtitles.close()
        samples = tone(seconds, rate)
        step = rate // 50
        for begin in range(0, len(samples) - step + 1, step):
            at = begin / rate
            if gap is not None and gap[0] <= at < gap[1]:
                continue
            part = np.repeat(samples[None, begin : begin + step], channels, axis=0)
            sound = AudioFrame.from_ndarray(np.ascontiguousarray(part.T.reshape(1, -1)), "s16", stream.layout.name)
            sound.sample_rate = rate
            sound.pts = begin + int(begin_s * rate)
            sound.time_base = Fraction(1, rate)
            container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    return path


def _as_subrip(captions: Sequence[tuple[float, float, str]]) -> bytes:
    def clock(seconds: float) -> str:
        whole = int(seconds)
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{round(seconds % 1 * 1000):03}"

    return "\n".join(
        f"{number}\n{clock(start)} --> {clock(end)}\n{words}\n"
        for number, (start, end, words) in enumerate(captions, 1)
    ).encode()
