"""Every error the program raises on purpose. Anything else is a bug.

::

    DesktopRagError
    ├── FileProblem            one input file: reported beside it, everything else goes on
    │   ├── Unsupported            no parser reads this format
    │   ├── Encrypted              a password is needed
    │   ├── Damaged                the file is not what it claims to be, or is cut short
    │   ├── OverCap                a limit was reached before anything could be read
    │   ├── Unreadable             vanished, or permission denied
    │   ├── ParserStopped          the parser's process ran out of time or memory, or crashed
    │   └── ParserFault            a bug of a parser: nothing is wrong with the file
    ├── StorageError           our own library: fatal, said at once
    │   ├── LibraryBusy            another process owns it
    │   ├── LibraryTooNew          written by a newer version
    │   ├── LibraryDamaged         the catalog fails its check
    │   ├── DiskFull
    │   ├── BackupDamaged          a backup that does not hold what was written to it
    │   ├── EngineFull             the process that owns it has no room for another client
    │   └── EngineGone             the process that owns it died and did not come back
    ├── ModelError             a model's files are missing or do not load
    │   ├── ModelRefused           a file that is no model of a kind we load, or is broken
    │   ├── ModelCrashed           the process that ran it died
    │   ├── ModelStopped           who asked did not want to wait for it
    │   ├── NoMemoryForModel       it fits neither the card nor the memory
    │   └── DownloadFailed         it could not be fetched
    ├── ConfigError            a setting that cannot be used
    ├── QueryError             a question or filter that cannot be understood
    └── InternalError          a mistake in the program, met by another of its processes

Each has a ``message`` (what happened, to what) and a ``hint`` (what to do about it), as a rule both of the catalogue
(see ``desktop_rag.messages``).
"""

from desktop_rag.types import Problem


class DesktopRagError(Exception):
    """Base of all expected errors; ``str()`` gives message and hint in one line."""

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def as_problem(self) -> Problem:
        return Problem(self.code, self.message, self.hint)


class FileProblem(DesktopRagError):
    """Something is wrong with one input file."""

    code = "file"


class Unsupported(FileProblem):
    code = "unsupported"


class Encrypted(FileProblem):
    code = "encrypted"


class Damaged(FileProblem):
    code = "damaged"


class OverCap(FileProblem):
    code = "over-cap"


class Unreadable(FileProblem):
    code = "unreadable"


class ParserStopped(FileProblem):
    code = "parser-stopped"


class ParserFault(FileProblem):
    code = "parser-fault"


class StorageError(DesktopRagError):
    """The library itself failed."""

    code = "storage"


class LibraryBusy(StorageError):
    code = "library-busy"


class LibraryTooNew(StorageError):
    code = "library-too-new"


class LibraryDamaged(StorageError):
    code = "library-damaged"


class DiskFull(StorageError):
    code = "disk-full"


class BackupDamaged(StorageError):
    code = "backup-damaged"


class EngineFull(StorageError):
    code = "engine-full"


class EngineGone(StorageError):
    code = "engine-gone"


class ModelError(DesktopRagError):
    code = "model"


class ModelRefused(ModelError):
    code = "model-refused"


class ModelCrashed(ModelError):
    code = "model-crashed"


class ModelStopped(ModelError):
    """Whoever asked did not want to wait for it any longer."""

    code = "model-stopped"


class NoMemoryForModel(ModelError):
    code = "no-memory-for-model"


class DownloadFailed(ModelError):
    code = "download-failed"


class ConfigError(DesktopRagError):
    code = "config"


class QueryError(DesktopRagError):
    code = "query"


class InternalError(DesktopRagError):
    """A mistake in the program that another of its processes has met, and written to its log."""

    code = "bug"
