"""What is shipped: the built wheel does the main job on its own, and the project names nothing it should not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import desktop_rag
from desktop_rag import paths

CHECKOUT = Path(__file__).resolve().parent.parent
ON_WINDOWS = os.name == "nt"


def _run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Output of a command that must succeed."""
    names = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    result = subprocess.run(command, cwd=cwd, env=names | environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def _uv(*arguments: str | Path, cwd: Path) -> None:
    """Run the environment's uv, with the person's settings of pip."""
    _run(sys.executable, CHECKOUT / "packaging" / "bootstrap.py", "--uv", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout. Built with the hatchling that is here, so no index is asked."""
    folder = tmp_path_factory.mktemp("dist")
    here = ("--no-build-isolation", "--python", sys.executable)
    _uv("build", "--wheel", *here, "--out-dir", folder, cwd=CHECKOUT)
    return next(folder.glob("desktop_rag-*.whl"))


def _tracked() -> list[Path]:
    """Every file of the project, those not yet committed included."""
    if shutil.which("git") is None or not (CHECKOUT / ".git").exists():
        pytest.skip("needs a git checkout")
    listing = _run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=CHECKOUT)
    return [path for name in listing.split("\0") if name and (path := CHECKOUT / name).is_file()]


def test_paths_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    ordinary = paths.default_library_dir()
    assert ordinary.is_relative_to(tmp_path)
    assert paths.models_dir().parent == ordinary.parent

    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path / "elsewhere"))
    assert paths.default_library_dir() == tmp_path / "elsewhere"
    assert paths.models_dir().parent == ordinary.parent, "models are shared by all libraries"


def test_resources_are_found_in_the_checkout() -> None:
    assert paths.resources_dir() == CHECKOUT / "resources"


@pytest.mark.slow
def test_wheel_holds_the_package_and_its_resources_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    resources = {
        path.relative_to(CHECKOUT).as_posix()
        for path in _tracked()
        if path.is_relative_to(CHECKOUT / "resources") and path.suffix != ".py"
    }
    assert resources, "the bundled model at least"
    assert {f"desktop_rag/{name}" for name in resources} <= names
    info = f"desktop_rag-{desktop_rag.__version__}.dist-info/"
    assert not {name for name in names if not name.startswith(("desktop_rag/", info))}


@pytest.mark.slow
def test_installed_wheel_does_the_main_job(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    programs = environment / ("Scripts" if ON_WINDOWS else "bin")
    _uv("venv", "--python", sys.executable, environment, cwd=tmp_path)
    pinned = ("--constraint", CHECKOUT / "constraints.txt")
    _uv("pip", "install", "--python", programs / "python", *pinned, wheel, cwd=tmp_path)

    notes = tmp_path / "notes"
    notes.mkdir()
    note = notes / "boiler.md"
    note.write_text("# Boiler\n\nThe boiler in the cellar was serviced by Mrs Novak in July.\n", encoding="utf-8")
    (notes / "garden.txt").write_text("Tomatoes go out after the last frost, in the middle of May.\n", encoding="utf-8")
    program = programs / "desktop-rag"
    library = {"DESKTOP_RAG_HOME": str(tmp_path / "library")}
    _run(program, "index", notes, cwd=tmp_path, **library)
    answer = json.loads(_run(program, "ask", "Who serviced the boiler?", "--json", cwd=tmp_path, **library))

    first = answer["citations"][0]
    assert Path(first["path"]) == note
    assert "Mrs Novak" in first["quote"]
    assert first["locator"] == {"at": "lines", "first": 3, "last": 3}


def test_the_project_names_no_package_index_and_no_folder_of_a_workplace() -> None:
    hosts = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.", "deb.debian" + ".org", "crates" + ".io")
    forbidden = re.compile("|".join([*map(re.escape, hosts), r"(?<![\w.-])/wor" + "k/"]).encode())
    found = [
        f"{path.relative_to(CHECKOUT)}: {match[0].decode()}"
        for path in _tracked()
        if (match := forbidden.search(path.read_bytes()))
    ]
    assert not found, "\n".join(found)
