"""Attempts to reach a storage over a network, and what a user is told when they fail."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# What the libraries behind fsspec raise where a connection fails, beside Python's own errors:
# of HTTP and GCS, of S3, of WebHDFS, of the Hugging Face hub.
_BROKEN = {
    "aiohttp.ClientConnectionError",
    "aiohttp.ClientPayloadError",
    "botocore.ConnectionError",
    "botocore.HTTPClientError",
    "requests.ConnectionError",
    "requests.Timeout",
    "httpx.TransportError",
}
# How s3fs says that the server has a failure (500) or is too busy (503).
_BUSY = {errno.EBUSY, getattr(errno, "EREMOTEIO", errno.EIO)}
# What is wrong with a name or with who asks, and not with the connection.
_MEANT = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    OSError,
)


def reach(operation: Callable[[], T], url: str, done: str, max_retries: int, wait: float) -> T:
    """Do something over a network; where the connection fails, again after a while.

    Args:
        operation: What to do; it can be done several times.
        url: What is read or written.
        done: What errors say was to be done, such as `'read'`.
        max_retries: How often to try again.
        wait: The seconds before the second attempt; twice as many before each further one.

    Raises:
        ConnectionError: No attempt came through.
        OSError: The server refuses: `FileNotFoundError`, `PermissionError` and the like.
        NotImplementedError: The storage has no such operation.
    """
    attempts = 1
    while True:
        try:
            return operation()
        except Exception as error:
            failed = f"{url} can't be {done}"
            if not _is_passing(error):
                if isinstance(error, NotImplementedError):
                    raise NotImplementedError(f"{failed}: its storage can't do that") from error
                if not isinstance(error, OSError) and type(error).__module__ == "builtins":
                    raise  # a mistake in the call
                raise _told(error, failed) from error
            if attempts > max_retries:
                which = f"the last of {attempts} attempts failed with " if attempts > 1 else ""
                raise ConnectionError(
                    f"{failed}: {which}{type(error).__name__}: {error}"
                ) from error
        time.sleep(wait)
        attempts, wait = attempts + 1, 2 * wait


def _is_passing(error: BaseException | None) -> bool:
    """Return whether an error, or what caused it, may be gone with the next attempt.

    The cause counts since some report a server that is not there as a file that is not there.
    """
    if error is None:
        return False
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    status = getattr(error, "status", None)  # of HTTP
    return (
        isinstance(error, ConnectionError | TimeoutError)
        or not kinds.isdisjoint(_BROKEN)
        or (isinstance(error, OSError) and error.errno in _BUSY)
        or (isinstance(status, int) and (status == 429 or status >= 500))
        or _is_passing(error.__cause__)
    )


def _told(error: Exception, failed: str) -> OSError:
    for kind in _MEANT:
        if isinstance(error, kind):
            missing = kind is FileNotFoundError and not failed.endswith("written")
            return kind(f"{failed}: {'there is no such file' if missing else error}")
    return OSError(f"{failed}: {type(error).__name__}: {error}")
