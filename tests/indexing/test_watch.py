"""What changes in watched folders is told; what cannot be told is said."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.indexing import watch
from desktop_rag.indexing.debounce import below
from desktop_rag.indexing.filesystems import Mount, mount_of, mounts
from desktop_rag.indexing.observed import ObserverWatch
from desktop_rag.indexing.watch import Watcher, Watching
from desktop_rag.types import Problem

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="is about the Linux kernel's way of telling")
links = pytest.mark.skipif(sys.platform == "win32", reason="links need special rights on Windows")


class Told:
    """A watcher, and what it told."""

    def __init__(self, *own: Path) -> None:
        self.hints: list[str] = []
        self.watcher = Watcher(self.hints.append, own)

    def wait_for(self, path: Path) -> None:
        """Until ``path`` or a folder above it was hinted at."""
        until(lambda: str(path) in self.hints or below(str(path), set(self.hints)), f"no hint at {path}: {self.hints}")

    def all_until(self, mark: Path) -> list[str]:
        """What was hinted at before a folder, which is made now: with one hint, and all earlier ones come before it."""
        mark.mkdir()
        until(lambda: str(mark) in self.hints, f"no hint at {mark}")
        hints = self.hints[: self.hints.index(str(mark))]
        self.hints.clear()
        return hints

    def state(self) -> Watching:
        (state,) = self.watcher.states()
        return state


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    told.watcher.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "old.txt").write_text("old", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "new.txt").write_text("new", encoding="utf-8")
    return root


def create(root: Path) -> list[Path]:
    (root / "fresh.txt").write_text("1", encoding="utf-8")
    return [root / "fresh.txt"]


def append(root: Path) -> list[Path]:
    with (root / "sub" / "old.txt").open("a", encoding="utf-8") as file:
        file.write("more")
    return [root / "sub" / "old.txt"]


def delete(root: Path) -> list[Path]:
    (root / "sub" / "old.txt").unlink()
    return [root / "sub" / "old.txt"]


def move_in(root: Path) -> list[Path]:
    (root.parent / "outside" / "new.txt").rename(root / "sub" / "new.txt")
    return [root / "sub" / "new.txt"]


def move_out(root: Path) -> list[Path]:
    (root / "sub" / "old.txt").rename(root.parent / "outside" / "old.txt")
    return [root / "sub" / "old.txt"]


def rename(root: Path) -> list[Path]:
    (root / "sub" / "old.txt").rename(root / "renamed.txt")
    return [root / "sub" / "old.txt", root / "renamed.txt"]


def save_atomically(root: Path) -> list[Path]:
    (root / "sub" / ".old.tmp").write_text("saved", encoding="utf-8")
    (root / "sub" / ".old.tmp").replace(root / "sub" / "old.txt")
    return [root / "sub" / "old.txt"]


def change_permissions(root: Path) -> list[Path]:
    (root / "sub" / "old.txt").chmod(0o400)
    return [root / "sub" / "old.txt"]


def move_folder_in(root: Path) -> list[Path]:
    (root.parent / "outside").rename(root / "moved in")
    return [root / "moved in"]


def move_folder_out(root: Path) -> list[Path]:
    (root / "sub").rename(root.parent / "outside" / "sub")
    return [root / "sub"]


def rename_folder(root: Path) -> list[Path]:
    (root / "sub").rename(root / "renamed")
    return [root / "sub", root / "renamed"]


def delete_folder(root: Path) -> list[Path]:
    shutil.rmtree(root / "sub")
    return [root / "sub"]


CHANGES = [create, append, delete, move_in, move_out, rename, save_atomically, change_permissions]
CHANGES += [move_folder_in, move_folder_out, rename_folder, delete_folder]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("observed", [False, True], ids=["inotify", "observer"])
def test_changes_are_told(
    change: Callable[[Path], list[Path]], observed: bool, root: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    if observed:
        monkeypatch.setattr(watch, "Inotify", ObserverWatch)
    told.watcher.watch(str(root))
    assert told.state() == Watching(str(root), "events")
    for path in change(root):
        told.wait_for(path)


def test_reading_tells_nothing(root: Path, told: Told) -> None:
    told.watcher.watch(str(root))
    for path in root.rglob("*"):
        if path.is_file():
            path.read_bytes()
    told.watcher.refresh()
    assert told.all_until(root / "mark") == []


@linux_only
def test_no_file_of_trees_made_in_a_hurry_is_missed(root: Path, told: Told) -> None:
    told.watcher.watch(str(root))
    made = []
    for tree in range(60):
        folder = root / f"tree{tree}" / "a" / "b" / "c"
        folder.mkdir(parents=True)
        for level in (folder, *folder.parents[:3]):
            made.append(level / "file.txt")
            made[-1].write_text("x", encoding="utf-8")
    hints = set(told.all_until(root / "mark"))
    assert [path for path in made if str(path) not in hints and not below(str(path), hints)] == []
    for path in made:  # from now on each is told by itself
        path.write_text("y", encoding="utf-8")
    hints = set(told.all_until(root / "mark2"))
    assert [path for path in made if str(path) not in hints] == []


@linux_only
def test_folders_that_move_are_watched_where_they_are(root: Path, told: Told) -> None:
    outside = root.parent / "outside"
    told.watcher.watch(str(root))
    (root / "sub").rename(root / "renamed")
    told.all_until(root / "1")
    append_to(root / "renamed" / "old.txt")
    assert set(told.all_until(root / "2")) == {str(root / "renamed" / "old.txt")}
    (root / "renamed").rename(outside / "away")
    told.all_until(root / "3")
    append_to(outside / "away" / "old.txt")
    assert told.all_until(root / "4") == []
    # The same name again, gone again, and only then the folder that had it before: once mixed up by watchdog.
    (root / "renamed").mkdir()
    (root / "renamed").rmdir()
    (outside / "away").rename(root / "back")
    told.all_until(root / "5")
    append_to(root / "back" / "old.txt")
    assert set(told.all_until(root / "6")) == {str(root / "back" / "old.txt")}
    shutil.rmtree(root / "back")
    told.wait_for(root / "back")
    told.watcher.refresh()
    assert told.state() == Watching(str(root), "events")


@linux_only
def test_a_folder_that_moved_into_a_new_one_before_this_was_watched(root: Path) -> None:
    hold, hints = threading.Event(), list[str]()

    def slow(path: str) -> None:
        hold.wait(60.0)
        hints.append(path)

    watcher = Watcher(slow)
    try:
        watcher.watch(str(root))
        create(root)  # whatever is told of this is held up, and all else behind it
        (root / "new").mkdir()
        (root / "sub").rename(root / "new" / "sub")
        hold.set()
        (root / "mark").mkdir()
        until(lambda: str(root / "mark") in hints, "no hint at the mark")
        append_to(root / "new" / "sub" / "old.txt")
        until(lambda: str(root / "new" / "sub" / "old.txt") in hints, f"not watched where it is: {hints}")
    finally:
        hold.set()
        watcher.close()


def append_to(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("more")


@links
def test_links_lead_nowhere(root: Path, told: Told) -> None:
    (root / "sub" / "loop").symlink_to(root)
    told.watcher.watch(str(root))
    (root / "loop2").symlink_to(root / "sub")
    told.wait_for(root / "loop2")
    told.hints.clear()
    append(root)
    assert set(told.all_until(root / "mark")) == {str(root / "sub" / "old.txt")}


@links
def test_a_root_reached_through_a_link_keeps_its_name(root: Path, told: Told) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    told.watcher.watch(str(link))
    append(root)
    told.wait_for(link / "sub" / "old.txt")
    told.all_until(link / "mark")
    link.unlink()
    link.symlink_to(root / "sub")
    told.watcher.refresh()
    assert told.hints == [str(link)]
    append(root)
    told.wait_for(link / "old.txt")


@linux_only
def test_our_own_folders_and_left_out_ones_are_not_told_of(root: Path) -> None:
    told = Told(root / "library")
    (root / "library").mkdir()
    (root / "node_modules" / "deep").mkdir(parents=True)
    try:
        told.watcher.watch(str(root), lambda folder: Path(folder).name == "node_modules")
        (root / "library" / "catalog").write_text("x", encoding="utf-8")
        (root / "library").chmod(0o700)
        (root / "node_modules" / "deep" / "x.js").write_text("x", encoding="utf-8")
        append(root)
        assert set(told.all_until(root / "mark")) == {str(root / "sub" / "old.txt")}
    finally:
        told.watcher.close()


def test_a_single_file_is_told_of_without_its_neighbours(root: Path, told: Told) -> None:
    file = root / "sub" / "old.txt"
    told.watcher.watch(str(file))
    (root / "sub" / "other.txt").write_text("x", encoding="utf-8")
    save_atomically(root)
    told.wait_for(file)
    file.unlink()
    told.watcher.refresh()
    assert (told.state().how, told.state().reason) == ("missing", "It cannot be found.")
    file.write_text("back", encoding="utf-8")
    told.watcher.refresh()
    assert told.state().how == "events"
    append(root)
    told.wait_for(file)
    assert set(told.hints) == {str(file)}


def test_a_root_that_vanishes_and_returns(root: Path, told: Told) -> None:
    away = root.parent / "away"
    told.watcher.watch(str(root))
    root.rename(away)
    told.watcher.refresh()
    assert told.state() == Watching(str(root), "missing", "It cannot be found.")
    append_to(away / "sub" / "old.txt")
    told.watcher.refresh()
    assert set(told.hints) == {str(root)}
    told.hints.clear()
    away.rename(root)
    told.watcher.refresh()
    assert told.hints == [str(root)]
    assert told.state() == Watching(str(root), "events")
    append(root)
    told.wait_for(root / "sub" / "old.txt")


@linux_only
def test_a_root_that_was_replaced_between_two_looks(root: Path, told: Told) -> None:
    told.watcher.watch(str(root))
    for _ in range(3):
        shutil.rmtree(root)
        (root / "sub").mkdir(parents=True)
        until(lambda: replaced(told), "the deletion was not noticed")
        told.wait_for(root)
        told.hints.clear()
        (root / "sub" / "fresh.txt").write_text("x", encoding="utf-8")
        told.wait_for(root / "sub" / "fresh.txt")


def replaced(told: Told) -> bool:
    told.watcher.refresh()
    return told.state().root in told.hints


def test_a_root_that_is_not_there_yet(root: Path, told: Told) -> None:
    told.watcher.watch(str(root / "later"))
    told.watcher.refresh()
    assert (told.state().how, told.hints) == ("missing", [])
    (root / "later").mkdir()
    told.watcher.refresh()
    assert told.hints == [str(root / "later")]
    create(root / "later")
    told.wait_for(root / "later" / "fresh.txt")


def test_roots_may_lie_in_each_other_and_are_forgotten_one_by_one(root: Path, told: Told) -> None:
    told.watcher.watch(str(root))
    told.watcher.watch(str(root / "sub"))
    told.watcher.unwatch(str(root / "sub"))
    told.watcher.unwatch(str(root / "sub"))
    append(root)
    told.wait_for(root / "sub" / "old.txt")
    told.watcher.watch(str(root / "sub"))
    told.watcher.unwatch(str(root))
    told.hints.clear()
    create(root)
    append(root)
    told.wait_for(root / "sub" / "old.txt")
    assert str(root / "fresh.txt") not in told.hints
    assert [state.root for state in told.watcher.states()] == [str(root / "sub")]


def test_closing_ends_all_threads(root: Path) -> None:
    before = set(threading.enumerate())
    told = Told()
    told.watcher.watch(str(root))
    assert set(threading.enumerate()) > before
    told.watcher.close()
    assert set(threading.enumerate()) == before
    create(root)
    told.watcher.refresh()
    assert told.hints == []
    assert told.watcher.states() == []


# --- what cannot be told ---------------------------------------------------------------------------------------------


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, number: int = errno.ENOSPC) -> None:
    """Have the kernel refuse to watch folders of that name."""
    from watchdog.observers.inotify_c import InotifyFD

    watch_it = InotifyFD.add_callback

    def add_callback(kernel: InotifyFD, path: bytes, *rest: Any) -> Any:
        if Path(os.fsdecode(path)).name == name:
            raise OSError(number, os.strerror(number))
        return watch_it(kernel, path, *rest)

    monkeypatch.setattr(InotifyFD, "add_callback", add_callback)


@linux_only
@pytest.mark.parametrize("name", ["root", "sub"])
def test_limit_reached_at_the_start(name: str, root: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_RETRY_S", 0.0)
    with monkeypatch.context() as full:
        refuse(full, name)
        told.watcher.watch(str(root))
        assert told.state().how == "polling"
        assert "fs.inotify.max_user_watches" in told.state().reason
        told.watcher.refresh()
        assert (told.state().how, told.hints) == ("polling", [])
    told.watcher.refresh()
    assert told.state() == Watching(str(root), "events")
    assert str(root) in told.hints


@linux_only
def test_limit_reached_later(root: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    told.watcher.watch(str(root))
    refuse(monkeypatch, "one too many")
    (root / "one too many").mkdir()
    told.wait_for(root / "one too many")
    told.hints.clear()
    told.watcher.refresh()
    assert told.state().how == "polling"
    assert told.hints == [str(root)]


@linux_only
def test_no_more_programs_may_watch(root: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchdog.observers.inotify_c import InotifyFD

    def refused(_: type[InotifyFD]) -> int:
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(InotifyFD, "_create_inotify_fd", classmethod(refused))
    told.watcher.watch(str(root))
    assert told.state().how == "polling"
    assert "fs.inotify.max_user_instances" in told.state().reason


@linux_only
def test_events_that_the_kernel_dropped(root: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="ascii"))
    if limit > 50_000:
        pytest.skip("takes too many events here")
    hold, hints = threading.Event(), list[str]()

    def slow(path: str) -> None:
        hold.wait(60.0)
        hints.append(path)

    watcher = Watcher(slow)
    try:
        watcher.watch(str(root))
        with (root / "a").open("wb", buffering=0) as a, (root / "b").open("wb", buffering=0) as b:
            for _ in range(limit // 2 + 3000):  # in turn, as the kernel merges two alike in a row
                a.write(b"x")
                b.write(b"x")
        (root / "unseen").mkdir()
        hold.set()
        until(lambda: refreshed(watcher, "too fast"), "no overflow")
        assert watcher.states()[0].how == "events"
        assert "once" in watcher.states()[0].reason
        assert str(root) in hints
        (root / "unseen" / "file").write_text("x", encoding="utf-8")
        until(lambda: str(root / "unseen" / "file") in hints, "the new folder is not watched")
    finally:
        hold.set()
        watcher.close()


def refreshed(watcher: Watcher, reason: str) -> bool:
    watcher.refresh()
    return reason in watcher.states()[0].reason


@linux_only
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_replaced_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

    hints: list[str] = []
    handle = InotifyFD.handle_event

    def fragile(self: InotifyFD, event: InotifyEvent) -> None:
        if event.name.endswith(b"poison"):
            raise ValueError(event.name)
        handle(self, event)

    monkeypatch.setattr(InotifyFD, "handle_event", fragile)
    before = set(threading.enumerate())
    watcher = Watcher(hints.append)
    try:
        watcher.watch(str(root))
        for expected in ("events", "polling"):
            hints.clear()
            (thread,) = set(threading.enumerate()) - before
            (root / f"{expected} poison").mkdir()
            thread.join(10.0)
            assert not thread.is_alive()
            watcher.refresh()
            assert watcher.states()[0].how == expected
            assert str(root) in hints
            if expected == "events":
                append(root)
                until(lambda: str(root / "sub" / "old.txt") in hints, "not watched anew")
        assert "twice" in watcher.states()[0].reason
        watcher.refresh()
        assert watcher.states()[0].how == "polling"
    finally:
        watcher.close()


@pytest.mark.parametrize("source", ["inotify", "observer"])
def test_whoever_is_told_may_fail(root: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    hints: list[str] = []
    problems: list[Problem] = []
    poison = [KeyError("x"), MemoryError()]

    def fragile(path: str) -> None:
        if poison and path.endswith("poison"):
            raise poison.pop()
        hints.append(path)

    if source == "observer":
        monkeypatch.setattr("desktop_rag.indexing.watch._open_events", ObserverWatch)
    elif sys.platform != "linux":
        pytest.skip("inotify is Linux's own")

    def told(count: int) -> bool:
        return len(problems) == count

    watcher = Watcher(fragile, report=problems.append)
    try:
        watcher.watch(str(root))
        while poison:
            hints.clear()
            left = len(poison) - 1
            (root / f"{left} poison").write_text("x", encoding="utf-8")
            until(partial(told, 2 - left), "the error is not told")
            watcher.refresh()
            assert watcher.states()[0].how == "events"
            assert str(root) in hints
            append(root)
            until(lambda: str(root / "sub" / "old.txt") in hints, "not watched anew")
        assert {problem.code for problem in problems} == {"bug"}
    finally:
        watcher.close()


@linux_only
def test_folders_that_may_not_be_listed() -> None:
    """Root may list all: the test takes the rights of nobody for a while."""
    pytest.importorskip("watchdog.observers.inotify_c")  # nobody may not be allowed to read what is imported
    top = Path(tempfile.mkdtemp())
    told = Told()
    top.chmod(0o777)
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(65534)
    try:
        for name in ("closed", "closed too", "open"):
            (top / name).mkdir()
            (top / name / "file").write_text("x", encoding="utf-8")
        (top / "closed").chmod(0)
        (top / "closed too").chmod(0)
        told.watcher.watch(str(top))
        assert told.state() == Watching(str(top), "events")
        told.watcher.watch(str(top / "closed"))
        assert told.watcher.states()[1] == Watching(
            str(top / "closed"), "missing", "You do not have permission to open it."
        )
        append_to(top / "open" / "file")
        told.wait_for(top / "open" / "file")
        (top / "closed").chmod(0o700)
        told.wait_for(top / "closed")
        told.all_until(top / "mark")
        append_to(top / "closed" / "file")
        told.wait_for(top / "closed" / "file")
        told.all_until(top / "mark2")
        told.watcher.refresh()
        assert told.watcher.states()[1] == Watching(str(top / "closed"), "events")
        assert told.hints == [str(top / "closed")]
    finally:
        if as_root:
            os.seteuid(0)
        told.watcher.close()
        (top / "closed too").chmod(0o700)
        shutil.rmtree(top)


# --- drives ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "silent"),
    [
        ("ext4", False),
        ("btrfs", False),
        ("NTFS", False),
        ("fuseblk", False),
        ("fuse.gocryptfs", False),
        ("nfs4", True),
        ("cifs", True),
        ("9p", True),
        ("fuse", True),
        ("fuse.sshfs", True),
        ("fuse.rclone", True),
    ],
)
def test_file_systems_that_tell_nothing(kind: str, silent: bool) -> None:
    assert Mount(Path("/mnt"), kind, "").silent is silent


def test_the_innermost_and_last_attached_file_system_counts() -> None:
    attached = tuple(
        Mount(Path(folder), kind, "")
        for folder, kind in (("/", "ext4"), ("/mnt/nas", "autofs"), ("/mnt/nas", "nfs4"), ("/mnt/nasty", "xfs"))
    )
    assert mount_of(Path("/mnt/nas/photos"), attached) == attached[2]
    assert mount_of(Path("/mnt/na"), attached) == attached[0]


@pytest.mark.skipif(sys.platform == "win32", reason="is not asked on Windows")
def test_the_file_system_of_a_real_folder_is_known(tmp_path: Path) -> None:
    assert mount_of(tmp_path, mounts()) is not None


def test_network_drives_are_polled(root: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    local = mounts()
    nas = Mount(root, "nfs4", "nas:/files")
    monkeypatch.setattr(watch, "mounts", lambda: (*local, nas))
    told.watcher.refresh()
    told.watcher.watch(str(root / "sub"))
    assert told.state().how == "polling"
    assert f"{root} is a network or cloud drive (nfs4)" in told.state().reason
    monkeypatch.setattr(watch, "mounts", lambda: local)
    told.watcher.refresh()
    assert told.state() == Watching(str(root / "sub"), "events")
    assert told.hints == [str(root / "sub")]
    monkeypatch.setattr(watch, "mounts", lambda: (*local, nas))
    told.watcher.refresh()
    assert told.state().how == "polling"


def test_a_network_drive_inside_a_folder_is_mentioned(root: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    told.watcher.watch(str(root))
    local = mounts()
    monkeypatch.setattr(watch, "mounts", lambda: (*local, Mount(root / "sub", "fuse.rclone", "cloud:")))
    told.watcher.refresh()
    assert told.hints == [str(root)]
    assert told.state().how == "events"
    assert str(root / "sub") in told.state().reason


IN_A_NAMESPACE = """
import subprocess, sys, time
from pathlib import Path
from desktop_rag.indexing.watch import Watcher

hints = []
watcher = Watcher(hints.append)
root = Path(sys.argv[1])

def until(path):
    deadline = time.monotonic() + 10
    while str(path) not in hints:
        assert time.monotonic() < deadline, (path, hints)
        time.sleep(0.005)
"""

LIMIT = """
Path("/proc/sys/user/max_inotify_watches").write_text("5")
watcher.watch(str(root))
assert watcher.states()[0].how == "events", watcher.states()
for number in range(10):
    (root / str(number)).mkdir()
until(root / "9")
watcher.refresh()
assert watcher.states()[0].how == "polling", watcher.states()
Path("/proc/sys/user/max_inotify_watches").write_text("500")
watcher.watch(str(root))
assert watcher.states()[0].how == "events", watcher.states()
Path("/proc/sys/user/max_inotify_watches").write_text("5")
watcher.unwatch(str(root))
watcher.watch(str(root))
assert watcher.states()[0].how == "polling", watcher.states()
Path("/proc/sys/user/max_inotify_instances").write_text("0")
other = Watcher(hints.append)
other.watch(str(root))
assert other.states()[0].how == "polling", other.states()
print(other.states()[0].reason)
"""

DRIVE = """
def mount(*command):
    subprocess.run(command, check=True)
    watcher.refresh()
    until(root)
    hints.clear()

watcher.watch(str(root))
for _ in range(2):
    mount("mount", "-t", "tmpfs", "stick", str(root / "sub"))
    (root / "sub" / "file").write_text("x")
    until(root / "sub" / "file")
    mount("umount", str(root / "sub"))
    (root / "sub" / "old.txt").write_text("x")
    until(root / "sub" / "old.txt")
for _ in range(2):
    mount("mount", "-t", "tmpfs", "stick", str(root))
    (root / "file").write_text("x")
    until(root / "file")
    mount("umount", str(root))
    (root / "sub" / "old.txt").write_text("x")
    until(root / "sub" / "old.txt")
assert watcher.states()[0].how == "events", watcher.states()
print("as it was")
"""


@linux_only
@pytest.mark.parametrize(
    ("script", "says"), [(LIMIT, "max_user_instances"), (DRIVE, "as it was")], ids=["limit", "drive"]
)
def test_real_limits_and_drives(script: str, says: str, root: Path) -> None:
    isolated = ["unshare", "--user", "--map-root-user", "--mount"]
    probe = "echo 100 > /proc/sys/user/max_inotify_watches && mount -t tmpfs none /mnt"
    try:
        subprocess.run([*isolated, "sh", "-c", probe], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs user namespaces")
    child = subprocess.run(
        [*isolated, sys.executable, "-c", IN_A_NAMESPACE + script, str(root)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert says in child.stdout
