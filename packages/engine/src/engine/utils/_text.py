"""Decoding of text files."""

from __future__ import annotations


def decode_text(content: bytes, name: object, encoding: str = "utf-8") -> str:
    """Return the text that a user's file holds, without a byte order mark.

    Args:
        content: The bytes of the file.
        name: What errors call it.
        encoding: Its encoding.

    Raises:
        ValueError: If the bytes are none of that encoding; it says the file and the line.
    """
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise ValueError(
            f"{name}:{line}: this is no text in {encoding.upper()} (byte 0x{byte:02x}); save the "
            "file in it"
        ) from error
