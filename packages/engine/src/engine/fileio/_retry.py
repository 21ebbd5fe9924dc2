"""Retries of operations over a network, and the errors when all fail."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Errors of the libraries behind fsspec for failed connections, beside those of Python:
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
# The errors of s3fs for a failure of the server (500) or a busy one (503).
_BUSY = {errno.EBUSY, getattr(errno, "EREMOTEIO", errno.EIO)}
# Errors of a name or of permissions, and not of the connection; the first match counts.
_SPECIFIC = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    OSError,
)


def with_retries(
    operation: Callable[[], T], url: str, done: str, max_retries: int, wait: float
) -> T:
    """Return the result of an operation, which is retried when the connection fails.

    Args:
        operation: The operation, which can be repeated.
        url: The file that it reads or writes.
        done: What it does to the file, for errors: `'read'`.
        max_retries: How often to try again.
        wait: The seconds before the second attempt; twice as many before each further one.

    Raises:
        ConnectionError: All attempts failed.
        OSError: The server refuses: `FileNotFoundError`, `PermissionError` and the like.
        NotImplementedError: The storage has no such operation.
    """
    attempts = 1
    while True:
        try:
            return operation()
        except Exception as error:
            failed = f"{url} can't be {done}"
            if not _is_temporary(error):
                if isinstance(error, NotImplementedError):
                    raise NotImplementedError(f"{failed}: its storage can't do that") from error
                if not isinstance(error, OSError) and type(error).__module__ == "builtins":
                    raise  # a mistake in the call
                raise _to_os_error(error, failed) from error
            if attempts > max_retries:
                which = f"the last of {attempts} attempts failed with " if attempts > 1 else ""
                raise ConnectionError(
                    f"{failed}: {which}{type(error).__name__}: {error}"
                ) from error
        time.sleep(wait)
        attempts, wait = attempts + 1, 2 * wait


def _is_temporary(error: BaseException | None) -> bool:
    """Return whether an error, or its cause, may be gone with the next attempt.

    The cause counts since some libraries report an unreachable server as a missing file.
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
        or _is_temporary(error.__cause__)
    )


def _to_os_error(error: Exception, failed: str) -> OSError:
    for kind in _SPECIFIC:
        if isinstance(error, kind):
            missing = kind is FileNotFoundError and not failed.endswith("written")
            return kind(f"{failed}: {'there is no such file' if missing else error}")
    return OSError(f"{failed}: {type(error).__name__}: {error}")
