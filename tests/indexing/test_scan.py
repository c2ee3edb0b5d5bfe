"""What a scan lists, and what it takes for unread or missing, so that nothing counts as gone that may be there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.config import Config
from desktop_rag.indexing import scan as scan_module
from desktop_rag.indexing.rules import Folder, Rule, Rules
from desktop_rag.indexing.scan import Scan, ScannedFile, scan

_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files, or wants rights for them")


def _write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="utf-8")


def _scan(root: Path, config: Config | None = None, at: str = "", mounts: tuple[Path, ...] = ()) -> Scan:
    rules = Rules(root, config or Config())
    return scan(root, rules, at=root / at if at else None, mounts=tuple(map(str, mounts)))


def _names(found: Scan, root: Path) -> list[str]:
    return sorted(Path(path).relative_to(root).as_posix() for path in found.files)


def test_a_scan_follows_the_rules(tmp_path: Path) -> None:
    _write(tmp_path, "a.txt", "b.tmp", "keep/c.txt", "node_modules/d.txt", ".hidden/e.txt", "film.iso")
    found = _scan(tmp_path, Config(ignore=("*.iso",)))
    assert _names(found, tmp_path) == ["a.txt", "keep/c.txt"]
    assert (found.unread, found.missing) == ([], False)
    status = (tmp_path / "a.txt").stat()
    assert found.files[str(tmp_path / "a.txt")] == ScannedFile(1, status.st_mtime_ns)
    assert list(_scan(tmp_path / "a.txt").files) == [str(tmp_path / "a.txt")]
    assert _scan(tmp_path / "nowhere").missing


def test_a_scan_of_a_part(tmp_path: Path) -> None:
    _write(tmp_path, "a.txt", "sub/b.txt", "sub/deep/c.txt", "sub.txt", "build.tmp/d.txt", "sub/.h/e.txt")
    assert _names(_scan(tmp_path, at="sub"), tmp_path) == ["sub/b.txt", "sub/deep/c.txt"]
    assert _names(_scan(tmp_path, at="sub/deep/c.txt"), tmp_path) == ["sub/deep/c.txt"]
    for nothing in ("gone", "gone/deeper.txt", "a.txt/below", "build.tmp/d.txt", "build.tmp", "sub/.h"):
        found = _scan(tmp_path, at=nothing)
        assert (found.files, found.unread, found.missing) == ({}, [], False)
    assert _scan(tmp_path / "nowhere", at="a.txt").missing
    with pytest.raises(ValueError, match="subpath"):
        _scan(tmp_path / "sub", at=str(tmp_path / "a.txt"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_are_set_aside(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/fold\xe9r"))
    folder.mkdir()
    _write(folder, "a.txt")
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    file.write_bytes(b"x")
    found = _scan(tmp_path)
    assert found.files == {}
    assert sorted(found.unnameable) == sorted([str(file), str(folder)])


@_posix
def test_circles_of_links_end(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    _write(tmp_path, "root/a.txt", "root/sub/b.txt", "outside/c.txt")
    (root / "self").symlink_to(root)
    (root / "sub" / "up").symlink_to("..")
    (root / "out").symlink_to(outside)
    (outside / "back").symlink_to(root)
    (outside / "round").symlink_to(outside)
    (root / "nowhere").symlink_to(tmp_path / "gone")
    (root / "itself").symlink_to("itself")
    assert _names(_scan(root), root) == ["a.txt", "sub/b.txt"]
    found = _scan(root, Config(follow_links=True))
    assert (_names(found, root), found.unread) == (["a.txt", "out/c.txt", "sub/b.txt"], [])


@_posix
def test_many_folders_linked_with_each_other_are_listed_once(tmp_path: Path) -> None:
    for number in range(12):
        _write(tmp_path, f"f{number}/note.txt")
        for other in range(12):
            (tmp_path / f"f{number}" / f"to{other}").symlink_to(tmp_path / f"f{other}")
    assert len(_scan(tmp_path, Config(follow_links=True)).files) == 12


@_posix
def test_only_files_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
        (tmp_path / "device.txt").symlink_to("/dev/null")
        assert _scan(tmp_path, Config(follow_links=True)).files == {}
        assert _scan(tmp_path, at="pipe.txt").files == {}


class _CaseFolding(Rules):
    """A file system that finds a file under its name in any case."""

    def look(self, above: Folder, name: str) -> tuple[Folder | Rule | None, os.stat_result]:
        for entry in os.listdir(above.path):  # noqa: PTH208
            if entry.lower() == name.lower():
                return super().look(above, entry)
        raise FileNotFoundError(name)


def test_after_a_rename_in_case_only_the_old_name_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "Notes/Letter.txt")
    monkeypatch.setattr(scan_module, "_CASE_FOLDED", True)
    rules = _CaseFolding(tmp_path, Config())
    for old in ("Notes/letter.txt", "notes/Letter.txt", "notes"):
        assert scan(tmp_path, rules, at=tmp_path / old).files == {}
    for new in ("Notes/Letter.txt", "Notes"):
        assert _names(scan(tmp_path, rules, at=tmp_path / new), tmp_path) == ["Notes/Letter.txt"]


# --- what cannot be read ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_unread(tmp_path: Path) -> None:
    _write(tmp_path, "open/a.txt", "shut/b.txt", "names/c.txt")
    (tmp_path / "shut").chmod(0)
    (tmp_path / "names").chmod(0o400)
    try:
        found = _scan(tmp_path)
        assert _names(found, tmp_path) == ["open/a.txt"]
        assert sorted(found.unread) == [str(tmp_path / "names"), str(tmp_path / "shut")]
        assert _scan(tmp_path, at="shut/b.txt").unread == [str(tmp_path / "shut")]
    finally:
        (tmp_path / "shut").chmod(0o700)
        (tmp_path / "names").chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "open/a.txt", "shut/b.txt", "shut/usb/c.txt")
    listing = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if path == refused:
            raise PermissionError(path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    refused = str(tmp_path / "shut")
    found = _scan(tmp_path, mounts=(tmp_path / "shut" / "usb",))
    assert (_names(found, tmp_path), found.unread, found.missing) == (["open/a.txt"], [refused], False)
    assert str(tmp_path / "shut" / "usb") in found.mounts  # it is remembered until the folder can be read
    refused = str(tmp_path)
    assert _scan(tmp_path).missing


# --- drives that are pulled out --------------------------------------------------------------------------------------


def test_an_unplugged_drive_below_the_root_is_unread(tmp_path: Path) -> None:
    _write(tmp_path, "a.txt")
    empty, gone = tmp_path / "empty", tmp_path / "media" / "gone"
    empty.mkdir()
    found = _scan(tmp_path, mounts=(empty, gone))
    assert _names(found, tmp_path) == ["a.txt"]
    assert found.unread == [str(empty), str(gone)]
    assert not found.missing
    assert {str(empty), str(gone)} <= set(found.mounts)  # they are remembered for as long as it takes
    for at in ("empty", "empty/b.txt", "media/gone/deep/c.txt"):
        found = _scan(tmp_path, at=at, mounts=(empty, gone))
        assert (found.files, found.missing) == ({}, False)
        assert any((tmp_path / at).is_relative_to(folder) for folder in found.unread)


def test_a_folder_that_is_used_without_its_drive_is_accepted(tmp_path: Path) -> None:
    _write(tmp_path, "usb/a.txt")
    found = _scan(tmp_path, mounts=(tmp_path / "usb",))
    assert _names(found, tmp_path) == ["usb/a.txt"]
    assert found.unread == []
    assert str(tmp_path / "usb") not in found.mounts


def test_a_drive_that_is_left_out_by_now_is_not_waited_for(tmp_path: Path) -> None:
    found = _scan(tmp_path, Config(ignore=("usb/",)), mounts=(tmp_path / "usb",))
    assert (found.unread, str(tmp_path / "usb") in found.mounts) == ([], False)


def test_a_root_on_an_unplugged_drive_is_missing(tmp_path: Path) -> None:
    root = tmp_path / "usb"
    root.mkdir()
    assert not _scan(root).missing
    assert _scan(root, mounts=(root,)).missing
    assert _scan(root, at="a.txt", mounts=(root,)).missing
    assert _scan(root / "notes", mounts=(root,)).missing


def test_mount_points_are_told_by_their_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, usb = tmp_path / "disk" / "root", tmp_path / "disk" / "root" / "usb"
    _write(usb, "a.txt")
    at = os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path / "disk" or at(path))
    assert _scan(root).mounts == [str(tmp_path / "disk")]
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) in {tmp_path / "disk", root} or at(path))
    assert _scan(root).mounts == [str(root)]
    # Where only "/" is a mount point there is nothing to remember.
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == Path(tmp_path.anchor))
    assert _scan(root).mounts == ([] if sys.platform != "win32" else [tmp_path.anchor])


_MOUNTING = """
    import json, subprocess, sys
    from pathlib import Path
    from desktop_rag.config import Config
    from desktop_rag.indexing.rules import Rules
    from desktop_rag.indexing.scan import scan

    root, linked = Path(sys.argv[1]), Path(sys.argv[2])
    usb = root / "usb"

    def mount(folder):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
        (folder / "sub").mkdir()
        (folder / "sub" / "a.txt").write_text("x")

    class Pulling(Rules):
        def judge(self, above, name, **entry):
            if name == "a.txt":
                subprocess.run(["umount", usb], check=True)
            return super().judge(above, name, **entry)

    def tell(found):
        print(json.dumps([sorted(found.files), sorted(found.unread), found.missing, sorted(found.mounts)]))

    follow = Config(follow_links=True)
    mount(usb)
    mount(linked)
    first = scan(root, Rules(root, follow))
    tell(first)
    tell(scan(usb / "sub", Rules(usb / "sub", follow)))
    tell(scan(root, Pulling(root, Config())))
    subprocess.run(["umount", linked], check=True)
    tell(scan(root, Rules(root, follow), mounts=first.mounts))
    tell(scan(usb, Rules(usb, follow), mounts=[str(usb)]))
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="this system does not let a test attach a drive",
)
def test_a_drive_that_is_attached_and_pulled_out(tmp_path: Path) -> None:
    root, linked = tmp_path / "root", tmp_path / "linked"
    (root / "usb").mkdir(parents=True)
    linked.mkdir()
    (root / "link").symlink_to(linked / "sub")
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", textwrap.dedent(_MOUNTING), root, linked],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    full, below, pulled, later, alone = map(json.loads, done.stdout.splitlines())
    usb, link = str(root / "usb"), str(root / "link")
    files, unread, missing, mounts = full
    assert (files, unread, missing) == ([f"{link}/a.txt", f"{usb}/sub/a.txt"], [], False)
    assert {usb, link} <= set(mounts)
    assert below[3] == [usb]
    assert pulled[1] == [usb]  # while the scan was going on
    files, unread, missing, mounts = later
    assert (files, unread, missing) == ([], [link, usb], False)
    assert {usb, link} <= set(mounts)
    assert alone[2] is True
