"""Collects what was measured; prints it as tables and writes it as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from desktop_rag import __version__

Value = float | int | str | None

_LIBRARIES = ("chromadb", "onnxruntime", "tokenizers", "numpy")


@dataclass(frozen=True)
class Target:
    """What a figure has to reach: at least ``limit``, or at most where ``below`` is set."""

    figure: str
    limit: float
    below: bool = False

    def met(self, value: float) -> bool:
        return value <= self.limit if self.below else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.below else '≥'} {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """One thing measured. A figure's name ends in its unit ("index s", "disk MiB"); shares and counts have none."""

    name: str
    figures: dict[str, Value]
    targets: tuple[Target, ...] = ()
    note: str = ""
    failed: bool = False

    def missed(self) -> list[str]:
        """A sentence for each target that the row does not meet, or has no figure for."""
        found = [f"{self.name}: {self.note}"] if self.failed else []
        for target in self.targets:
            value = self.figures.get(target.figure)
            if not isinstance(value, int | float) or not target.met(value):
                found.append(f"{self.name}: {target.figure} is {_text(value)}, wanted {target}")
        return found


@dataclass
class Section:
    """Rows that are read side by side."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    quick: bool = False
    seconds: float = 0.0

    def add(self, name: str, figures: dict[str, Value], *targets: Target, note: str = "") -> None:
        """Add a row. A quick run measures less than the targets speak of, so it is not held to them."""
        self.rows.append(Row(name, figures, () if self.quick else targets, note))

    def add_failure(self, name: str, reason: str) -> None:
        """Add a row for something that could not be measured; it counts as a missed target, in a quick run too."""
        self.rows.append(Row(name, {}, note=f"not measured: {reason}", failed=True))

    def table(self) -> Table:
        columns = list(dict.fromkeys(figure for row in self.rows for figure in row.figures))
        notes = any(row.note for row in self.rows)
        table = Table(title=self.title + (" (quick)" if self.quick else ""), title_justify="left", title_style="bold")
        table.add_column("")
        for column in columns:
            table.add_column(column, justify="right")
        if notes:
            table.add_column("note", style="dim")
        for row in self.rows:
            targets = {target.figure: target for target in row.targets}
            cells = [_cell(row.figures.get(column), targets.get(column)) for column in columns]
            table.add_row(row.name, *cells, *([row.note] if notes else []))
        return table

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "quick": self.quick,
            "seconds": round(self.seconds, 1),
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "rows": [
                {
                    "name": row.name,
                    "figures": row.figures,
                    "targets": {target.figure: str(target) for target in row.targets},
                    "missed": row.missed(),
                    "note": row.note,
                }
                for row in self.rows
            ],
        }


def write_json(sections: list[Section], path: Path) -> None:
    """Put the sections into the file; sections measured earlier and not this time stay, with the time of theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["sections"] if path.exists() else {}
    content = {"machine": machine(), "sections": kept | {section.name: section.as_json() for section in sections}}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, memory, system, Python and the versions of the main libraries."""
    facts: dict[str, Any] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {"desktop-rag": __version__} | {name: version(name) for name in _LIBRARIES},
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        facts["memory GiB"] = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3, 1)
        facts["load average"] = round(os.getloadavg()[0], 2)
    return facts


def print_machine(console: Console) -> None:
    facts = machine()
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    console.print(
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']}, Python {facts['python']}; {versions}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cell(value: Value, target: Target | None) -> str:
    if target is None:
        return _text(value)
    met = isinstance(value, int | float) and target.met(value)
    return f"[{'green' if met else 'red'}]{_text(value)}[/] [dim]{target}[/]"


def _text(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value
