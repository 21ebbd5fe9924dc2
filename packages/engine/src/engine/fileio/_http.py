"""Files on the web."""

from __future__ import annotations

from ._fsspec import RemoteReader


class HTTPBackend(RemoteReader):
    """Files behind `http://` and `https://`, which can only be read.

    Args:
        max_retries: How often to try again where the connection fails.
        retry_wait: The seconds before the second attempt; twice as many before each further one.
        **storage_options: Options of fsspec's HTTP file system, such as `headers={...}`.
    """
