"""Files on the web."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine import fileio
from engine.fileio import HTTPBackend

FILES = {"/a.json": b'{"a": 1}', "/folder/lines.txt": "é\n".encode()}
FAST = {"retry_wait": 0}


class _Server(ThreadingHTTPServer):
    """Serves files; may fail a number of times before."""

    failures: list[int]  # a status, or 0 for a body that is cut short
    tokens: list[str | None]  # one of each request


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.tokens.append(self.headers.get("X-Token"))
        path = self.path.partition("?")[0]
        failure = self.server.failures.pop(0) if self.server.failures else None
        status = failure or (200 if path in FILES else 404)
        content = FILES[path] if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:1] if failure == 0 else content)

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server(("127.0.0.1", 0), _Handler)
    made.failures, made.tokens = [], []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def url(server: _Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_files_are_read(url: str, tmp_path: Path) -> None:
    assert fileio.get(f"{url}/a.json") == FILES["/a.json"]
    assert fileio.get_text(f"{url}/folder/lines.txt") == "é\n"
    assert fileio.load(f"{url}/a.json") == {"a": 1}
    assert fileio.load(f"{url}/a.json?token=x") == {"a": 1}
    assert fileio.list_from_file(f"{url}/folder/lines.txt") == ["é"]
    assert fileio.exists(f"{url}/a.json")
    assert fileio.isfile(f"{url}/a.json")
    assert not fileio.isfile(f"{url}/b.json")
    assert fileio.join_path(url, "a", "/b") == f"{url}/a/b"
    with fileio.get_local_path(f"{url}/folder/lines.txt?x=1") as path:
        assert Path(path).name == "lines.txt"
        assert Path(path).read_bytes() == FILES["/folder/lines.txt"]
    assert not Path(path).exists()
    assert fileio.copyfile_to_local(f"{url}/a.json", tmp_path) == tmp_path / "a.json"


def test_the_backend_by_itself(url: str) -> None:
    backend = HTTPBackend()
    assert backend.get(f"{url}/a.json") == FILES["/a.json"]
    assert backend.get_text(f"{url}/a.json") == '{"a": 1}'
    assert isinstance(fileio.get_file_backend(url), HTTPBackend)
    assert isinstance(fileio.get_file_backend("https://x"), HTTPBackend)


@pytest.mark.parametrize("failures", [[503], [500, 429, 502], [0]])
def test_a_failure_that_passes_is_not_seen(server: _Server, url: str, failures: list[int]) -> None:
    server.failures = failures
    assert fileio.get(f"{url}/a.json", FAST) == FILES["/a.json"]


def test_failures_that_stay_are_told(server: _Server, url: str) -> None:
    server.failures = [503] * 9
    with pytest.raises(
        ConnectionError, match=rf"^{url}/a\.json can't be read: the last of 4 attempts .*503"
    ):
        fileio.get(f"{url}/a.json", FAST)
    assert len(server.failures) == 5


def test_what_is_not_there(server: _Server, url: str) -> None:
    with pytest.raises(FileNotFoundError, match=rf"^{url}/b can't be read: there is no such file$"):
        fileio.get(f"{url}/b")
    with pytest.raises(FileNotFoundError), fileio.get_local_path(f"{url}/b"):
        pass
    server.failures = [403]
    with pytest.raises(OSError, match=rf"^{url}/b can't be read: ClientResponseError: 403"):
        fileio.get(f"{url}/b")


def test_a_server_that_is_not_there_has_no_answer() -> None:
    args = {"max_retries": 0}
    for verb in (fileio.get, fileio.exists, fileio.isfile):
        with pytest.raises(ConnectionError, match=r"^http://127\.0\.0\.1:9/x can't be "):
            verb("http://127.0.0.1:9/x", args)


def test_nothing_is_written(server: _Server, url: str) -> None:
    with pytest.raises(NotImplementedError, match=r"^HTTPBackend has no put$"):
        fileio.put(b"", f"{url}/a.json")
    with pytest.raises(NotImplementedError, match=r"^HTTPBackend has no list_dir_or_file$"):
        list(fileio.list_dir_or_file(url))
    with pytest.raises(NotImplementedError, match=r"^HTTPBackend has no remove$"):
        fileio.remove(f"{url}/a.json")
    assert server.tokens == []


def test_options_of_fsspec(server: _Server, url: str) -> None:
    fileio.get(f"{url}/a.json", {"headers": {"X-Token": "secret"}})
    assert server.tokens[-1] == "secret"
    fileio.get(f"{url}/a.json")
    assert server.tokens[-1] is None
