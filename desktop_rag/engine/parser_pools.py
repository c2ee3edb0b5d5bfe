"""The pools of parsers of an open library."""

from __future__ import annotations

import threading

from desktop_rag.config import Config
from desktop_rag.indexing.media_analysis import MediaAnalyzer
from desktop_rag.parsing.source import MIB
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.worker_thread import Report


class ParserPools:
    """Makes pools by the settings in ``config``, and keeps those that are shared. Safe to use from several threads."""

    def __init__(self, config: Config, media_analyzer: MediaAnalyzer, report: Report) -> None:
        self._config = config
        self._media_analyzer = media_analyzer
        self._report = report
        self._shared: dict[str, ParserPool] = {}
        self._guard = threading.Lock()

    def new(self, workers: int | None = None) -> ParserPool:
        """Parsers in child processes; whoever asks closes the pool."""
        return ParserPool(
            workers or self._config.workers,
            self._config.limits,
            timeout_s=self._config.parser_timeout_s,
            memory_bytes=self._config.parser_memory_mib * MIB,
            hear=bool(self._media_analyzer.heard_by),
            report=self._report,
        )

    def shared(self, name: str, workers: int | None = None) -> ParserPool:
        """The pool of this name, which ends with the library: its parsers wait a while for the next file. There is
        another one when sound is understood from now on, or no longer."""
        key = f"{name} {self._media_analyzer.heard_by}"
        with self._guard:
            if key not in self._shared:
                self._shared[key] = self.new(workers)
            return self._shared[key]

    def close(self) -> None:
        for pool in self._shared.values():
            pool.close()
