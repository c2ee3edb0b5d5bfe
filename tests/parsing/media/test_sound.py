"""Recordings of many formats: their tags, chapters, subtitles and sound; cut short, protected, or no recordings."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from desktop_rag.errors import Damaged, Encrypted, FileProblem
from desktop_rag.parsing.media.sound import parse_sound
from desktop_rag.parsing.media.sound_tags import chapter_title, in_words, sound_facts
from desktop_rag.parsing.media.subtitles import LONGEST_S, Caption, passages
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.stream import DocumentEnd, DocumentSegment
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.parsing.worker.tree import parse_tree
from desktop_rag.types import SOUND_RATE, FileState, ParseItem, Problem, Segment, TimeSpan, Whole
from tests.parsing.reading import metadata, segments
from tests.parsing.real_files import read_all
from tests.tiny.sounds import write_sound

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "sound"
CODECS = {
    "a.mp3": "libmp3lame",
    "a.m4a": "aac",
    "a.wav": "pcm_s16le",
    "a.flac": "flac",
    "a.ogg": "libopus",
    "a.opus": "libopus",
    "a.aiff": "pcm_s16be",
    "a.mka": "flac",
    "v.mp4": "aac",
    "v.mkv": "libopus",
    "v.mov": "aac",
    "v.avi": "libmp3lame",
}


def read(path: Path, *, hear: bool = True) -> list[ParseItem]:
    return list(parse_sound(Source(path.name, "", Limits(), path=path, hear=hear)))


def pieces(items: list[ParseItem]) -> list[Segment]:
    """The segments of sound, which follow each other without a gap."""
    found = [item for item in segments(items) if item.form == "sound"]
    end_s = 0.0
    for piece in found:
        assert isinstance(piece.locator, TimeSpan)
        assert piece.locator.start_s == end_s
        end_s = piece.locator.end_s
        assert piece.sound is not None
        assert len(piece.sound) == pytest.approx(2 * SOUND_RATE * (end_s - piece.locator.start_s), abs=4)
    return found


def samples(items: list[ParseItem]) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(piece.sound or b"" for piece in pieces(items)), "<i2")


def problems(items: list[ParseItem]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


def loudness(sound: NDArray[np.int16], begin_s: float, end_s: float) -> float:
    part = sound[int(begin_s * SOUND_RATE) : int(end_s * SOUND_RATE)].astype(np.float64)
    return float(np.sqrt(np.mean(part**2)))


@pytest.mark.parametrize("name", CODECS)
def test_decodes_to_one_channel_of_sixteen_bits(tmp_path: Path, name: str) -> None:
    path = write_sound(tmp_path / name, CODECS[name], seconds=3, video=name.startswith("v"))
    items = read(path)
    sound = samples(items)
    assert len(sound) == pytest.approx(3 * SOUND_RATE, rel=0.03)
    heard = np.abs(np.fft.rfft(sound[: 2 * SOUND_RATE]))
    assert np.argmax(heard) / 2 == pytest.approx(440, abs=1)  # hertz
    assert loudness(sound, 0.5, 2.5) == pytest.approx(16_000 / np.sqrt(2), rel=0.1)
    assert metadata(items).kind == ("video" if name.startswith("v") else "audio")
    assert not problems(items)


def test_a_long_recording_comes_in_pieces_of_ten_seconds(tmp_path: Path) -> None:
    found = pieces(read(write_sound(tmp_path / "a.wav", seconds=25)))
    assert [piece.locator for piece in found] == [TimeSpan(0, 10), TimeSpan(10, 20), TimeSpan(20, 25)]
    assert {(piece.text, piece.role) for piece in found} == {("", "speech")}


def test_tags_are_found_by(tmp_path: Path) -> None:
    tags = {"title": "Choir practice", "artist": "Ada Vale", "album": "Spring", "date": "2024-03-04", "comment": "Loud"}
    items = read(write_sound(tmp_path / "a.mp3", seconds=2, tags=tags), hear=False)
    known = metadata(items)
    assert (known.title, known.author) == ("Choir practice", "Ada Vale")
    assert known.created == datetime(2024, 3, 4).astimezone()
    segment, sound = segments(items)
    assert sound.sound == b""
    assert segment.locator == Whole()
    assert segment.role == "body"
    assert segment.text == (
        "Recording, 2 seconds; title Choir practice; artist Ada Vale; album Spring; date 2024-03-04\nLoud"
    )


@pytest.mark.parametrize("name", ["a.flac", "v.mkv"])
def test_a_tag_that_is_no_utf_8_costs_its_own_characters_only(tmp_path: Path, name: str) -> None:
    path = write_sound(tmp_path / name, "flac", seconds=2, tags={"title": "Choir ZZ in May"}, video=name == "v.mkv")
    path.write_bytes(path.read_bytes().replace(b"ZZ", "éè".encode("latin-1")))
    assert metadata(read(path)).title == "Choir in May"


def test_a_newer_pyav_that_takes_no_word_on_tags_reads_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sound(tmp_path / "a.flac", seconds=2)
    known = {"format", "options", "container_options", "buffer_size", "timeout", "io_open", "hwaccel"}
    opening = av.open

    def newer(file: object, mode: Literal["r"] = "r", **options: object) -> object:
        if unknown := options.keys() - known:
            raise TypeError(f"open() got an unexpected keyword argument '{unknown.pop()}'")
        return opening(file, mode, buffer_size=1024)

    monkeypatch.setattr(av, "open", newer)
    monkeypatch.setattr(av, "__version__", "19.0.2")
    assert len(samples(read(path))) == 2 * SOUND_RATE


def test_a_pyav_that_does_not_take_what_it_is_given_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sound(tmp_path / "a.flac", seconds=2)
    monkeypatch.setattr(av, "open", Path.open)
    end = list(parse_tree(path, Limits()))[-1]
    assert isinstance(end, DocumentEnd)
    assert end.problem is not None
    assert end.problem.code == "parser-fault"


def test_without_anybody_to_hear_nothing_is_decoded(tmp_path: Path) -> None:
    items = read(
        write_sound(tmp_path / "a.mkv", "flac", captions=[(0.5, 1.5, "Good morning.")], video=True), hear=False
    )
    assert [piece.sound for piece in pieces(items)] == [b""]
    assert [segment.text for segment in segments(items) if segment.text] == ["Video, 3 seconds", "Good morning."]


def test_chapters_and_subtitles_have_their_time(tmp_path: Path) -> None:
    path = write_sound(
        tmp_path / "film.mkv",
        "flac",
        seconds=4,
        video=True,
        chapters=[(0, 2, "Arrival at the mill"), (2, 4, "Chapter 2")],
        captions=[(0.5, 1.5, "Good <i>morning</i>,"), (1.5, 2.5, "and welcome.")],
    )
    _, chapter, *rest = segments(read(path))
    assert (chapter.text, chapter.locator) == ("Arrival at the mill", TimeSpan(0, 2))
    assert (rest[-1].text, rest[-1].locator) == ("Good morning, and welcome.", TimeSpan(0.5, 2.5))
    assert rest[-1].context == "Subtitles"
    assert rest[-1].role == "speech"


def test_sound_that_begins_later_or_has_gaps_is_heard_at_its_time(tmp_path: Path) -> None:
    late = samples(read(write_sound(tmp_path / "late.mkv", "pcm_s16le", begin_s=2, video=True)))
    assert len(late) == 5 * SOUND_RATE
    assert loudness(late, 0, 1.9) == 0
    assert loudness(late, 2.1, 4.9) > 10_000
    gap = samples(read(write_sound(tmp_path / "gap.mka", "pcm_s16le", seconds=5, gap=(1, 3))))
    assert len(gap) == pytest.approx(5 * SOUND_RATE, abs=SOUND_RATE / 100)
    assert loudness(gap, 1.1, 2.9) == 0
    assert loudness(gap, 3.1, 4.9) > 10_000


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3"])
def test_what_is_cut_short_is_heard_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    path = write_sound(tmp_path / name, CODECS[name], seconds=20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    items = read(path)
    assert len(samples(items)) == pytest.approx(10 * SOUND_RATE, rel=0.3)
    (problem,) = problems(items)
    assert problem.code == "damaged"
    assert re.search(r"is incomplete: only \d+ seconds of 20 seconds", problem.message)


def test_a_video_cut_before_its_table_of_contents_is_damaged(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.m4a", "aac", seconds=20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Damaged, match=r"a\.m4a"):
        read(path)


def test_sound_that_is_broken_in_the_middle_goes_on_after_it(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp3", "libmp3lame", seconds=20)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = np.random.default_rng(5).bytes(20_000)
    path.write_bytes(data)
    items = read(path)
    assert len(samples(items)) > 17 * SOUND_RATE
    assert len(problems(items)) <= 1


def test_protected_sound_is_told(tmp_path: Path) -> None:
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb"}
    path = write_sound(
        tmp_path / "bought.m4a",
        "aac",
        tags={"title": "A bought book"},
        options={**key, "encryption_kid": "a7e61c373e219033c21091fa607bf3b8"},
    )
    with pytest.raises(Encrypted, match=r"bought\.m4a is copy-protected"):
        read(path)
    items = parse_sound(Source(path.name, "", Limits(), path=path))
    assert metadata([next(items)]).title == "A bought book"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3\x03\x00" + bytes(300),
        b"not a recording at all " * 50,
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        np.random.default_rng(3).bytes(50_000),
    ],
    ids=["empty", "only a tag", "text", "playlist", "concat", "noise"],
)
def test_what_is_no_recording_is_damaged(data: bytes) -> None:
    with pytest.raises(FileProblem):
        list(parse_sound(Source("a.mp3", "", Limits(), data=data)))


def test_a_picture_on_the_cover_makes_no_video(tmp_path: Path) -> None:
    data = (SHARED / "tika" / "testMP3_coverArt.mp3") if SHARED.is_dir() else None
    if data is None:
        pytest.skip("the public files are not here")
    shutil.copy(data, tmp_path / "a.mp3")
    assert metadata(read(tmp_path / "a.mp3")).kind == "audio"


def test_a_confined_process_reads_sound(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.opus", "libopus", seconds=12)
    with ParserPool(timeout_s=30) as pool:
        events = list(pool.parse(path))
    heard = [event.segment for event in events if isinstance(event, DocumentSegment) and event.segment.sound]
    assert sum(len(segment.sound or b"") for segment in heard) == pytest.approx(12 * 2 * SOUND_RATE, rel=0.01)
    assert isinstance(events[-1], DocumentEnd)
    assert events[-1].state is FileState.INDEXED


def test_public_recordings_are_read_or_refused_with_a_reason() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"the public files are not in {SHARED}")
    suffixes = {".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".mov", ".mkv", ".webm", ".wma"}
    suffixes |= {".wmv", ".asf", ".flv", ".aif", ".au", ".sph"}
    read_files, refused = read_all(parse_sound, (path for path in SHARED.rglob("*") if path.suffix in suffixes))
    assert len(read_files) > 80
    assert all(problem.message and problem.hint for problem in refused.values())
    assert refused["testMP4_drm.m4a"].code == "encrypted"
    assert refused["testMP4_truncated.m4a"].code == "damaged"
    for items in read_files.values():
        pieces(items)


def test_tags_of_other_programs_are_the_same_tags() -> None:
    facts = sound_facts({"WM/Year": "2005", "com.apple.quicktime.artist": "Ada", "genre": "Folk; Choir"})
    assert (facts.author, facts.created, facts.tags) == ("Ada", datetime(2005, 1, 1).astimezone(), ("Folk", "Choir"))
    assert sound_facts({"creation_time": "1904-01-01T00:00:00Z", "date": "soon"}).created is None


def test_lengths_are_said_in_words() -> None:
    assert [in_words(seconds) for seconds in (0.2, 61, 725, 3600, 7325)] == [
        "1 second", "1 minute 1 second", "12 minutes 5 seconds", "1 hour", "2 hours 2 minutes",
    ]  # fmt: skip
    assert [chapter_title({"title": title}) for title in ("Chapter 3", "07", "The mill")] == ["", "", "The mill"]


def test_passages_end_with_a_sentence_or_at_a_pause() -> None:
    captions = [Caption(4 * i, 4 * i + 4, f"word {i}" + ("." if i % 3 == 2 else "")) for i in range(30)]
    found = list(passages(captions))
    assert " ".join(segment.text for segment in found) == " ".join(caption.text for caption in captions)
    assert all(segment.text.endswith(".") for segment in found)
    spans = [segment.locator for segment in found if isinstance(segment.locator, TimeSpan)]
    assert all(span.end_s - span.start_s <= LONGEST_S for span in spans)
    apart = list(passages([Caption(0, 2, "One"), Caption(20, 22, "other")]))
    assert [segment.locator for segment in apart] == [TimeSpan(0, 2), TimeSpan(20, 22)]


def test_passages_are_never_long_and_japanese_has_no_spaces() -> None:
    endless = list(passages(Caption(3 * i, 3 * i + 3, f"w{i}") for i in range(60)))
    spans = [segment.locator for segment in endless if isinstance(segment.locator, TimeSpan)]
    assert len(spans) >= 4
    assert max(span.end_s - span.start_s for span in spans) <= LONGEST_S
    (segment,) = passages([Caption(0, 1, "今日は"), Caption(1, 2, "寒い。")])
    assert segment.text == "今日は寒い。"
