"""An open library: its lock, its catalog, and the parts that search and fill it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from desktop_rag.config import Config
from desktop_rag.engine.crash_log import CrashLog
from desktop_rag.engine.indexes import PictureIndex, TextIndex, close_pictures, close_texts
from desktop_rag.engine.lease import Leased
from desktop_rag.engine.parser_pools import ParserPools
from desktop_rag.errors import ModelError, StorageError
from desktop_rag.indexing.indexer import Indexer, recipe_of
from desktop_rag.indexing.model_analysis import ModelMediaAnalyzer
from desktop_rag.indexing.reembedding import change_over, reembed
from desktop_rag.messages import say
from desktop_rag.models.embedder import Embedder
from desktop_rag.models.hardware import read_machine
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.llama.gguf_embedding import GgufEmbedder
from desktop_rag.models.llama.gguf_file import read_header
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.models.onnx.text_reading import TextReader
from desktop_rag.models.requests import INSTALLABLE, ModelRole
from desktop_rag.models.runtime.scheduled import ScheduledModel, model_in_use
from desktop_rag.models.runtime.scheduler import ModelScheduler
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.parsing.source import MIB
from desktop_rag.paths import logs_dir, models_dir
from desktop_rag.retrieval.dense import DenseSearch
from desktop_rag.retrieval.image_text_encoder import ImageTextEncoder
from desktop_rag.retrieval.pictures import PictureSearch
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.maintenance import compact, measure_growth, reconcile, sweep, tidy_catalog
from desktop_rag.storage.private import make_private
from desktop_rag.storage.rebuild import rebuild_vectors
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.thumbnails import Thumbnails
from desktop_rag.storage.vectors import PICTURES, VectorStore, fingerprint
from desktop_rag.types import Problem, Progress, Space
from desktop_rag.worker_thread import Report, log_only

CATALOG_NAME = "catalog.sqlite"
VECTORS_NAME = "chroma"
PICTURES_NAME = "pictures"
THUMBNAILS_NAME = "thumbnails"
RUNAWAY = "vectors-runaway"
"""Code of the problem that Chroma grows beyond all measure."""
_OPEN = "open"
_SEEN_BY = "pictures are seen by"
_SPACE = "space of texts"


class Library:
    """Everything that is open while a library is.

    With ``read_only`` another process may own it; otherwise the lock is taken. ``report`` is told what goes wrong in
    the background. Raises ``LibraryBusy``, ``StorageError``.
    """

    def __init__(self, folder: Path, config: Config, *, read_only: bool, report: Report = log_only) -> None:
        self.folder = folder
        self.config = config
        self.read_only = read_only
        self.lock = LibraryLock(folder)
        self._report = report
        self._pictures_guard = threading.Lock()
        self._installed_embedder: GgufEmbedder | None = None
        with ExitStack() as opening:
            self._open(opening)
            self._closing = opening.pop_all()

    def _open(self, opening: ExitStack) -> None:
        path = self.folder / CATALOG_NAME
        if not path.exists():
            _make_folder(self.folder)
        if not self.read_only:
            self.lock.acquire()
            opening.callback(self.lock.release)
        elif not path.exists():
            Catalog(path).close()
        self.catalog = Catalog(path, read_only=self.read_only)
        opening.callback(self.catalog.close)
        self.crashes = CrashLog(self.folder, self.catalog)
        loading = None if self.read_only else self.crashes.loading
        self.bundled = TextEmbedder(threads=self.config.threads, loading=loading)
        self.reader = TextReader(threads=self.config.threads, loading=loading) if self.config.read_passages else None
        self.model_store = ModelStore(models_dir())
        self.scheduler = ModelScheduler(
            self.model_store,
            read_machine,
            threads=self.config.threads,
            idle_s=60.0 * self.config.idle_minutes,
            log_dir=logs_dir(),
            report=self._report,
        )
        opening.callback(self.scheduler.close)
        embedder = self._embedder_in_use()
        self._unclean = False
        if not self.read_only:
            make_private(self.folder)
            opening.callback(make_private, self.folder)  # what others have made in it meanwhile
            # Set while the library is open: found at the next opening, it says that this process died.
            self._unclean = self.catalog.setting(_OPEN) is not None
            self.catalog.set_setting(_OPEN, "1")
            opening.callback(self._note_closing)
            self.crashes.look_back(recipe_of(embedder.space))
            opening.callback(self.crashes.close)
        self.media_analyzer = ModelMediaAnalyzer(
            self.scheduler, self.model_store, self.catalog, self.config.read_pictures
        )
        self.image_text_encoder = ImageTextEncoder(self.scheduler)
        self.thumbnails = Thumbnails(self.folder / THUMBNAILS_NAME, self.config.thumbnails_mib * MIB)
        self._pictures: Leased[PictureIndex | None] = Leased(None, retire=close_pictures, close=close_pictures)
        opening.callback(self._pictures.close)
        self.own = (self.folder, logs_dir(), models_dir())
        self._texts = Leased(self._text_index(embedder), retire=self._retire_texts, close=close_texts)
        opening.callback(self._texts.close)
        self.pools = ParserPools(self.config, self.media_analyzer, self._report)
        opening.callback(self.pools.close)

    @contextmanager
    def searching(self) -> Iterator[TextIndex]:
        """Around a search: what it searches in stays open, whichever models come into use meanwhile."""
        if not self._texts.is_mine:
            self._refresh_pictures()
        with self._texts.use() as texts, self._pictures.use():
            yield texts

    @property
    def embedder(self) -> Embedder:
        return self._texts.current.embedder

    @property
    def vectors(self) -> VectorStore:
        return self._texts.current.vectors

    @property
    def search(self) -> CatalogSearch:
        return self._texts.current.search

    @property
    def retriever(self) -> Retriever:
        return self._texts.current.retriever

    @property
    def indexer(self) -> Indexer:
        return self._texts.current.indexer

    def _text_index(self, embedder: Embedder) -> TextIndex:
        """Opens nothing yet."""
        vectors = self._text_vectors(embedder.space)
        search = CatalogSearch(self.catalog, vectors.space_name)
        retriever = Retriever(
            search,
            DenseSearch(search, None if self.read_only else vectors),
            embedder,
            self.picture_search,
            reader=self.reader,
            rescale=embedder is not self.bundled,
        )
        indexer = Indexer(
            self.catalog,
            vectors,
            embedder,
            self.bundled,
            self.media_analyzer,
            self.pictures,
            self.thumbnails,
            self.config,
            self.own,
        )
        return TextIndex(embedder, vectors, search, retriever, indexer)

    def _retire_texts(self, index: TextIndex) -> None:
        index.retriever.close()
        if index.vectors.folder == self._texts.newest.vectors.folder:
            index.vectors.close()
            return
        try:
            index.vectors.remove()
        except StorageError as error:  # it only takes room
            logging.getLogger("desktop_rag").error("%s: %s", error.code, error.message)

    def _text_vectors(self, space: Space) -> VectorStore:
        """Each space has a folder of its own, so that the old one answers while the new one is filled."""
        name = VECTORS_NAME if space == self.bundled.space else f"{VECTORS_NAME}-{fingerprint(space)}"
        return VectorStore(self.folder / name, space)

    def _embedder_in_use(self) -> Embedder:
        """The model in whose space the chunks are. When it was removed, the bundled one: words find everything, meaning
        nothing, until the library has changed over to it."""
        wanted = self._wanted_embedder()
        return wanted if self.catalog.setting(_SPACE) == fingerprint(wanted.space) else self.bundled

    def _wanted_embedder(self) -> Embedder:
        installed = self.model_for("embedding")
        if installed is None:
            return self.bundled
        if self._installed_embedder is None or self._installed_embedder.space.revision != installed.fingerprint:
            try:
                header = read_header(Path(installed.folder) / installed.main)
            except ModelError as error:
                logging.getLogger("desktop_rag").error("%s: %s", error.code, error.message)
                return self.bundled
            self._installed_embedder = GgufEmbedder(
                ScheduledModel(self.scheduler, "embedding"),
                name=installed.name,
                fingerprint=installed.fingerprint,
                header=header,
            )
        return self._installed_embedder

    def model_for(self, role: ModelRole) -> Installed | None:
        """The installed model in use for a role, if it works."""
        return model_in_use(self.scheduler, self.model_store, role)

    def embedder_to_come(self) -> Embedder | None:
        """The model that is to embed texts instead of the one that does now."""
        wanted = self._wanted_embedder()
        now = self.catalog.setting(_SPACE) or fingerprint(self.bundled.space)
        return None if fingerprint(wanted.space) == now else wanted

    def fill_space(
        self, embedder: Embedder, between: Callable[[int], None], on_progress: Callable[[Progress], None]
    ) -> None:
        """Embed all chunks by another model; the old vectors go on to answer. It may be ended by what ``between``
        raises, and goes on from there the next time."""
        self._texts.wait_for_retired()  # its folder may be the one that is filled
        with closing(self._text_vectors(embedder.space)) as vectors:
            reembed(self.catalog, embedder, vectors, between, on_progress)

    def change_over(self, embedder: Embedder) -> bool:
        """Search in the space that was filled. False when there are chunks again that have no vector in it. Nothing
        else may write meanwhile. The old vectors are removed when the last search in them has ended."""
        before, space = self.embedder.space, embedder.space
        if not change_over(self.catalog, fingerprint(space), (recipe_of(before), recipe_of(space))):
            return False
        self.catalog.set_setting(_SPACE, fingerprint(space))
        self._texts.replace(self._text_index(embedder))
        self.prepare_vectors()
        return True

    def pictures(self) -> VectorStore | None:
        """The vectors of pictures, in the space of the image model in use; None without one. Waits for searches in
        those of another model, so none may ask for it."""
        self._refresh_pictures(wait=True)
        found = self._pictures.current
        return None if found is None else found.vectors

    def picture_search(self) -> PictureSearch | None:
        """The search for pictures by what they show; None without an image model, and for a moment when another one
        comes into use."""
        found = self._pictures.current
        return None if found is None else found.search

    def _refresh_pictures(self, *, wait: bool = False) -> None:
        """Take up the image model in use. All have the same folder, so that the old store must be closed before."""
        space = self.media_analyzer.image_space
        with self._pictures_guard:
            now = self._pictures.current
            if now is not None and now.vectors.space != space:
                self._pictures.replace(None)
                now = None
            if now is not None or space is None:
                return
            if wait:
                self._pictures.wait_for_retired()
            elif self._pictures.has_retired:
                return
            store = VectorStore(self.folder / PICTURES_NAME, space, PICTURES)
            if not self.read_only and self.catalog.setting(_SEEN_BY) != store.space_name:
                store.remove()  # what another model saw
                self.catalog.set_setting(_SEEN_BY, store.space_name)
            search = CatalogSearch(self.catalog, store.space_name, PICTURES)
            dense = DenseSearch(search, None if self.read_only else store)
            self._pictures.replace(PictureIndex(store, PictureSearch(search, dense, self.image_text_encoder)))

    def _stores(self) -> list[VectorStore]:
        pictures = self.pictures()
        return [self.vectors] if pictures is None or not self.search.has_pictures() else [self.vectors, pictures]

    def prepare_vectors(self) -> None:
        """Open Chroma; after a crash, or when it is damaged or gone, see to it that it holds what the catalog says."""
        stores = self._stores()
        if not self.catalog.counts()["chunks"] and not (self._unclean and self.vectors.exists()):
            return
        if self._unclean or not all(vectors.exists() for vectors in stores):
            self.mend_vectors()
            return
        try:
            for vectors in stores:
                vectors.open()
        except StorageError:
            self.mend_vectors()

    def mend_vectors(self) -> None:
        """Make Chroma hold the vectors of each chunk and picture, and no other: add and remove what differs, or, when
        it cannot be used at all, make it again."""
        log = logging.getLogger("desktop_rag")
        for vectors in self._stores():
            try:
                added, removed = reconcile(self.catalog, vectors)
                if added or removed:
                    log.warning("Chroma was mended: %d vectors added, %d removed.", added, removed)
            except StorageError as error:
                log.error("Chroma is made again: %s", error.message)
                rebuild_vectors(self.catalog, vectors, lambda _: None)
        self._unclean = False

    def rebuild(self, on_progress: Callable[[Progress], None]) -> int:
        """Make Chroma again from the catalog; returns the vectors stored."""
        return sum(rebuild_vectors(self.catalog, vectors, on_progress) for vectors in self._stores())

    def sweep(self) -> None:
        """Take what was deleted out of Chroma."""
        sweep(self.catalog, self._stores())

    def models(self) -> dict[ModelRole, str]:
        """The installed models in use, by what they are for."""
        chosen = {role: self.model_for(role) for role in INSTALLABLE}
        return {role: installed.title for role, installed in chosen.items() if installed is not None}

    def empty_vectors(self) -> None:
        """Before the catalog is replaced by another, in which the numbers of chunks mean others."""
        for vectors in self._stores():
            vectors.recreate()

    def upkeep(self) -> Problem | None:
        """Compact what has grown without need; the problem to tell when a file grows beyond all measure."""
        problem = None
        for vectors in self._stores():
            growth = measure_growth(self.catalog, vectors)
            if growth.wasteful or vectors.is_worn:
                compact(self.catalog, vectors, lambda _: None)
            if growth.runaway:
                problem = Problem(
                    RUNAWAY,
                    say("engine.one-file-vector-store-grown-gib", size=growth.largest_file / 2**30),
                    say("engine.run-desktop-rag-rebuild-build-store"),
                )
        tidy_catalog(self.catalog)
        self.thumbnails.sweep(self.catalog.picture_hashes())
        return problem

    def _note_closing(self) -> None:
        if self._unclean:
            return  # what the process before has left was not mended by this one either
        try:
            self.catalog.remove_setting(_OPEN)
        except StorageError:  # a full disk, say: the next opening looks more closely then
            logging.getLogger("desktop_rag").warning("The library could not be closed in order.")

    def close(self) -> None:
        """Give the library back."""
        self._closing.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            say("engine.library-folder-could-not-created", folder=folder, reason=error.strerror or error),
            say("engine.choose-another-folder-library"),
        ) from error
