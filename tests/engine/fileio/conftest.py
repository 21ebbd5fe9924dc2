"""Storages to read from and to write to."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

Process = subprocess.Popen[str]
StartS3 = Callable[[], tuple[Process, str]]


@pytest.fixture(scope="session")
def start_s3() -> Iterator[StartS3]:
    """Return a function that starts a server of S3 in a process, and tells its URL."""
    processes: list[Process] = []

    def start() -> tuple[Process, str]:
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("s3_server.py")],
            stdin=subprocess.PIPE,  # which ends with this process, whatever happens to it
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        return process, f"http://127.0.0.1:{process.stdout.readline().strip()}"

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def s3_url(start_s3: StartS3) -> str:
    """The URL of a server of S3 that all tests of this process share."""
    return start_s3()[1]


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket; the environment says where the server is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"bucket-{uuid.uuid4().hex}"
    fsspec.filesystem("s3").mkdir(name)
    return f"s3://{name}"


@pytest.fixture(params=["path", "file", "memory", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of an empty folder on each kind of storage."""
    if request.param == "s3":
        return str(request.getfixturevalue("bucket"))
    names = {
        "path": str(tmp_path),
        "file": f"file://{tmp_path}",
        "memory": f"memory://{uuid.uuid4().hex}",
    }
    return names[request.param]
