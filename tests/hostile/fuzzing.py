"""Samples of every format, spoiled at random, through the sandbox: ``python -m tests.hostile.fuzzing [CASES [SEED]]``.

A case is known by its number and the seed, and is the same again on every machine. What counts as escaped is anything
but well-formed events that end in a state, with a problem where something was left out.
"""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from desktop_rag.parsing.formats import FORMATS
from desktop_rag.parsing.source import MIB
from desktop_rag.parsing.worker.sandbox import ParserPool
from tests.hostile.forms import check_events

_CHECKOUT = Path(__file__).resolve().parents[2]
_SAMPLES = (_CHECKOUT / "tests" / "samples", _CHECKOUT / "resources" / "samples")
_LARGEST = MIB
_SUFFIXES = sorted({suffix for row in FORMATS if row.parser for suffix in row.suffixes[:2]})
_TELLING = (
    b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0" * 16, b"-1", b"99999999999",
    b"<", b">", b"&", b"&#x0;", b"]]>", b"<!DOCTYPE a [", b'"', b"'", b"\\", b"{", b"}", b"[", b"(", b")", b"<<", b">>",
    b"%", b"\r", b"\n\n", b"\t", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xc0\xaf", b"\xef\xbb\xbf", b"\xff\xfe", b"---\n",
    b"../", b"endobj", b"stream\n", b"PK\x01\x02", b"PK\x05\x06", b"BEGIN:VEVENT\n", b"\\bin999", b"=?utf-8?b?",
    b"From ",
)  # fmt: skip

Mutation = Callable[[random.Random, bytes], bytes]


class Outcome(NamedTuple):
    """What came of a run. ``escaped`` says how; ``died`` holds the suffix of each file that cost a child."""

    cases: int
    escaped: list[str]
    died: Counter[str]
    surprised: Counter[str]
    """Suffixes of the files of which a parser let a library's own exception out (it is stated as damage)."""

    def __str__(self) -> str:
        return f"fuzz: {self.cases} cases, {len(self.escaped)} escaped, {self.died.total()} children died"


@cache
def samples() -> tuple[Path, ...]:
    found = [path for folder in _SAMPLES for path in sorted(folder.rglob("*")) if path.is_file()]
    read = [path for path in found if path.suffix not in (".pyc",) and path.parent != _SAMPLES[0]]
    return tuple(path for path in read if path.stat().st_size <= _LARGEST)


def case(seed: int, number: int) -> tuple[str, bytes]:
    """Name and bytes of one spoiled sample."""
    chance = random.Random(f"{seed}/{number}")
    path = samples()[number % len(samples())]  # each as often as any other
    data = path.read_bytes()
    data = (_inside if data.startswith(b"PK") and chance.random() < 0.7 else _spoiled)(chance, data)
    suffix = chance.choice(_SUFFIXES) if chance.random() < 0.1 else path.suffix
    return f"{number}{suffix}", data


def fuzz(cases: int, seed: int = 0, workers: int = 2) -> Outcome:
    """Parse so many spoiled samples in ``workers`` children."""
    outcome = Outcome(cases, [], Counter(), Counter())
    numbers: SimpleQueue[int] = SimpleQueue()
    for number in range(cases):
        numbers.put(number)

    def work(folder: Path) -> None:
        for path, events in pool.parse_many(_files(folder, numbers, seed)):
            try:
                problem = check_events(list(events)).problem
            except Exception as error:
                outcome.escaped.append(f"case {path.stem} of seed {seed} ({path.suffix}): {error!r}")
                continue
            finally:
                path.unlink()
            if problem and problem.code == "parser-stopped":
                outcome.died[path.suffix] += 1
            if problem and "built in an unusual way" in problem.message:
                outcome.surprised[f"{path.suffix} {problem.message.partition('(')[2].partition(')')[0]}"] += 1

    with (
        tempfile.TemporaryDirectory() as folder,
        ParserPool(workers, timeout_s=20, file_s=60, memory_bytes=1024 * MIB) as pool,
    ):
        threads = [threading.Thread(target=work, args=(Path(folder),)) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return outcome


def _files(folder: Path, numbers: SimpleQueue[int], seed: int) -> Iterator[Path]:
    while not numbers.empty():
        name, data = case(seed, numbers.get())
        path = folder / name
        path.write_bytes(data)
        yield path


def _spoiled(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        data = chance.choice(_MUTATIONS)(chance, data)[:_LARGEST]
    return data


def _inside(chance: random.Random, data: bytes) -> bytes:
    """A package with one member spoiled, and packed again so that its check sums hold."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    chosen = chance.randrange(len(members))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for index, (info, content) in enumerate(members):
            archive.writestr(info, _spoiled(chance, content) if index == chosen else content)
    return out.getvalue()


def _place(chance: random.Random, data: bytes) -> tuple[int, int]:
    """A stretch of the data, more often short than long."""
    begin = chance.randrange(len(data) + 1)
    return begin, min(len(data), begin + int(2 ** chance.uniform(0, 12)))


def _flip(chance: random.Random, data: bytes) -> bytes:
    spoiled = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20)) if data else 0):
        spoiled[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _leave_out(chance: random.Random, data: bytes) -> bytes:
    begin, end = _place(chance, data)
    return data[:begin] + data[end:]


def _repeat(chance: random.Random, data: bytes) -> bytes:
    begin, end = _place(chance, data)
    return data[:end] + data[begin:end] * chance.choice((1, 2, 50, 1000)) + data[end:]


def _insert(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_TELLING) * chance.choice((1, 1, 1, 2, 300)) + data[at:]


def _overwrite(chance: random.Random, data: bytes) -> bytes:
    begin, _ = _place(chance, data)
    block = chance.choice(_TELLING) if chance.random() < 0.7 else chance.randbytes(chance.randrange(1, 40))
    return data[:begin] + block + data[begin + len(block) :]


def _splice(chance: random.Random, data: bytes) -> bytes:
    other = chance.choice(samples()).read_bytes()
    begin, end = _place(chance, other)
    at = chance.randrange(len(data) + 1)
    return data[:at] + (other[begin:end] if chance.random() < 0.5 else other[begin:])


_MUTATIONS: tuple[Mutation, ...] = (_flip, _cut, _leave_out, _repeat, _insert, _overwrite, _splice)


def main() -> int:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("DESKTOP_RAG_FUZZ_CASES", "300"))
    outcome = fuzz(cases, int(sys.argv[2]) if len(sys.argv) > 2 else 0, os.cpu_count() or 1)
    lines = [str(outcome), *outcome.escaped]
    lines += [f"  died {count} x {suffix}" for suffix, count in sorted(outcome.died.items())]
    lines += [f"  surprised {count} x {what}" for what, count in sorted(outcome.surprised.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    return bool(outcome.escaped)


if __name__ == "__main__":
    sys.exit(main())
