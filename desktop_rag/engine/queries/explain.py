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
from desktop_rag.messages import say, sentences
from desktop_rag.retrieval.question import AnalyzedQuestion
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.types import Chunk, FileState, Selection, Whole

_STATES = {
    FileState.PENDING: say("engine.waiting-indexed"),
    FileState.INDEXED: say("engine.it-is-indexed"),
    FileState.PARTIAL: say("engine.only-partly-indexed"),
    FileState.EMPTY: say("engine.contains-no-text"),
    FileState.WAITING: say("engine.waiting-model"),
    FileState.UNSUPPORTED: say("engine.format-not-supported"),
    FileState.FAILED: say("engine.could-not-read"),
}

_NO_FILE = say("engine.file-does-not-exist-not-library")


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
        return Explanation(shown(full), None, say("engine.files-name-not-valid-unicode-rename"))
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
            return say("engine.do-not-permission-open-folder-get", folder=shut)
        if place.is_dir():
            return say("engine.folder-ask-about-file")
        if not place.is_file():
            return say("engine.not-ordinary-file-but-pipe-socket")
        return say("engine.added-after-last-run-index-again")
    outside = os.path.exists(path)  # noqa: PTH110 (false, and no error, where a folder on the way is shut)
    return say("engine.outside-folders-chose-index-folder-contains") if outside else _NO_FILE


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
        return say("engine.include-run", command=_set("ignore", *config.ignore, "!" + rule.pattern))
    if rule.origin == YOURS:
        return say("engine.remove-pattern-run", command=_without(rule.pattern, config.ignore))
    if rule.origin == YOURS_HERE:
        return say("engine.remove-pattern-run", command=_without(rule.pattern, here.ignore, root))
    if rule.origin == HIDDEN:
        only = _set("ignore", *config.ignore, "!" + _literally(rule.pattern))
        every = _set("hidden", "on", folder=None if here.hidden is None else root)
        return say("engine.include-run-index-all-hidden-files", only=only, every=every)
    if rule.origin == SIZE:
        return say("engine.raise-limit-run", command=_set("largest_bytes", f"{path.stat().st_size // 2**30 + 1} GiB"))
    if rule.origin == LINKS:
        if Rules(root, config).follow_links:
            return say("engine.what-links-indexed-own-place")
        every = _set("follow_links", "on", folder=None if here.follow_links is None else root)
        return say("engine.follow-links-run", command=every)
    if rule.origin == SYSTEM:
        return say("engine.include-anyway-index-folder-itself")
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
