"""Source code and settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.parsing.text.code import code_segments
from tests.parsing.reading import pairs, place, read, segments, texts

_SAMPLES = Path(__file__).parents[2] / "samples"

_PIECES = (
    "class A:",
    "def f(x):",
    "    ",
    "\t",
    "return 1",
    "}",
    "{",
    "# note",
    "@wrap",
    "",
    "x = 1",
    "[part]",
    "int main() {",
)
any_code = st.lists(st.lists(st.sampled_from(_PIECES), max_size=4).map("".join), max_size=40)


def test_a_python_file() -> None:
    items = read("savings.py", (_SAMPLES / "py" / "savings.py").read_bytes())
    found = {segment.text.split("\n")[0].strip(): segment for segment in segments(items)}
    assert {segment.form for segment in found.values()} == {"code"}
    assert found["class Goal:"].headings == ("Goal",)
    method = found["# The answer people ask for."]
    assert method.text.split("\n")[1] == "    def done_in(self) -> str:"
    assert method.headings == ("Goal",)


@given(any_code)
def test_every_line_comes_once_and_as_it_is(lines: list[str]) -> None:
    found = [pair for pair in pairs(read("a.py", "\n".join(lines))) if pair[1].strip()]
    assert found == [(number, line.rstrip()) for number, line in enumerate(lines, 1) if line.strip()]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("export default async function load(x) {\n", "load"),
        ("public static final class Shelf<T> {\n", "Shelf"),
        ("func (r *Ring) Turn(n int) {\n", "Turn"),
        ("pub(crate) fn weigh<T>(x: T) {\n", "weigh"),
        ("static int measure(const char *path, int n)\n{\n", "measure"),
        ("create table if not exists invoices (\n", "invoices"),
        ("backup() {\n", "backup"),
        ("[server.tls]\n", "server.tls"),
        ("impl<T> Basket<T> {\n", "Basket"),
    ],
)
def test_a_long_definition_names_its_block(source: str, name: str) -> None:
    body = "".join(f"    value_{number} = other_{number}\n" for number in range(60))
    found = list(code_segments((source + body).split("\n")))
    assert [segment.headings for segment in found] == [(name,)]


def test_control_flow_is_no_definition() -> None:
    body = "".join(f"    value_{number} = other_{number}\n" for number in range(60))
    for line in ("if (ready) {\n", "while (true) {\n", "else if (x) {\n", "return call(x)\n"):
        assert [segment.headings for segment in code_segments((line + body).split("\n"))] == [()]


def test_blocks_of_a_file_without_definitions() -> None:
    assert texts(read("a.yaml", "a: 1\nb:\n  - x\n\nc: 2\n")) == ["a: 1\nb:\n  - x", "c: 2"]


def test_a_line_of_a_minified_script_is_cut_and_keeps_its_place() -> None:
    found = segments(read("a.js", "var a=1;" * 10_000))
    assert len(found) > 3
    assert "".join(segment.text for segment in found).replace(" ", "") == "vara=1;" * 10_000
    assert {place(segment).first for segment in found} == {1}


def test_our_own_sources_are_kept_whole() -> None:
    for path in (Path(__file__).parents[3] / "desktop_rag").rglob("*.py"):
        source = path.read_text(encoding="utf-8").split("\n")
        found = [pair for pair in pairs(read(path.name, path.read_bytes())) if pair[1].strip()]
        assert found == [(number, line.rstrip()) for number, line in enumerate(source, 1) if line.strip()], path
