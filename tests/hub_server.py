"""A small server that speaks the Hub's download API over the miniature mirror, for tests of fetching."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INFO = re.compile(r"/api/(models|datasets)/([^/]+/[^/?]+)(?:/revision/([^?]+))?")
TREE = re.compile(r"/api/(models|datasets)/([^/]+/[^/?]+)/tree/([^/?]+)")
FILE = re.compile(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


class Server(ThreadingHTTPServer):
    """Attributes: `root` (the mirror it serves), `asked` (method, path and Range of every request), and `cut`: names
    of files whose next download breaks off in the middle."""

    daemon_threads = True

    def __init__(self, root: Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.root, self.asked, self.cut = root, [], set()

    @property
    def address(self) -> str:
        """What HF_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers repository lists and files, whole or from a byte on."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        """The headers of a file."""
        self.answer(body=False)

    def do_GET(self):
        """A repository's list or a file."""
        self.answer(body=True)

    def log_message(self, *_):
        """Tests print nothing."""

    def folder(self, kind: str, name: str) -> Path:
        return self.server.root / "models" / name if kind == "models" else self.server.root / name

    def answer(self, body: bool) -> None:
        self.server.asked.append((self.command, self.path, self.headers.get("Range")))
        path = self.path.split("?")[0]
        if found := INFO.fullmatch(path):
            folder = self.folder(found[1], found[2])
            if folder.is_dir() and found[3] in (None, COMMIT, "main"):
                return self.send(200, json.dumps(self.info(found[2], folder)).encode(), body)
        elif found := TREE.fullmatch(path):
            return self.send(200, json.dumps(self.tree(self.folder(found[1], found[2]))).encode(), body)
        elif found := FILE.fullmatch(path):
            file = self.folder("datasets" if found[1] else "models", found[2]) / found[4]
            if file.is_file() and found[3] == COMMIT:
                return self.file(file, body)
        self.send(404, b'{"error": "Repository not found"}', body, {"X-Error-Code": "RepoNotFound"})

    def tree(self, folder: Path) -> list[dict]:
        """Every file of a repository, as the list that a snapshot is chosen from."""
        files = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
            name = path.relative_to(folder).as_posix()
            # a file of the large storage names its SHA-256 `sha256` in one answer of the Hub and `oid` in the other
            lfs = {"size": size, "pointerSize": 1, "sha256": digest, "oid": digest}
            files.append(
                {"type": "file", "path": name, "rfilename": name, "size": size, "oid": digest[:40], "lfs": lfs}
            )
        return files

    def info(self, name: str, folder: Path) -> dict:
        """A repository with its files."""
        files = self.tree(folder)
        return {"id": name, "sha": COMMIT, "siblings": files, "private": False, "downloads": 0, "tags": []}

    def file(self, file: Path, body: bool) -> None:
        content = file.read_bytes()
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
        }
        first = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if first:
            start = int(first[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return self.send(206, content[start:], body, headers)
        if body and file.name in self.server.cut:
            self.server.cut.discard(file.name)
            self.send_response(200)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
            return None
        return self.send(200, content, body, headers)

    def send(self, status: int, content: bytes, body: bool, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


@contextmanager
def serving(root: Path):
    """A running server over the mirror `root`."""
    server = Server(root)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
