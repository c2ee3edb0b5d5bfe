"""What an open engine consists of, as the functions that perform its calls get it."""

from __future__ import annotations

from dataclasses import dataclass

from desktop_rag.engine.library import Library
from desktop_rag.engine.queries.answers import AnswerQueries
from desktop_rag.engine.queries.document_queries import DocumentQueries
from desktop_rag.engine.queries.search import SearchQueries
from desktop_rag.engine.queries.status_queries import StatusQueries
from desktop_rag.engine.sync.index_commands import IndexCommands
from desktop_rag.engine.sync.sync_worker import SyncWorker
from desktop_rag.engine.sync.warmup import Warmup
from desktop_rag.errors import ConfigError
from desktop_rag.messages import say


@dataclass(frozen=True)
class EngineContext:
    """``sync_worker`` is there in a live engine alone."""

    library: Library
    search: SearchQueries
    answers: AnswerQueries
    documents: DocumentQueries
    status: StatusQueries
    index_commands: IndexCommands
    warmup: Warmup
    sync_worker: SyncWorker | None

    def live(self) -> SyncWorker:
        """Raises ``ConfigError`` when the engine is not a live one."""
        if self.sync_worker is None:
            raise ConfigError(
                say("engine.no-engine-running-background"), say("engine.start-one-desktop-rag-engine-start")
            )
        return self.sync_worker
