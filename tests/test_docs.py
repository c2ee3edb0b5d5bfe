"""The documents name only what exists: links, pictures, make targets, commands, files and modules."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from desktop_rag.cli.main import build_parser
from desktop_rag.config import Limits
from desktop_rag.parsing.formats import FORMATS
from tests.benchmarks.__main__ import SECTIONS

CHECKOUT = Path(__file__).resolve().parent.parent
DOCUMENTS = (CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md")))
README_LINES = 180

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_FILE = re.compile(r"(?<![\w/.-])(?:desktop_rag|docs|packaging|resources|tests)/[\w./-]*")
_MODULE = re.compile(r"(?<![\w/.])(?:desktop_rag|tests)(?:\.[a-z_]+)+")
_MAKE = re.compile(r"(?:^|[\s;&])make ([a-z][\w-]*)")
_COMMAND = re.compile(r"(?:^|[\s/])desktop-rag((?: [^\n#|;]*)?)", re.MULTILINE)
_MEASURE = re.compile(r"-m tests\.benchmarks((?: [a-z]+)*)")
_PLACEHOLDER = re.compile(r"[A-Z]+|…|\.\.\.")


class Mention(NamedTuple):
    """Something a document names, and the line it does so in."""

    document: Path
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(CHECKOUT)}:{self.line}: {self.name}"


class Patch(NamedTuple):
    """What a diff in a document says of one file; ``file`` is "" for the old side of a new file."""

    document: Path
    line: int
    file: str
    new_file: str
    kept: tuple[str, ...]
    added: tuple[str, ...]


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _blanked(text: str, *patterns: re.Pattern[str]) -> str:
    """``text`` with what matches replaced by spaces, so that all else stays on its line."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def _code(document: Path) -> Iterator[Mention]:
    """Each line of code of a document: of its blocks (without diffs and drawings) and of its inline spans."""
    text = _text(document)
    for block in _FENCE.finditer(text):
        if block[1] not in ("diff", "mermaid", "text"):
            for number, line in enumerate(block[2].splitlines(), _line(text, block.start()) + 1):
                yield Mention(document, number, line)
    for span in _SPAN.finditer(_blanked(text, _FENCE)):
        yield Mention(document, _line(text, span.start()), span[1])


def _patches(document: Path) -> Iterator[Patch]:
    """The files of the diffs of a document, with the lines that must stand in them."""
    text = _text(document)
    for block in _FENCE.finditer(text):
        if block[1] != "diff":
            continue
        for part in re.split(r"^(?=--- )", block[2], flags=re.MULTILINE):
            lines = part.splitlines()
            if len(lines) < 2 or not lines[1].startswith("+++ b/"):
                assert not part.strip(), f"{document}: a diff needs its --- and +++ lines:\n{part}"
                continue
            old = lines[0].removeprefix("--- ").removeprefix("a/").strip()
            body = lines[2:]
            yield Patch(
                document,
                _line(text, block.start()),
                "" if old == "/dev/null" else old,
                lines[1].removeprefix("+++ b/").strip(),
                tuple(line[1:] for line in body if line[:1] in (" ", "-") and line[1:].strip()),
                tuple(line[1:] for line in body if line[:1] == "+"),
            )


def _anchors(document: Path) -> set[str]:
    """The names by which the headings of a document can be linked to, as GitHub makes them."""
    headings = _HEADING.findall(_blanked(_text(document), _FENCE))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_is_short() -> None:
    lines = len(_text(CHECKOUT / "README.md").splitlines())
    assert lines <= README_LINES, f"README.md has {lines} lines, and {README_LINES} are enough"


def test_every_document_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [CHECKOUT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md" or not document.is_file():
            continue
        reached.add(document)
        links = _LINK.findall(_text(document))
        waiting += [(document.parent / link.partition("#")[0]).resolve() for link in links if "://" not in link]
    lost = [str(document.relative_to(CHECKOUT)) for document in DOCUMENTS if document not in reached]
    assert not lost, f"no link leads to {lost}"


def test_links_and_pictures_exist() -> None:
    broken = []
    for document in DOCUMENTS:
        text = _blanked(_text(document), _FENCE, _SPAN)
        for link in _LINK.finditer(text):
            target, _, anchor = unquote(link[1]).partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            place = (document.parent / target).resolve() if target else document
            anchors = _anchors(place) if anchor and place.suffix == ".md" and place.is_file() else {anchor}
            if not place.exists() or anchor not in anchors:
                broken.append(Mention(document, _line(text, link.start()), link[1]))
    assert not broken, "links that lead nowhere:\n" + "\n".join(map(str, broken))


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", _text(CHECKOUT / "Makefile"), re.MULTILINE))
    named = [item._replace(name=name) for doc in DOCUMENTS for item in _code(doc) for name in _MAKE.findall(item.name)]
    unknown = [item for item in named if item.name not in targets]
    assert named
    assert not unknown, "targets that the Makefile lacks:\n" + "\n".join(map(str, unknown))


def test_commands_and_options_exist() -> None:
    parser = build_parser()
    named = [
        item._replace(name=rest) for doc in DOCUMENTS for item in _code(doc) for rest in _COMMAND.findall(item.name)
    ]
    wrong = [item for item in named if (item.name.strip() and _unknown_word(parser, item.name))]
    assert named
    assert not wrong, "commands that do not exist:\n" + "\n".join(
        f"{item}   ({_unknown_word(parser, item.name)})" for item in wrong
    )


def _unknown_word(parser: argparse.ArgumentParser, line: str) -> str:
    """The first word of a command line that its parser does not know; "" if there is none."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    for word in words:
        if word.startswith("-") and len(word) > 1:
            if word.partition("=")[0] not in parser._option_string_actions:
                return word
            continue
        below = _commands(parser)
        if below and not _PLACEHOLDER.fullmatch(word):
            if word not in below:
                return word
            parser = below[word]
    return ""


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def test_benchmarks_exist() -> None:
    named = [
        item._replace(name=rest) for doc in DOCUMENTS for item in _code(doc) for rest in _MEASURE.findall(item.name)
    ]
    unknown = [item for item in named if not set(item.name.split()) <= set(SECTIONS)]
    assert not unknown, "benchmarks that do not exist:\n" + "\n".join(map(str, unknown))


def test_the_page_of_formats_is_that_of_the_table() -> None:
    text = _text(CHECKOUT / "docs" / "formats.md")
    rows = {line.split("|")[1].strip(): set(_SPAN.findall(line)) for line in text.splitlines() if line.startswith("| ")}
    wrong = [
        f"{row.name}: {' '.join(sorted(set(row.suffixes) ^ {one for one in rows.get(row.name, ()) if one[0] == '.'}))}"
        for row in FORMATS
        if set(row.suffixes) != {one for one in rows.get(row.name, ()) if one[0] == "."}
    ]
    assert not wrong, "docs/formats.md and the table of formats differ in these suffixes:\n" + "\n".join(wrong)


def test_all_limits_are_described() -> None:
    text = _text(CHECKOUT / "docs" / "formats.md")
    missing = [name for name in Limits.__struct_fields__ if f"`limits.{name}`" not in text]
    assert not missing, f"docs/formats.md says nothing of these limits: {missing}"


def test_files_and_modules_exist() -> None:
    missing: list[Mention] = []
    for document in DOCUMENTS:
        text = _blanked(_text(document), re.compile(r"^ *```diff\n.*?^ *```", re.MULTILINE | re.DOTALL))
        for found in _FILE.finditer(text):
            name = found[0].rstrip("./-") if not found[0].endswith("/") else found[0]
            if not (CHECKOUT / name).exists():
                missing.append(Mention(document, _line(text, found.start()), name))
        missing += [
            Mention(document, _line(text, found.start()), found[0])
            for found in _MODULE.finditer(text)
            if not _is_module(found[0])
        ]
    assert not missing, f"{len(missing)} files or modules that are not there:\n" + "\n".join(map(str, missing))


def _is_module(name: str) -> bool:
    path = CHECKOUT / Path(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_diffs_fit_the_files_they_change(document: Path) -> None:
    """What a diff keeps or removes stands in the file as it is, in this order; what it adds as a new file is Python."""
    wrong: list[str] = []
    for patch in _patches(document):
        place = f"{document.name}:{patch.line}: "
        if patch.file:
            if not (CHECKOUT / patch.file).is_file():
                wrong.append(f"{place}there is no {patch.file}")
                continue
            rest = iter(_text(CHECKOUT / patch.file).splitlines())
            lost = next((line for line in patch.kept if not any(line == there for there in rest)), None)
            if lost is not None:
                wrong.append(f"{place}{patch.file} has no line (after those before it): {lost}")
        elif not (CHECKOUT / patch.new_file).parent.is_dir():
            wrong.append(f"{place}there is no folder for {patch.new_file}")
        elif patch.new_file.endswith(".py"):
            tree = ast.parse("\n".join(patch.added), patch.new_file)
            imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            wrong += [
                f"{place}{patch.new_file} imports {name}, which is not there"
                for name in imported
                if name.startswith("desktop_rag") and not _is_module(name)
            ]
    assert not wrong, "\n".join(wrong)
