"""A connection that breaks is tried again, then told; nothing half-written is to be seen."""

from __future__ import annotations

import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import pytest

from engine import fileio

StartS3 = Callable[[], tuple[subprocess.Popen[str], str]]

CONTENT = bytes(range(256)) * 4096  # 1 MiB, far more than what a socket buffers


class _Proxy:
    """Hands bytes on to a server; cuts connections in the middle of what is sent.

    Args:
        port: Where the server listens.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.cuts = 0  # how many connections are still to be cut
        self.on_cut: Callable[[], object] = lambda: None
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):  # it is closed
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()  # or it would wait for somebody to read
                return
            for source, sink, is_cut in ((client, server, True), (server, client, False)):
                args = (source, sink, is_cut)
                threading.Thread(target=self._hand_on, args=args, daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, is_cut: bool) -> None:
        sent = 0
        try:
            while data := source.recv(1 << 16):
                sent += len(data)
                if is_cut and self.cuts and sent > len(CONTENT) // 2:
                    self.cuts -= 1
                    self.on_cut()
                    break
                sink.sendall(data)
        except OSError:
            pass  # the other direction has closed them
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def proxy(s3_url: str) -> Iterator[_Proxy]:
    """A proxy before the server of S3 that all tests share."""
    made = _Proxy(int(s3_url.rpartition(":")[2]))
    yield made
    made.close()


def _args(url: str, **options: Any) -> dict[str, Any]:
    return {"endpoint_url": url, "retry_wait": 0, **options}


def test_a_write_that_breaks_is_tried_again(bucket: str, proxy: _Proxy) -> None:
    proxy.cuts = 3
    fileio.put(CONTENT, f"{bucket}/a.bin", _args(proxy.url))
    assert proxy.cuts == 0
    assert proxy.connections == 4
    assert fileio.get(f"{bucket}/a.bin") == CONTENT


def test_a_write_that_breaks_each_time_is_told(bucket: str, proxy: _Proxy, tmp_path: Path) -> None:
    former = CONTENT[::-1]
    fileio.put(former, f"{bucket}/a.bin")
    (tmp_path / "new.bin").write_bytes(CONTENT)
    writes: dict[str, Callable[[], object]] = {
        "the last of 2 attempts failed with ": lambda: fileio.put(
            CONTENT, f"{bucket}/a.bin", _args(proxy.url, max_retries=1)
        ),
        "": lambda: fileio.copyfile_from_local(
            tmp_path / "new.bin", f"{bucket}/a.bin", _args(proxy.url, max_retries=0)
        ),
    }
    for told, write in writes.items():
        proxy.cuts = 99
        with pytest.raises(
            ConnectionError, match=rf"{bucket}/a\.bin can't be written: {told}\w+Error: "
        ):
            write()
        assert proxy.cuts < 99
        assert [*fileio.list_dir_or_file(bucket)] == ["a.bin"]
        assert fileio.get(f"{bucket}/a.bin") == former
        proxy.cuts = 0  # the server is back
        assert fileio.get(f"{bucket}/a.bin", _args(proxy.url)) == former


def test_a_file_that_was_never_whole_is_not_there(bucket: str, proxy: _Proxy) -> None:
    proxy.cuts = 99
    with pytest.raises(ConnectionError):
        fileio.put(CONTENT, f"{bucket}/a.bin", _args(proxy.url, max_retries=0))
    assert not fileio.exists(f"{bucket}/a.bin")
    assert [*fileio.list_dir_or_file(bucket)] == []


@pytest.fixture
def doomed(bucket: str, start_s3: StartS3) -> Iterator[_Proxy]:
    """A proxy before a server of its own, with the same bucket; a cut kills the server."""
    process, url = start_s3()
    fsspec.filesystem("s3", endpoint_url=url).mkdir(bucket)
    made = _Proxy(int(url.rpartition(":")[2]))

    def kill() -> None:
        made.close()
        process.kill()
        process.wait()

    made.on_cut = kill
    yield made
    made.close()


def test_a_server_that_is_killed_in_the_middle(bucket: str, doomed: _Proxy) -> None:
    file, args = f"{bucket}/a.bin", _args(doomed.url, max_retries=1)
    fileio.put(CONTENT, file, args)
    doomed.cuts = 1
    verbs: dict[str, Callable[[], object]] = {
        "written": lambda: fileio.put(CONTENT[::-1], file, args),
        "read": lambda: fileio.get(file, args),
        "looked up": lambda: fileio.exists(file, args),  # which is not the same as False
        "listed": lambda: list(fileio.list_dir_or_file(bucket, backend_args=args)),
    }
    for done, verb in verbs.items():
        with pytest.raises(
            ConnectionError, match=rf"{bucket}\S* can't be {done}: the last of 2 attempts"
        ):
            verb()
    assert doomed.cuts == 0


def test_what_a_server_refuses_is_not_tried_again(bucket: str, proxy: _Proxy) -> None:
    args = _args(proxy.url, max_retries=99)
    with pytest.raises(FileNotFoundError, match=rf"{bucket}/a can't be read: there is no such"):
        fileio.get(f"{bucket}/a", args)
    missing = f"s3://{uuid.uuid4().hex}"
    with pytest.raises(FileNotFoundError, match="can't be written: The specified bucket does not"):
        fileio.put(b"", f"{missing}/a", args)
    assert proxy.connections < 9
