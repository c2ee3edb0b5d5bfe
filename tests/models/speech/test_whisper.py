"""Speech understood by a real Whisper model that says what it is told to: when, how much, and never without a voice."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("faster_whisper")

from desktop_rag.errors import ModelRefused
from desktop_rag.indexing.speech_passages import segments_of
from desktop_rag.models.runtime.process import ModelProcess
from desktop_rag.models.speech.pauses import FRAME_S, LONGEST_S, MOST_SPEECH_S, SpeechSpan, find_cut, speech_spans
from desktop_rag.models.speech.whisper import Hear, Heard, Listener, Utterance, WhisperSettings, open_model
from desktop_rag.parsing.media.sound import parse_sound
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import SOUND_RATE, Segment, TimeSpan
from tests.tiny.whisper import tiny_whisper

MEMO = Path(__file__).resolve().parents[3] / "resources" / "samples" / "Media" / "Voice memo 2024-02-19.flac"
SAID = "<|0.00|> Hello there everyone.<|1.40|><|1.40|> We meet on Friday.<|3.00|>"
WORDS = "Hello there everyone. We meet on Friday."
NEVER = threading.Event()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("english"), SAID)


@pytest.fixture(scope="module")
def listener(folder: Path) -> Listener:
    return open_model(WhisperSettings(str(folder), "cpu", threads=1))


@pytest.fixture(scope="module")
def memo() -> bytes:
    """Twenty seconds of speech."""
    items = parse_sound(Source(MEMO.name, "", Limits(), path=MEMO))
    return b"".join(item.sound or b"" for item in items if isinstance(item, Segment))


def silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * SOUND_RATE))


def seconds(sound: bytes) -> float:
    return len(sound) / 2 / SOUND_RATE


def hear(
    listener: Listener, sound: bytes, *, session: str, start_s: float = 0.0, piece_s: float = 10.0, language: str = ""
) -> list[Utterance | Heard]:
    """The replies to a whole recording, given in pieces."""
    size = 2 * int(piece_s * SOUND_RATE)
    replies: list[Utterance | Heard] = []
    for begin in range(0, len(sound), size):
        at = start_s + begin / 2 / SOUND_RATE
        request = Hear(sound[begin : begin + size], at, begin + size >= len(sound), session, language)
        replies.extend(request.perform(listener, NEVER))
    return replies


def utterances(replies: Sequence[Utterance | Heard]) -> list[Utterance]:
    return [reply for reply in replies if isinstance(reply, Utterance)]


def ends(replies: Sequence[Utterance | Heard]) -> list[float]:
    return [reply.until_s for reply in replies if isinstance(reply, Heard)]


def test_what_is_said_is_understood_with_its_time(listener: Listener, memo: bytes) -> None:
    replies = hear(listener, memo, session="memo")
    found = utterances(replies)
    assert " ".join(utterance.text for utterance in found) == WORDS
    assert {utterance.language for utterance in found} == {"en"}
    assert min(utterance.confidence for utterance in found) > 0.9
    assert all(0 <= utterance.start_s <= utterance.end_s <= seconds(memo) for utterance in found)
    words = [word for utterance in found for word in utterance.words]
    assert " ".join(word.text for word in words) == WORDS
    assert all(one.start_s <= one.end_s <= two.start_s + 0.001 for one, two in pairwise(words))
    assert ends(replies) == [pytest.approx(seconds(memo), abs=0.001)]


def test_times_count_from_the_beginning_of_the_recording(listener: Listener, memo: bytes) -> None:
    early = utterances(hear(listener, memo, session="early"))
    late = utterances(hear(listener, silence(60) + memo, session="late"))
    assert [utterance.text for utterance in late] == [utterance.text for utterance in early]
    assert all(utterance.start_s >= 59 for utterance in late)
    assert late[-1].end_s <= 60 + seconds(memo)


def test_silence_and_noise_are_nothing_said(listener: Listener) -> None:
    noise = (np.random.default_rng(7).normal(0, 2_000, 40 * SOUND_RATE)).astype("<i2").tobytes()
    for name, sound in (("silence", silence(40)), ("noise", noise)):
        replies = hear(listener, sound, session=name)
        assert utterances(replies) == []
        assert ends(replies)[-1] == 40


def test_stretches_follow_each_other_and_end_in_pauses(listener: Listener, memo: bytes) -> None:
    sound = (memo + silence(1)) * 5
    replies = hear(listener, sound, session="long")
    borders = ends(replies)
    assert borders[-1] == pytest.approx(seconds(sound), abs=0.001)
    assert all(0 < after - before <= MOST_SPEECH_S + 3 for before, after in pairwise([0.0, *borders]))
    loud = np.abs(np.frombuffer(sound, "<i2").astype(np.float64))
    for border in borders[:-1]:
        middle = int(border * SOUND_RATE)
        assert loud[middle - 800 : middle + 800].mean() < loud.mean() / 4
    begun = 0.0
    for reply in replies:
        if isinstance(reply, Heard):
            begun = reply.until_s
        else:
            assert reply.start_s >= begun


@pytest.mark.parametrize("piece_s", [1.7, 60.0])
def test_the_size_of_the_pieces_makes_no_difference(listener: Listener, memo: bytes, piece_s: float) -> None:
    sound = memo * 3
    expected = hear(listener, sound, session="tens")
    assert hear(listener, sound, session=f"{piece_s}", piece_s=piece_s) == expected


def test_hearing_is_taken_up_where_a_stretch_ended(listener: Listener, memo: bytes) -> None:
    sound = (memo + silence(0.5)) * 4
    whole = hear(listener, sound, session="whole")
    first = next(index for index, reply in enumerate(whole) if isinstance(reply, Heard))
    end = whole[first]
    assert isinstance(end, Heard)
    rest = sound[2 * round(end.until_s * SOUND_RATE) :]
    again = hear(listener, rest, session="rest", start_s=end.until_s, language=end.language)
    assert again == whole[first + 1 :]


def test_two_recordings_at_once_are_kept_apart(listener: Listener, memo: bytes) -> None:
    sound = memo * 2
    alone = hear(listener, sound, session="alone")
    mixed: list[Utterance | Heard] = []
    half = len(sound) // 4 * 2
    mixed.extend(Hear(sound[:half], 0, False, "one").perform(listener, NEVER))
    assert utterances(list(Hear(silence(5), 0, True, "two").perform(listener, NEVER))) == []
    mixed.extend(Hear(sound[half:], 0, True, "one").perform(listener, NEVER))
    assert mixed == alone


def test_a_stop_leaves_the_stretch_for_later(listener: Listener, memo: bytes) -> None:
    stopped = threading.Event()
    stopped.set()
    assert list(Hear(memo, 0, True, "stopped").perform(listener, stopped)) == []
    later = list(Hear(b"", 0, True, "stopped").perform(listener, NEVER))
    assert " ".join(utterance.text for utterance in utterances(later)) == WORDS


def test_the_language_is_found_out_and_kept(tmp_path: Path, memo: bytes) -> None:
    german = open_model(WhisperSettings(str(tiny_whisper(tmp_path, SAID, language="de")), "cpu", threads=1))
    replies = hear(german, memo * 2, session="german")
    assert {utterance.language for utterance in utterances(replies)} == {"de"}
    assert [reply.language for reply in replies if isinstance(reply, Heard)][-1] == "de"
    known = hear(german, memo, session="french", language="fr")
    assert {utterance.language for utterance in utterances(known)} == {"fr"}


def test_mere_repetition_is_nothing_said(tmp_path: Path, memo: bytes) -> None:
    said = "<|0.00|>" + " thank you very much" * 9 + "<|2.00|>"
    looping = open_model(WhisperSettings(str(tiny_whisper(tmp_path, said)), "cpu", threads=1))
    assert utterances(hear(looping, memo, session="loop")) == []


def test_another_process_hears_the_same(folder: Path, listener: Listener, memo: bytes) -> None:
    process = ModelProcess("desktop_rag.models.speech.whisper", WhisperSettings(str(folder), "cpu", threads=1))
    try:
        replies = list(process.ask(Hear(memo, 0, True, "there")))
        assert replies == list(Hear(memo, 0, True, "here").perform(listener, NEVER))
    finally:
        process.close()


def test_what_is_no_model_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ModelRefused, match=r"tokenizer\.json"):
        open_model(WhisperSettings(str(tmp_path), "cpu"))
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelRefused, match=r"could not be loaded \("):
        open_model(WhisperSettings(str(tmp_path), "cpu"))


def test_replies_travel(listener: Listener, memo: bytes) -> None:
    replies = hear(listener, memo, session="travel")
    packed = [msgspec.msgpack.encode(reply) for reply in replies]
    assert [msgspec.msgpack.decode(reply, type=Utterance | Heard) for reply in packed] == replies


def test_utterances_become_passages_with_their_time(listener: Listener, memo: bytes) -> None:
    sound = memo * 4
    passages = list(segments_of(utterances(hear(listener, sound, session="passages"))))
    assert passages
    for passage in passages:
        assert isinstance(passage.locator, TimeSpan)
        assert 0 <= passage.locator.start_s < passage.locator.end_s <= seconds(sound)
        assert (passage.role, passage.form) == ("speech", "prose")
    assert set(" ".join(passage.text for passage in passages).split()) == set(WORDS.split())


# --- pauses ----------------------------------------------------------------------------------------------------------


def voice(*parts: tuple[float, float]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Probabilities for so many seconds each."""
    return np.concatenate([np.full(round(length / FRAME_S), value, np.float32) for length, value in parts])


def test_short_silences_belong_to_speech_and_long_ones_do_not() -> None:
    spans = speech_spans(voice((5, 0), (3, 0.9), (1, 0.1), (3, 0.9), (10, 0), (2, 0.9), (1, 0)))
    assert [span.begin * FRAME_S for span in spans] == pytest.approx([4.6, 21.6], abs=0.1)
    assert [span.end * FRAME_S for span in spans] == pytest.approx([12.4, 24.4], abs=0.1)
    assert speech_spans(voice((1, 0), (0.05, 0.9), (1, 0))) == []
    assert speech_spans(voice((2, 0.9))) == [SpeechSpan(0, round(2 / FRAME_S))]


def test_no_cut_before_there_is_enough_speech() -> None:
    assert find_cut(voice((15, 0.9))) is None
    assert find_cut(voice((15, 0.9)), last=True) == round(15 / FRAME_S)
    assert find_cut(voice((10, 0.9), (60, 0), (10, 0.9))) is None


def test_silence_is_let_go_but_for_its_end() -> None:
    cut = find_cut(voice((10, 0)))
    assert cut is not None
    assert cut * FRAME_S == pytest.approx(9.6, abs=0.1)
    assert find_cut(voice((10, 0)), last=True) == len(voice((10, 0)))


def test_the_cut_is_in_a_long_pause_near_the_end() -> None:
    cut = find_cut(voice((8, 0.9), (1, 0), (16, 0.9), (1, 0), (2, 0.9), (0.2, 0), (14, 0.9)))
    assert cut is not None
    assert 25 < cut * FRAME_S < 26


def test_without_a_pause_the_cut_is_where_the_voice_is_weakest() -> None:
    cut = find_cut(voice((27, 0.95), (0.2, 0.6), (10, 0.95)))
    assert cut is not None
    assert 26.9 < cut * FRAME_S < 27.3
    assert find_cut(voice((40, 0.95))) is not None


def test_sound_with_few_words_is_not_kept_for_ever() -> None:
    assert find_cut(voice(*[(1, 0.9), (9, 0)] * 11)) is None
    cut = find_cut(voice(*[(1, 0.9), (9, 0)] * 13))
    assert cut is not None
    assert LONGEST_S - 20 < cut * FRAME_S <= 130


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_heard_a_stretch_fits_the_model(seed: int) -> None:
    chance = np.random.default_rng(seed)
    parts = [(float(chance.exponential(2)), float(chance.choice([0.0, 0.4, 0.9]))) for _ in range(80)]
    heard = voice(*parts)
    begun = 0
    for cut in _cuts(heard):
        assert cut > begun
        speech = sum(span.end - span.begin for span in speech_spans(heard[begun:cut])) * FRAME_S
        assert speech <= MOST_SPEECH_S + FRAME_S
        begun = cut
    assert begun == len(heard)


def _cuts(heard: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Iterator[int]:
    begun = 0
    while begun < len(heard):
        cut = find_cut(heard[begun:], last=True)
        assert cut is not None
        begun += cut
        yield begun
