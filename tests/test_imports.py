"""The shape of the house: imports point one way, heavy libraries wait inside functions, dependencies are exact."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "desktop_rag"

LAYERS = (
    (
        "__init__",
        "messages",
        "framing",
        "types",
        "errors",
        "config",
        "paths",
        "launch",
        "log",
        "offline",
        "framing",
        "worker_thread",
        "child_process",
        "language",
        "tokenizer",
        "clock",
        "languages",
        "locators",
        "places",
    ),
    ("parsing", "storage", "models"),
    ("indexing", "retrieval"),
    ("answering",),
    ("engine",),
    ("cli", "gui"),
    ("__main__",),
)
"""From the ground up. A module imports from its own folder and from lower layers; only the ground floor is shared."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

LIGHT = {
    *("charset_normalizer", "filelock", "msgspec", "nh3", "olefile", "pathspec", "platformdirs", "puremagic"),
    "quotequail",
}
"""Third-party libraries quick enough to import that a module may do so at its top. All others wait inside functions."""

WINDOW = {"PySide6", "shiboken6"}
"""What draws the window: its folder alone may import it, and does so at the top."""

UNSEEN = {"cryptography"}
"""Dependencies that a library imports for us: pypdf, to open an encrypted file."""

ONE_HOME = ("chromadb", "onnxruntime", "open_clip", "torch", "faster_whisper", "llama_cpp", "rapidocr")
"""Libraries that one module alone may import, so that each can be replaced by changing one file."""


class Import(NamedTuple):
    module: str
    """Dotted name of the importing module."""
    target: str
    """Dotted name of what is imported."""
    line: int
    top: bool
    """Whether it runs when the module is imported."""


def _name(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def _walk(node: ast.AST, top: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, top
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _walk(child, False)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, top and not inside)


@cache
def _imports() -> tuple[Import, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node, top in _walk(ast.parse(path.read_text(encoding="utf-8")), True):
            if isinstance(node, ast.Import):
                found += [Import(_name(path), alias.name, node.lineno, top) for alias in node.names]
            else:
                assert not node.level, f"{path}:{node.lineno}: imports are absolute"
                base = node.module or ""
                names = (
                    [f"{base}.{alias.name}" for alias in node.names]
                    if (CHECKOUT / base.replace(".", "/")).is_dir()
                    else [base]
                )
                found += [Import(_name(path), name, node.lineno, top) for name in names]
    return tuple(found)


def _third_party() -> Iterator[tuple[Import, str]]:
    for item in _imports():
        root = item.target.partition(".")[0]
        if root not in sys.stdlib_module_names and root != "desktop_rag":
            yield item, root


def _floor(module: str) -> str:
    """The folder or ground-floor module that a dotted name inside the package belongs to."""
    parts = module.split(".")
    name = parts[1] if len(parts) > 1 else "__init__"
    return name if name in LEVEL or (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists() else "__init__"


def test_every_module_has_its_place() -> None:
    places = {_floor(_name(path)) for path in PACKAGE.rglob("*.py")}
    assert places <= set(LEVEL), f"say in LAYERS where these belong: {sorted(places - set(LEVEL))}"


def test_imports_point_one_way() -> None:
    wrong = []
    for item in _imports():
        if item.target.partition(".")[0] != "desktop_rag":
            continue
        here, there = _floor(item.module), _floor(item.target)
        shared = here == there or LEVEL[here] == LEVEL[there] == 0
        if not shared and LEVEL[there] >= LEVEL[here]:
            wrong.append(f"{item.module}:{item.line} imports {item.target}")
    assert not wrong, "\n".join(wrong)


def test_commands_and_window_know_nothing_below_the_engine() -> None:
    below = {name for names in LAYERS[1:3] for name in names}
    wrong = [
        f"{item.module}:{item.line} imports {item.target}"
        for item in _imports()
        if _floor(item.module) in ("cli", "gui")
        and item.target.partition(".")[0] == "desktop_rag"
        and _floor(item.target) in below
    ]
    assert not wrong, "\n".join(wrong)


def test_heavy_libraries_wait_inside_functions() -> None:
    early = [
        f"{i.module}:{i.line} imports {i.target}"
        for i, root in _third_party()
        if i.top and root not in (LIGHT | WINDOW if _floor(i.module) == "gui" else LIGHT)
    ]
    assert not early, "\n".join(early)


def test_only_the_window_draws() -> None:
    elsewhere = {i.module for i, root in _third_party() if root in WINDOW and _floor(i.module) != "gui"}
    assert not elsewhere


@pytest.mark.parametrize("library", ONE_HOME)
def test_one_module_imports(library: str) -> None:
    homes = {item.module for item, root in _third_party() if root == library}
    assert len(homes) <= 1, f"{library} is imported in {sorted(homes)}"


def _canonical(requirement: str) -> str:
    for mark in "[<>=!~;, ":
        requirement = requirement.partition(mark)[0]
    return requirement.lower().replace("_", "-").replace(".", "-")


def test_dependencies_are_exactly_what_is_imported() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = {_canonical(line) for line in project["dependencies"]}
    extra = {_canonical(line) for lines in project["optional-dependencies"].values() for line in lines}
    known = dict(packages_distributions()) | {  # extras need not be installed here
        "open_clip": ["open-clip-torch"],
        "faster_whisper": ["faster-whisper"],
        "llama_cpp": ["llama-cpp-python"],
    }
    known |= {name: ["PySide6"] for name in WINDOW}  # one package that brings several
    needed = defaultdict(list)
    for item, root in _third_party():
        assert root in known, f"{item.module}:{item.line} imports {root}, which is not installed"
        owners = {_canonical(owner) for owner in known[root]}
        needed[(owners & (base | extra) or owners).pop()].append(f"{item.module}:{item.line}")

    undeclared = [f"{name}: {places}" for name, places in needed.items() if name not in base | extra]
    unused = sorted(base - set(needed) - UNSEEN)
    assert not undeclared, "to be added to the dependencies in pyproject.toml:\n" + "\n".join(undeclared)
    assert not unused, f"among the dependencies in pyproject.toml, yet never imported: {unused}"


@pytest.mark.parametrize(
    "module", ["desktop_rag", "desktop_rag.cli.main", "desktop_rag.__main__", "desktop_rag.gui.shell.app"]
)
@pytest.mark.usefixtures("unmeasured")
def test_start_pulls_in_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    loaded = set(run.stdout.split())
    distributions = packages_distributions()
    third_party = {name for name in loaded if name in distributions and not name.startswith("_")}
    assert third_party <= LIGHT | {"desktop_rag", "argcomplete", "typing_extensions"}, sorted(third_party - LIGHT)


def _circles(edges: Mapping[str, Collection[str]]) -> list[str]:
    """Strongly connected parts of a graph with more than one member, each as ``a <-> b``. (Tarjan's algorithm.)"""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            part = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(part) > 1:
                found.append(" <-> ".join(sorted(part)))

    for node in sorted(edges):
        if node not in order:
            visit(node)
    return found


def _module_of(target: str) -> str:
    """The module that an import names: "desktop_rag.x" where x is a module or package, and "desktop_rag" where it is
    a name of the package itself."""
    inside = CHECKOUT.joinpath(*target.split("."))
    return target if inside.is_dir() or inside.with_suffix(".py").exists() else target.rpartition(".")[0]


def test_modules_import_each_other_in_no_circle() -> None:
    """Whatever runs while modules are imported; what waits inside functions may go back."""
    edges = defaultdict(set)
    for item in _imports():
        if item.top and item.target.partition(".")[0] == "desktop_rag":
            edges[item.module].add(_module_of(item.target))
    assert not (found := _circles(edges)), "\n".join(found)


def test_folders_import_each_other_in_no_circle() -> None:
    """The subfolders of each folder; the modules beside them, which are its face, may import any. Imports inside
    functions count as well: a reader goes by them, too."""
    found = []
    for top in sorted(path for path in PACKAGE.iterdir() if path.is_dir()):
        prefix = f"{PACKAGE.name}.{top.name}."
        edges = defaultdict(set)
        for item in _imports():
            target = _module_of(item.target)
            if item.module.startswith(prefix) and target.startswith(prefix):
                here, there = (name.removeprefix(prefix).split(".")[0] for name in (item.module, target))
                if here != there and all((top / name).is_dir() for name in (here, there)):
                    edges[here].add(there)
        found += [f"{top.name}/: {circle}" for circle in _circles(edges)]
    assert not found, "\n".join(found)
