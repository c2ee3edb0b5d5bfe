"""What a scan found against what the catalog knows -> what is to be done. Pure: nothing is read or written."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from desktop_rag.indexing.scan import Scan


class IndexPlan(Struct, frozen=True):
    """Paths by what is to be done with them, each in the order of the scan."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    unchanged: int

    @property
    def to_read(self) -> tuple[str, ...]:
        return self.new + self.changed


def plan(
    scan: Scan,
    known: Mapping[str, tuple[int, int, str]],
    recipe: str,
    *,
    missed: Collection[str] = (),
    force: bool = False,
) -> IndexPlan:
    """Compare a root's ``scan`` with its ``known`` files: path -> (size, mtime_ns, recipe).

    A file is read again when its size or time has changed, when it was indexed by another ``recipe`` (version of
    parser, chunker and embedding space), or when it is one of the ``missed``: they hold pictures or sound that a model
    that is here now has not analyzed. A root that is missing, or a folder that could not be listed, deletes nothing.
    """
    if scan.missing:
        return IndexPlan((), (), (), len(known))
    new: list[str] = []
    changed: list[str] = []
    for path, found in scan.files.items():
        before = known.get(path)
        if before is None:
            new.append(path)
        elif force or path in missed or before != (found.size, found.mtime_ns, recipe):
            changed.append(path)
    unread = tuple(folder.rstrip("/\\") for folder in scan.unread)
    gone = [path for path in known if path not in scan.files and not _below(path, unread)]
    return IndexPlan(tuple(new), tuple(changed), tuple(gone), len(scan.files) - len(new) - len(changed))


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith((folder + "/", folder + "\\")) for folder in folders)
