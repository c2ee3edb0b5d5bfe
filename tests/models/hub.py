"""A server on this machine that behaves like the Hugging Face hub, as far as downloads go, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

SMALL = 1000
"""Files below this many bytes are not in large file storage: the hub tells their git hash only."""


class Hub:
    """``repositories`` are name -> file -> bytes. The other attributes say what goes wrong:

    ``breaks``: after how many bytes the next answers are broken off; ``instead``: what is sent for a file in place of
    what was announced; ``status``: the answer to every request, or only to those for files with ``file_status``;
    ``block`` and ``pause_s``: how many bytes are sent between pauses; ``ranges``: False for a server that always sends
    a file from its beginning.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.licence = "apache-2.0"
        self.breaks: list[int] = []
        self.instead: dict[str, bytes] = {}
        self.status = self.file_status = 0
        self.block, self.pause_s = 1 << 16, 0.0
        self.ranges = True
        self.requests: list[tuple[str, str]] = []
        """Path and range of each request for a file's bytes."""
        self.headers: list[dict[str, str]] = []
        self.sent = 0
        self.address = ""

    def describe(self, name: str) -> dict[str, Any]:
        """The answer to a question about a repository."""
        files = self.repositories[name]
        siblings = []
        for file, data in files.items():
            told: dict[str, Any] = {"rfilename": file, "size": len(data), "blobId": git_hash(data)}
            if len(data) >= SMALL:
                told["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
            siblings.append(told)
        commit = hashlib.sha1(json.dumps(siblings).encode()).hexdigest()
        return {
            "_id": "1", "id": name, "modelId": name, "author": name.partition("/")[0], "sha": commit,
            "lastModified": "2025-01-01T00:00:00.000Z", "private": False, "disabled": False, "gated": False, "tags": [],
            "downloads": 0, "likes": 0, "createdAt": "2025-01-01T00:00:00.000Z", "siblings": siblings,
            "cardData": {"license": self.licence},
        }  # fmt: skip


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@contextmanager
def serving() -> Iterator[Hub]:
    """Run a hub; its ``address`` is for HF_ENDPOINT."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.headers.append(dict(self.headers))
            path = unquote(urlsplit(self.path).path)
            if hub.status:
                self.send_error(hub.status)
            elif path.startswith("/api/models/"):
                self._api(path.removeprefix("/api/models/"))
            elif path.startswith("/cdn/"):
                self._bytes(path.removeprefix("/cdn/"))
            else:
                self._redirect(path)

        def _api(self, name: str) -> None:
            name = name.partition("/revision/")[0]
            if name not in hub.repositories:
                self.send_response(401)
                self.send_header("X-Error-Message", "Invalid username or password.")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = json.dumps(hub.describe(name)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _redirect(self, path: str) -> None:
            """The hub keeps large files elsewhere."""
            name, _, rest = path.strip("/").partition("/resolve/")
            revision, _, file = rest.partition("/")
            known = name in hub.repositories and hub.describe(name)["sha"] == revision
            if hub.file_status or not known or file not in hub.repositories[name]:
                self.send_error(hub.file_status or 404)
                return
            self.send_response(302)
            self.send_header("Location", f"/cdn/{name}/{file}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _bytes(self, path: str) -> None:
            name, _, file = path.rpartition("/")
            data = hub.instead.get(file, hub.repositories[name][file])
            wanted = self.headers.get("Range", "")
            hub.requests.append((file, wanted))
            begin = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if hub.ranges else 0
            if begin and begin >= len(data):
                self.send_error(416)
                return
            self.send_response(206 if wanted and hub.ranges else 200)
            self.send_header("Content-Length", str(len(data) - begin))
            if wanted and hub.ranges:
                self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            end = begin + hub.breaks.pop(0) if hub.breaks else len(data)
            for place in range(begin, min(end, len(data)), hub.block):
                block = data[place : min(place + hub.block, end)]
                try:
                    self.wfile.write(block)
                    self.wfile.flush()
                except OSError:  # the other side has gone
                    break
                hub.sent += len(block)
                time.sleep(hub.pause_s)
            self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
