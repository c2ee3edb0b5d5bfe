"""Why a file was found, or not."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from desktop_rag.config import Config, FolderRules
from desktop_rag.engine.results import ChunkRank, Explanation
from desktop_rag.indexing.indexer import shown
from desktop_rag.indexing.rules import BUILT_IN, HIDDEN, LINKS, SIZE, SYSTEM, YOURS, YOURS_HERE, Rule, Rules
from desktop_rag.indexing.scan import is_text
from desktop_rag.messages import sentences
from desktop_rag.retrieval.question import AnalyzedQuestion
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.types import Chunk, FileState, Selection, Whole

_STATES = {
    FileState.PENDING: "It is waiting to be indexed.",
    FileState.INDEXED: "It is indexed.",
    FileState.PARTIAL: "It is indexed, but not all of it.",
    FileState.EMPTY: "There is no text in it.",
    FileState.WAITING: "It waits for a model.",
    FileState.UNSUPPORTED: "Its format is not supported.",
    FileState.FAILED: "It could not be read.",
}

_NO_FILE = "There is no such file, and none was indexed under this path."


def explain(
    catalog: Catalog,
    search: CatalogSearch,
    retriever: Retriever,
    path: Path,
    query: AnalyzedQuestion | None,
    config: Config,
    own: Sequence[Path],
) -> Explanation:
    """What became of the file at ``path``, and where its chunks came for ``query``. ``own``: the program's folders."""
    full = str(path.expanduser().absolute())
    if not is_text(full):
        return Explanation(shown(full), None, "The file's name is not valid Unicode; rename it to have it indexed.")
    file = catalog.file(full) or catalog.file(str(Path(full).resolve()))
    if file is None:
        return Explanation(full, None, _unknown(catalog.roots(), Path(full), config, own))
    reason: str = _STATES[file.state]
    if file.problem is not None:
        reason = sentences(reason, file.problem.worded("message"), file.problem.worded("hint"))
    if file.document_id is None:
        return Explanation(file.path, file, reason)
    documents = catalog.inner_documents(file.document_id)
    ranks = _ranks(retriever, query)
    chunks = tuple(
        replace(ranks[chunk.id], chunk=chunk) if chunk.id in ranks else ChunkRank(chunk)
        for document in documents
        for chunk in catalog.chunks_of(document.id)
    )
    return Explanation(
        file.path,
        file,
        reason,
        tuple(documents),
        chunks,
        tuple(other for other in catalog.paths_of(file.document_id) if other != file.path),
        query.understood if query else (),
        _excluded(search, query, {document.id for document in documents}),
    )


def _unknown(roots: Sequence[str], path: Path, config: Config, own: Sequence[Path]) -> str:
    """Why a path is not in the catalog."""
    # A link is judged by where it is; a path that only leads to a chosen folder by way of one is the same as without.
    for place in (path, path.resolve()):
        root = next((Path(root) for root in roots if place.is_relative_to(root)), None)
        if root is None:
            continue
        shut = _shut_folder(root, place)
        if shut is None and not place.exists():
            return _NO_FILE
        rule = Rules(root, config, own).matching(place)
        if rule is not None:
            return sentences(rule.said, _remedy(rule, root, place, config))
        if shut is not None:
            return f"You may not look into the folder {shut}. Get the right to, and index again."
        if place.is_dir():
            return "It is a folder; ask about a file in it."
        if not place.is_file():
            return "It is no file with something in it, but a pipe, a socket or a device."
        return "It came after the last run: index again."
    outside = os.path.exists(path)  # noqa: PTH110 (false, and no error, where a folder on the way is shut)
    return "It is outside the folders you chose: index it, or a folder around it." if outside else _NO_FILE


def _shut_folder(root: Path, path: Path) -> Path | None:
    """The folder on the way from ``root`` to ``path`` that may not be listed, if there is one."""
    for above in reversed(path.relative_to(root).parents):
        try:
            os.scandir(root / above).close()
        except PermissionError:
            return root / above
        except OSError:
            return None  # what is not there is told apart elsewhere
    return None


def _remedy(rule: Rule, root: Path, path: Path, config: Config) -> str:
    """How to have what ``rule`` leaves out, "" if there is no way."""
    here = config.folders.get(str(root), FolderRules())
    if rule.origin == BUILT_IN:
        return f"Take it back with: {_set('ignore', *config.ignore, '!' + rule.pattern)}"
    if rule.origin == YOURS:
        return f"Take the pattern out with: {_without(rule.pattern, config.ignore)}"
    if rule.origin == YOURS_HERE:
        return f"Take the pattern out with: {_without(rule.pattern, here.ignore, root)}"
    if rule.origin == HIDDEN:
        only = _set("ignore", *config.ignore, "!" + _literally(rule.pattern))
        every = _set("hidden", "on", folder=None if here.hidden is None else root)
        return f"Take it back with: {only}\nOr have all hidden files indexed: {every}"
    if rule.origin == SIZE:
        return f"Raise the limit with: {_set('largest_bytes', f'{path.stat().st_size // 2**30 + 1} GiB')}"
    if rule.origin == LINKS:
        if Rules(root, config).follow_links:
            return "What it leads to is indexed at its own place."
        every = _set("follow_links", "on", folder=None if here.follow_links is None else root)
        return f"Have links followed with: {every}"
    if rule.origin == SYSTEM:
        return "To have it all the same, index that folder itself."
    return ""


def _set(name: str, *values: str, folder: Path | None = None) -> str:
    """The command that gives a setting a value, as it is typed."""
    words = ["desktop-rag", "config", "set", name, *values, *(("--folder", str(folder)) if folder else ())]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _without(pattern: str, patterns: Sequence[str], folder: Path | None = None) -> str:
    """The command that leaves a person's patterns as they are, but for one."""
    left = [other for other in patterns if other != pattern]
    command = _set("ignore", *left, folder=folder)
    return command if left else command.replace(" set ", " unset ", 1)


def _literally(name: str) -> str:
    """The pattern that means just this name."""
    return "".join("\\" + letter if letter in "*?[\\" else letter for letter in name)


def _ranks(retriever: Retriever, query: AnalyzedQuestion | None) -> dict[int, ChunkRank]:
    if query is None:
        return {}
    placeholder: dict[int, ChunkRank] = {}
    for rank, item in enumerate(retriever.rank(query), 1):
        chunk = Chunk(item.candidate.id, item.candidate.document_id, item.candidate.ordinal, "", "", Whole())
        placeholder[chunk.id] = ChunkRank(chunk, item.keyword_rank, item.dense_rank, rank, item.score)
    return placeholder


def _excluded(search: CatalogSearch, query: AnalyzedQuestion | None, documents: set[int]) -> tuple[str, ...]:
    """The filters of a question that none of ``documents`` meets, in words."""
    if query is None or query.filters.is_empty:
        return ()
    missed: list[str] = []
    for field in Selection.__struct_fields__:
        value = getattr(query.filters, field)
        if value:
            alone = type(query.filters)(**{field: value})
            if documents.isdisjoint(search.allowed_documents(alone)):
                missed.extend(alone.describe())
    return tuple(missed)
