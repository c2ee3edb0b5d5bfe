"""The most memory that indexing holds, parsers' processes included, as the corpus grows tenfold."""

from __future__ import annotations

from tests.benchmarks.libraries import synthetic
from tests.benchmarks.measure import disk_mib
from tests.benchmarks.queries import SIZES
from tests.benchmarks.report import Section, Target

TITLE = "Memory and disk while indexing"
FLAT = 1.25
"""Growth that still counts as flat. Chroma's graph of 90,000 more vectors alone takes about 150 MiB."""


def measure(section: Section) -> None:
    """A row for each size, then the growth from the first to the last."""
    sizes = [size // 10 for size in SIZES] if section.quick else SIZES
    built = [synthetic(size) for size in sizes]
    for library in built:
        section.add(
            f"{library.chunks:,} chunks",
            {
                "peak MiB": library.peak_mib,
                "disk MiB": disk_mib(library.library),
                "notes MiB": disk_mib(library.notes),
                "s": library.seconds,
            },
        )
    growth = built[-1].peak_mib / built[0].peak_mib
    section.add("growth for ten times as much", {"peak MiB": growth}, Target("peak MiB", FLAT, below=True))
