"""Nothing is handed out before it is at rest, and everything is in the end."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.indexing.debounce import Debouncer, Look, below, look_at

QUIET_S = 0.5
ROOT = str(Path(os.sep, "r"))


def place(*names: str) -> str:
    return str(Path(ROOT, *names))


class Disk:
    """Files that change when told to; what they look like is the number of changes."""

    def __init__(self) -> None:
        self.changes: dict[str, int] = {}
        self.looks = 0

    def change(self, path: str) -> None:
        self.changes[path] = self.changes.get(path, 0) + 1

    def look(self, path: str) -> Look:
        self.looks += 1
        return (self.changes[path],) if path in self.changes else None


def test_a_file_saved_once_is_ready_after_the_quiet_period() -> None:
    debouncer = Debouncer(QUIET_S, look=Disk().look)
    debouncer.hint(place("a"), 10.0)
    debouncer.hint(place("a"), 10.1)
    assert debouncer.next_due() == 10.6
    assert debouncer.ready(10.59) == []
    assert debouncer.pending() == {place("a")}
    assert debouncer.ready(10.6) == [place("a")]
    assert (debouncer.next_due(), len(debouncer), debouncer.pending()) == (None, 0, set())


def test_a_file_that_grows_without_hints_waits_until_it_stops() -> None:
    disk = Disk()
    debouncer = Debouncer(QUIET_S, look=disk.look)
    now = 0.0
    debouncer.hint(place("video"), now)
    for _ in range(50):
        disk.change(place("video"))
        now += QUIET_S
        assert debouncer.ready(now) == []
        assert debouncer.next_due() == now + QUIET_S
    assert debouncer.ready(now + QUIET_S) == [place("video")]


def test_a_file_of_which_hints_keep_coming_waits() -> None:
    debouncer = Debouncer(QUIET_S, look=Disk().look)
    for tenth in range(100):
        debouncer.hint(place("log"), tenth / 10)
        assert debouncer.ready(tenth / 10) == []
    assert debouncer.ready(10.5) == [place("log")]


def test_a_folder_stands_for_what_is_below_it() -> None:
    debouncer = Debouncer(QUIET_S, look=Disk().look)
    for path in (place("new", "sub", "b"), place("new"), place("new", "a"), place("newer")):
        debouncer.hint(path, 0.0)
    assert debouncer.ready(1.0) == [place("new"), place("newer")]
    assert len(debouncer) == 0


def test_a_restless_file_holds_its_folder_back_not_at_all() -> None:
    disk = Disk()
    debouncer = Debouncer(QUIET_S, look=disk.look)
    debouncer.hint(place("new"), 0.0)
    debouncer.hint(place("new", "log"), 0.0)
    debouncer.hint(place("new", "done"), 0.0)
    disk.change(place("new", "log"))
    assert debouncer.ready(0.5) == [place("new")]
    assert debouncer.pending() == {place("new", "log")}
    assert debouncer.ready(1.0) == [place("new", "log")]


def test_only_what_is_due_is_looked_at() -> None:
    disk = Disk()
    debouncer = Debouncer(QUIET_S, look=disk.look)
    for tenth in range(10):
        debouncer.hint(place(str(tenth)), tenth / 10)
    looks = disk.looks
    assert debouncer.ready(0.5) == [place("0")]
    assert disk.looks == looks + 1


def test_a_storm_is_merged_into_folders_but_never_beyond_the_root() -> None:
    disk = Disk()
    debouncer = Debouncer(QUIET_S, {ROOT}, most=100, look=disk.look)
    debouncer.hint(place("quiet", "alone"), 0.0)
    for number in range(100_000):
        debouncer.hint(place("storm", str(number % 10), str(number)), 1.0)
        assert len(debouncer) <= 100
    assert disk.looks < 300_000
    covered = set(debouncer.ready(2.0))
    assert place("quiet", "alone") in covered or place("quiet") in covered
    for number in range(100_000):
        path = place("storm", str(number % 10), str(number))
        assert path in covered or below(path, covered)
    assert all(below(path, {ROOT}) for path in covered)


def test_roots_are_not_merged_with_each_other() -> None:
    roots = [place(name) for name in "abcdef"]
    debouncer = Debouncer(QUIET_S, roots, most=4, look=Disk().look)
    for root in roots:
        debouncer.hint(str(Path(root, "file")), 0.0)
    assert sorted(path[: len(roots[0])] for path in debouncer.ready(1.0)) == roots


def test_places_below_no_root_are_kept_apart() -> None:
    debouncer = Debouncer(QUIET_S, {ROOT}, most=2, look=Disk().look)
    others = [str(Path(os.sep, "elsewhere", name)) for name in "abc"]
    for path in others:
        debouncer.hint(path, 0.0)
    assert debouncer.ready(1.0) == others


def test_looks_of_real_places(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    assert look_at(str(file)) is None
    file.write_text("1", encoding="utf-8")
    first = look_at(str(file))
    folder = look_at(str(tmp_path))
    (tmp_path / "b.txt").write_text("1", encoding="utf-8")
    assert look_at(str(tmp_path)) == folder
    assert look_at(str(file)) == first
    with file.open("a", encoding="utf-8") as more:
        more.write("2")
    assert look_at(str(file)) != first
    assert look_at("no\0name") is None


PATHS = [place(*names) for names in (("a",), ("b",), ("d",), ("d", "a"), ("d", "b"), ("d", "e"), ("d", "e", "a"))]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hint"), st.sampled_from(PATHS)),
        st.tuples(st.just("change unseen"), st.sampled_from(PATHS)),
        st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 0.25, 0.5, 2.0])),
    ),
    max_size=60,
)


@given(STEPS, st.sampled_from([2, 4, 100]))
def test_all_hints_are_handed_out_once_quiet_and_none_before(
    steps: list[tuple[str, str] | tuple[str, float]], most: int
) -> None:
    disk = Disk()
    debouncer = Debouncer(QUIET_S, {ROOT}, most=most, look=disk.look)
    now = 0.0
    changed: dict[str, float] = {}
    hinted: dict[str, float] = {}
    owed: set[str] = set()

    def take() -> None:
        handed = set(debouncer.ready(now))
        for path in handed:
            assert now - changed.get(path, -1.0) >= QUIET_S - 1e-9, f"{path} is not at rest"
        restless = debouncer.pending()
        for path in list(owed):
            covered = path in handed or below(path, handed)
            held_back = path in restless or below(path, restless)
            if covered and not held_back:
                assert now - hinted[path] >= QUIET_S - 1e-9, f"{path} was hinted at just now"
                owed.discard(path)
        assert all(path in restless or below(path, restless) for path in owed), "forgotten"

    for step, what in steps:
        if isinstance(what, float):
            now += what
            take()
        elif step == "hint":
            disk.change(what)
            changed[what] = hinted[what] = now
            owed.add(what)
            debouncer.hint(what, now)
        elif what in debouncer.pending():  # of a place that nobody hinted at, nothing can be known
            disk.change(what)
            changed[what] = now
    while (due := debouncer.next_due()) is not None:
        assert due > now
        now = due
        take()
    assert not owed
