"""Fetches models from the Hugging Face hub, or a mirror of it, when a person asks for one. Nothing else in the program
may reach another machine.

What a repository holds (the commit, and each file's size and checksum) is asked with ``huggingface_hub``. The files
themselves are streamed here: a download that breaks off goes on where it stopped, and each file is compared with the
hub's checksum before it is installed. No cache of other programs is touched, and no account is used unless the person
has set ``HF_TOKEN``.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from desktop_rag import __version__, offline
from desktop_rag.errors import DiskFull, DownloadFailed, ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.catalogue import Listed
from desktop_rag.models.store.checks import safe_file
from desktop_rag.models.store.model_store import ModelStore, OnTransfer, Transfer
from desktop_rag.models.store.offer import Offer, RemoteFile, Repository, offer_listed, offer_other

ENDPOINT_VARIABLE = "HF_ENDPOINT"
"""Names another hub, a mirror say."""
TOKEN_VARIABLE = "HF_TOKEN"
"""Holds the key of a person's account, for models that are given only to those who have one."""
_NAME = "desktop-rag"
_HUB = "https://huggingface.co"
_BLOCK = 256 * 1024
_TIMEOUT_S = 30.0
"""Without a byte; then the connection counts as broken."""
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Before it is tried again. When something came in between, it begins anew."""
_TELL_EVERY_S = 0.1
_MAX_FILES = 10_000


def endpoint() -> str:
    """The hub that models are fetched from. Raises ``DownloadFailed`` for one that is no address."""
    named = os.environ.get(ENDPOINT_VARIABLE, "").strip().rstrip("/") or _HUB
    parts = urlsplit(named)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise DownloadFailed(
            say("models.not-address-hub", named=named),
            say("models.set-valid-address-unset", variable=ENDPOINT_VARIABLE),
        )
    return named


def look_up(wanted: Listed) -> Offer:
    """Ask the hub what there is to fetch of a model of the catalogue. Raises ``DownloadFailed``."""
    return offer_listed(wanted, _ask(wanted.repository))


def look_up_other(repository: str, file: str = "", role: ModelRole | None = None, name: str = "") -> Offer:
    """The same for a repository that is not in the catalogue (``offer_other``). Raises ``DownloadFailed``, and
    ``ModelRefused`` when it holds no model that can be used."""
    return offer_other(_ask(repository), file, role, name)


def fetch(
    offer: Offer,
    model_store: ModelStore,
    *,
    on_transfer: OnTransfer | None = None,
    pauses_s: Sequence[float] = _PAUSES_S,
) -> Installed:
    """Fetch, check and install what was offered.

    Stopped or broken off, it keeps what came; the next time it goes on from there. Raises ``DownloadFailed``,
    ``ModelRefused`` when what came is no such model, and ``DiskFull``; nothing is installed then.
    """
    model_store.check_name(offer.name)
    with model_store.staging(offer.name) as folder:
        model_store.check_room(offer.bytes - offer.bytes_here(folder))
        with _connected(f"to fetch {offer.origin.repository} from {offer.endpoint}") as hub:
            done = 0
            for file in offer.files:
                _FileDownload(hub, offer, file, folder, done, on_transfer, pauses_s).fetch()
                done += file.size
        try:
            return model_store.place(folder, offer.name, offer.role, title=offer.title, origin=offer.origin)
        except ModelRefused:
            for file in offer.files:  # to go on with them would lead here again
                (folder / file.name).unlink(missing_ok=True)
            raise


# --- what the hub has ------------------------------------------------------------------------------------------------


def _ask(repository: str) -> Repository:
    """Raises ``DownloadFailed``."""
    address = endpoint()
    try:
        with _connected(f"to ask {address} about {repository}") as hub, _in_words(hub, repository):
            api = hub.HfApi(endpoint=address, token=_token(), library_name=_NAME, library_version=__version__)
            info = api.model_info(repository, files_metadata=True, timeout=_TIMEOUT_S)
    except _Interrupted as broken:
        raise DownloadFailed(
            say("models.could-not-reached", address=address, reason=broken),
            say("models.check-computers-internet-connection-computer-without"),
        ) from broken
    files = tuple(map(_remote_file, info.siblings or ()))
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or "") or len(files) > _MAX_FILES:
        raise DownloadFailed(
            say("models.reply-about-makes-no-sense", address=address, repository=repository),
            say("models.try-again-later"),
        )
    return Repository(address, repository, str(info.sha), tuple(filter(None, files)), _licence(info.card_data))


def _remote_file(told: Any) -> RemoteFile | None:
    """A file as the hub describes it; None for one in a folder, or without a size and checksum: no model needs it."""
    if not safe_file(told.rfilename):
        return None
    if told.lfs is not None and re.fullmatch(r"[0-9a-f]{64}", told.lfs.sha256 or ""):
        return RemoteFile(told.rfilename, max(0, int(told.lfs.size)), told.lfs.sha256)
    if told.size is not None and re.fullmatch(r"[0-9a-f]{40}", told.blob_id or ""):
        return RemoteFile(told.rfilename, max(0, int(told.size)), told.blob_id, git=True)
    return None


def _licence(card: Any) -> str:
    """The licence as the repository's own page names it."""
    named = str(card.get("license") or "") if card is not None else ""
    return str(card.get("license_name") or named) if named == "other" else named


# --- the files -------------------------------------------------------------------------------------------------------


class _FileDownload:
    """One file on its way. ``before`` are the bytes of the offer that came before it."""

    def __init__(
        self,
        hub: Any,
        offer: Offer,
        file: RemoteFile,
        folder: Path,
        before: int,
        on_transfer: OnTransfer | None,
        pauses_s: Sequence[float],
    ) -> None:
        self._hub, self._offer, self._file, self._before = hub, offer, file, before
        self._target, self._part = folder / file.name, file.part(folder)
        self._on_transfer, self._pauses_s = on_transfer, pauses_s
        self._told = 0.0

    def fetch(self) -> None:
        with self._disk():
            if self._target.exists():  # whole, from an earlier attempt
                self._target.replace(self._part)
            self._part.touch()
        self._until_complete()
        self._check()
        self._part.replace(self._target)

    def _until_complete(self) -> None:
        """Ask again where the connection breaks, for as long as something comes."""
        pauses = iter(self._pauses_s)
        have = self._size()
        while (size := self._size()) < self._file.size:
            if size > have:
                have, pauses = size, iter(self._pauses_s)
            try:
                with _in_words(self._hub, self._offer.origin.repository):
                    self._stream(size)
            except _Interrupted as broken:
                pause = next(pauses, None) if self._size() <= have else 0.0
                if pause is None:
                    raise DownloadFailed(
                        say("models.connection-lost-while-downloading", name=self._file.name, reason=broken),
                        say("models.what-arrived-kept-run-same-command"),
                    ) from broken
                time.sleep(pause)
        self._tell(self._file.size, now=True)

    def _stream(self, begin: int) -> None:
        """Ask for the file from byte ``begin`` on, and append what comes. Raises ``_Interrupted`` if it is not all."""
        origin, tools = self._offer.origin, self._hub.utils
        url = self._hub.hf_hub_url(
            origin.repository, self._file.name, revision=origin.revision, endpoint=self._offer.endpoint
        )
        headers = tools.build_hf_headers(token=_token(), library_name=_NAME, library_version=__version__)
        headers["Accept-Encoding"] = "identity"  # compressed on the way, a part of it could not be asked for
        headers["Range"] = f"bytes={begin}-"
        with self._hub.get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT_S) as response:
            if response.status_code >= 400:
                response.read()
                if response.status_code == 416:
                    self._start_over()
                tools.hf_raise_for_status(response)
            if response.status_code != 206:  # a server that cannot begin in the middle
                begin = 0
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {begin}-"):
                self._start_over()
            with self._disk():
                os.truncate(self._part, begin)
            with self._part.open("ab") as out:
                for block in response.iter_raw():
                    self._write(out, block)
        if self._size() < self._file.size:
            raise _Interrupted(say("models.bytes-arrived", size=self._size(), whole=self._file.size))

    def _start_over(self) -> None:
        """What is here is no beginning of what is there."""
        self._part.write_bytes(b"")
        raise _Interrupted(say("models.part-already-here-does-not-match"))

    def _write(self, out: BinaryIO, block: bytes) -> None:
        if out.tell() + len(block) > self._file.size:
            raise DownloadFailed(
                say("models.more-arrived-than-hub-announced", name=self._file.name), say("models.nothing-installed")
            )
        with self._disk():
            out.write(block)
            out.flush()  # what came is kept, whatever happens next
        self._tell(out.tell())

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """The disk's errors, told apart from those of the connection."""
        try:
            yield
        except OSError as error:
            raise DiskFull(
                say("models.could-not-written", part=self._part, reason=error.strerror or error),
                say("models.free-up-some-space-try-again"),
            ) from error

    def _check(self) -> None:
        """Compare the file with the checksum; one that differs is deleted."""
        digest: Any = hashlib.sha1(usedforsecurity=False) if self._file.git else hashlib.sha256()
        if self._file.git:
            digest.update(b"blob %d\0" % self._file.size)
        with self._part.open("rb+") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
            os.fsync(file.fileno())
        if digest.hexdigest() != self._file.checksum:
            self._part.unlink()
            raise DownloadFailed(
                say("models.not-what-hub-announced-checksum-differs", name=self._file.name),
                say("models.deleted-nothing-installed-try-again-if"),
            )

    def _size(self) -> int:
        return self._part.stat().st_size

    def _tell(self, size: int, *, now: bool = False) -> None:
        if self._on_transfer is not None and (now or time.monotonic() - self._told >= _TELL_EVERY_S):
            self._told = time.monotonic()
            self._on_transfer(Transfer(self._file.name, self._before + size, self._offer.bytes))


# --- the connection --------------------------------------------------------------------------------------------------


class _Interrupted(Exception):
    """The connection broke, or the hub has no time: worth another attempt."""


@contextmanager
def _connected(reason: str) -> Iterator[Any]:
    """``huggingface_hub``, and leave to connect."""
    import huggingface_hub
    from huggingface_hub import constants

    # The rest of the program keeps the library offline, and quiet, by its environment, which it looks at once.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False
    try:
        with offline.allow(reason):
            yield huggingface_hub
    finally:
        constants.HF_HUB_OFFLINE = before
        huggingface_hub.close_session()


def _token() -> str | bool:
    """The person's key, if set for this very purpose; never one that another program keeps."""
    return os.environ.get(TOKEN_VARIABLE, "").strip() or False


@contextmanager
def _in_words(hub: Any, repository: str) -> Iterator[None]:
    """Errors of the hub and its HTTP client as ``DownloadFailed``, or as ``_Interrupted`` where it may pass."""
    try:
        yield
    except (DiskFull, DownloadFailed, _Interrupted):
        raise
    except hub.errors.HFValidationError as error:
        raise DownloadFailed(
            say("models.not-name-repository", repository=repository), say("models.names-look-like-owner-name")
        ) from error
    except hub.errors.HfHubHTTPError as error:
        raise _refused(error.response.status_code, repository) from error
    except Exception as error:
        # The client has been httpx, and is now another; its errors are of families that only exist with it.
        if not isinstance(error, OSError) and not type(error).__module__.startswith("http"):
            raise
        raise _Interrupted(str(error) or type(error).__name__) from error


def _refused(status: int, repository: str) -> Exception:
    if status in (401, 403):
        return DownloadFailed(
            say("models.does-not-exist-not-public", repository=repository),
            say("models.check-name-choose-another-model-if", variable=TOKEN_VARIABLE),
        )
    if status in (404, 410):
        return DownloadFailed(say("models.file-not-found", repository=repository), say("models.choose-another-model-2"))
    if status == 429 or status >= 500:
        return _Interrupted(say("models.hub-answered", status=status))
    return DownloadFailed(
        say("models.hub-did-not-provide-status", repository=repository, status=status), say("models.try-again-later")
    )
