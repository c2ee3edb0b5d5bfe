"""What the continuous integration and the hooks are told: files that nothing here runs, but that must make sense."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
FILES = [*sorted((CHECKOUT / ".github").rglob("*.yml")), CHECKOUT / ".pre-commit-config.yaml"]


class Step(TypedDict, total=False):
    uses: str
    run: str


class Job(msgspec.Struct):
    steps: list[Step]
    strategy: dict[str, object] = {}


class Workflow(msgspec.Struct):
    jobs: dict[str, Job]


@pytest.fixture
def workflow() -> Workflow:
    text = (CHECKOUT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    # To YAML "on" is a truth value; with this loader all is text.
    return msgspec.convert(yaml.load(text, Loader=yaml.BaseLoader), Workflow)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_actions_are_pinned_to_a_commit(workflow: Workflow) -> None:
    used = [step["uses"] for job in workflow.jobs.values() for step in job.steps if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_every_python_that_is_supported_is_tested(workflow: Workflow, system: str) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert sorted(set(re.findall(r"3\.\d+", str(workflow.jobs[system].strategy)))) == named


def test_what_the_jobs_run_is_there(workflow: Workflow) -> None:
    targets = re.findall(r"^(\w+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    commands = [step["run"] for job in workflow.jobs.values() for step in job.steps if "run" in step]
    assert {name for command in commands for name in re.findall(r"^make (\w+)", command)} == {"test", "coverage"}
    assert {"test", "coverage"} <= set(targets)
    for script in {name for command in commands for name in re.findall(r"packaging/\w+\.py", command)}:
        assert (CHECKOUT / script).is_file()
