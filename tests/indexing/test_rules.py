"""What is left out, by which rule, and that patterns mean here what they mean to git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_rag.config import DEFAULT_IGNORE, Config, FolderRules
from desktop_rag.indexing import rules as rules_module
from desktop_rag.indexing.rules import Rule, Rules
from desktop_rag.indexing.scan import scan

_posix = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def _write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="utf-8")


def _rule(root: Path, name: str, config: Config | None = None, *own: Path) -> Rule | None:
    return Rules(root, config or Config(), own).matching(root / name)


@pytest.mark.parametrize(
    ("name", "pattern", "origin"),
    [
        ("draft.tmp", "*.tmp", "built in"),
        ("web/node_modules/left/pad.js", "node_modules/", "built in"),
        ("#draft#", r"\#*#", "built in"),
        ("film.iso", "*.iso", "your settings"),
        ("letters/old/1999.txt", "/letters/old/", "your settings"),
        ("secret.md", "secret.*", "your settings for this folder"),
        (".profile", ".profile", "hidden files"),
        (".ssh/known/id.txt", ".ssh", "hidden files"),
        ("long.txt", "10", "size limit"),
        ("lost+found/1.txt", "lost+found", "system folder"),
    ],
)
def test_each_rule_says_where_it_comes_from(tmp_path: Path, name: str, pattern: str, origin: str) -> None:
    _write(tmp_path, name, "letter.txt")
    (tmp_path / "long.txt").write_text("more than ten", encoding="utf-8")
    config = Config(
        ignore=("*.iso", "/letters/old/"),
        largest_bytes=10,
        folders={str(tmp_path): FolderRules(ignore=("secret.*",))},
    )
    assert _rule(tmp_path, name, config) == Rule(pattern, origin)
    assert _rule(tmp_path, "letter.txt", config) is None
    assert pattern in str(Rule(pattern, origin)) or "10 bytes" in str(Rule(pattern, origin))


def test_the_last_pattern_decides(tmp_path: Path) -> None:
    _write(tmp_path, "old.bak", "build/plan.txt", ".notes/a.md", ".other/a.md")
    config = Config(ignore=("!*.bak", "build/", "!build/plan.txt", "!.notes/"))
    assert _rule(tmp_path, "old.bak", config) is None
    assert _rule(tmp_path, "build/plan.txt", config) == Rule("build/", "your settings")  # nothing below it comes back
    assert _rule(tmp_path, ".notes/a.md", config) is None
    assert _rule(tmp_path, ".other/a.md", config) == Rule(".other", "hidden files")
    elsewhere = Config(ignore=config.ignore, folders={str(tmp_path): FolderRules(ignore=("*.bak",))})
    assert _rule(tmp_path, "old.bak", elsewhere) == Rule("*.bak", "your settings for this folder")


def test_one_folder_has_rules_of_its_own(tmp_path: Path) -> None:
    for root in ("here", "there"):
        _write(tmp_path / root, ".diary.md", "a.iso")
    config = Config(folders={str(tmp_path / "here"): FolderRules(ignore=("*.iso",), hidden=True)})
    assert _rule(tmp_path / "here", ".diary.md", config) is None
    assert _rule(tmp_path / "here", "a.iso", config) is not None
    assert _rule(tmp_path / "there", ".diary.md", config) is not None
    assert _rule(tmp_path / "there", "a.iso", config) is None


def test_the_root_and_what_is_above_it_are_never_left_out(tmp_path: Path) -> None:
    root = tmp_path / ".hidden" / "cache.tmp"
    _write(root, "a.txt")
    assert Rules(root, Config()).matching(root) is None
    assert _rule(root, "a.txt") is None
    with pytest.raises(ValueError, match="subpath"):
        Rules(root, Config()).matching(tmp_path)


def test_hidden_files_are_indexed_where_asked_for(tmp_path: Path) -> None:
    _write(tmp_path, ".config.md", ".git/config")
    assert _rule(tmp_path, ".config.md", Config(hidden=True)) is None
    assert _rule(tmp_path, ".git/config", Config(hidden=True)) == Rule(".git/", "built in")


def test_the_programs_own_folders_are_never_indexed(tmp_path: Path) -> None:
    own = tmp_path / "home" / "library"
    _write(tmp_path, "home/library/chroma/data.bin", "home/letter.txt")
    everything = Config(ignore=("!*",), hidden=True, follow_links=True)
    wanted = Rule(str(own), "the library itself")
    assert _rule(tmp_path, "home/library/chroma/data.bin", everything, own) == wanted
    assert _rule(tmp_path, "home/letter.txt", everything, own) is None
    assert Rules(own / "chroma", everything, (own,)).matching(own / "chroma") == wanted
    assert scan(own / "chroma", Rules(own / "chroma", everything, (own,))).files == {}
    if sys.platform != "win32":
        (tmp_path / "folder").symlink_to(own / "chroma")
        (tmp_path / "file.txt").symlink_to(own / "chroma" / "data.bin")
        assert _rule(tmp_path, "folder/data.bin", everything, own) == wanted
        assert _rule(tmp_path, "file.txt", everything, own) == wanted


def test_system_folders_are_left_out_below_a_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "proc"
    _write(tmp_path, "proc/1/status.txt")
    name = "_SYSTEM_VARIABLES" if sys.platform == "win32" else "_SYSTEM_FOLDERS"
    monkeypatch.setenv("TheSystem", str(system))
    monkeypatch.setattr(rules_module, name, ("TheSystem",) if sys.platform == "win32" else (str(system),))
    assert _rule(tmp_path, "proc/1/status.txt") == Rule(str(system), "system folder")
    assert _rule(system, "1/status.txt") is None


@pytest.mark.skipif(sys.platform != "linux", reason="has other system folders")
def test_the_kernels_folders_are_system_folders() -> None:
    assert Rules(Path("/"), Config()).matching(Path("/proc/version")) == Rule("/proc", "system folder")


@_posix
def test_links(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    _write(tmp_path, "root/a.txt", "root/sub/b.txt", "root/.archive/old.txt", "outside/deep/c.txt")
    (root / "to_a.txt").symlink_to(root / "a.txt")
    (root / "to_c.txt").symlink_to(outside / "deep" / "c.txt")
    (root / "to_outside").symlink_to(outside)
    (root / "to_sub").symlink_to("sub")
    (root / "to_archive").symlink_to(".archive")
    (outside / "back").symlink_to(root)
    (outside / "up").symlink_to(tmp_path)
    assert _rule(root, "to_a.txt") is None
    assert _rule(root, "to_c.txt") == Rule(str(outside / "deep" / "c.txt"), "links")
    assert _rule(root, "to_outside/deep/c.txt") == Rule(str(outside), "links")
    assert _rule(root, "to_sub/b.txt") == Rule(str(root / "sub"), "links")

    follow = Config(follow_links=True)
    assert _rule(root, "to_c.txt", follow) is None
    assert _rule(root, "to_outside/deep/c.txt", follow) is None
    assert _rule(root, "to_archive/old.txt", follow) is None  # which is not indexed at its own place
    assert _rule(root, "to_sub/b.txt", follow) == Rule(str(root / "sub"), "links")  # which is
    assert _rule(root, "to_outside/back/a.txt", follow) == Rule(str(root), "links")
    assert _rule(root, "to_outside/up/root/a.txt", follow) == Rule(str(root), "links")  # a circle


def test_what_is_not_there_is_judged_by_its_name(tmp_path: Path) -> None:
    assert _rule(tmp_path, "gone/node_modules/x.js") == Rule("node_modules/", "built in")
    assert _rule(tmp_path, "gone/x.js") is None
    assert _rule(tmp_path / "nowhere", ".x") == Rule(".x", "hidden files")


# --- scan and Rules agree, and so do Rules and git ------------------------------------------------------------------

_NAMES = st.sampled_from(["a", "b", "c.txt", "x.tmp", ".h", "build"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_BODIES = st.sampled_from(
    (
        *("a", "a/", "/a", "b/", "*", "*/", "**", "a/b", "a/*", "a/**", "**/b", "a/**/b", "*.txt", "*.t*", "/b/"),
        *("build/", "build", "?", "c.*", "**/", "/*", "/**", ".h", ".*", "/a/b/", "b/c.txt", r"\a", "*.tmp", "[ab]"),
    )
)
_PATTERNS = st.lists(st.builds(str.__add__, st.sampled_from(["", "", "!"]), _BODIES), max_size=6).map(tuple)


def _build(root: Path, paths: list[str]) -> None:
    for path in paths:
        place = root
        *folders, name = path.split("/")
        for folder in folders:
            place /= folder
            if not place.is_dir():
                if place.is_symlink() or place.exists():
                    break
                place.mkdir()
        else:
            if not (place / name).exists() and not (place / name).is_symlink():
                (place / name).write_text("x", encoding="utf-8")


def _reachable(folder: Path, depth: int) -> Iterator[Path]:
    """All files below a folder, through links too, no more than ``depth`` names deep."""
    for entry in folder.iterdir():
        if entry.is_file():
            yield entry
        elif entry.is_dir() and depth > 1:
            yield from _reachable(entry, depth - 1)


@_posix
@settings(max_examples=150, deadline=None)
@given(
    paths=st.lists(_PATHS, min_size=1, max_size=8),
    links=st.lists(
        st.tuples(_PATHS, st.sampled_from([".", "a", "b", "a/b", "../out", "../out/a", "..", ".h"])), max_size=2
    ),
    ignore=_PATTERNS,
    hidden=st.booleans(),
    follow=st.booleans(),
)
def test_a_scan_lists_exactly_what_no_rule_leaves_out(
    paths: list[str], links: list[tuple[str, str]], ignore: tuple[str, ...], hidden: bool, follow: bool
) -> None:
    with TemporaryDirectory() as folder:
        root, outside = Path(folder).resolve() / "root", Path(folder).resolve() / "out"
        root.mkdir()
        (outside / "a").mkdir(parents=True)
        _write(outside, "a/c.txt")
        _build(root, paths)
        for name, target in links:
            place = root / name
            if place.parent.is_dir() and not place.exists() and not place.is_symlink():
                place.symlink_to(root / target)
        rules = Rules(root, Config(ignore=ignore, hidden=hidden, follow_links=follow))
        found = set(scan(root, rules).files)
        assert found == {str(path) for path in _reachable(root, 7) if rules.matching(path) is None}
        for path in _reachable(root, 4):  # a look at one file sees what a look at everything sees
            assert set(scan(root, rules, at=path).files) == found & {str(path)}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git to compare with")
@settings(max_examples=60, deadline=None)
@given(paths=st.lists(_PATHS, min_size=1, max_size=8), ignore=_PATTERNS)
def test_patterns_mean_what_they_mean_to_git(paths: list[str], ignore: tuple[str, ...]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "root"
        root.mkdir()
        _build(root, paths)
        excludes = Path(folder) / "excludes"
        excludes.write_text("\n".join((*DEFAULT_IGNORE, *ignore)) + "\n", encoding="utf-8")
        environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        place = [f"--git-dir={Path(folder) / 'git'}", f"--work-tree={root}"]
        subprocess.run(["git", *place, "init", "-q"], check=True, env=environment)
        listed = subprocess.run(
            ["git", *place, "ls-files", "-z", "--others", f"--exclude-from={excludes}"],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        ).stdout
        ours = {
            Path(path).relative_to(root).as_posix()
            for path in scan(root, Rules(root, Config(ignore=ignore, hidden=True))).files
        }
        assert ours == set(filter(None, listed.split("\0")))
