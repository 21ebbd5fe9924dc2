"""Decoding of text files, and short names."""

from __future__ import annotations

TYPE_CHECKING = False  # as in _manager.py
if TYPE_CHECKING:
    from collections.abc import Sequence


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


def shortest_ends(names: Sequence[Sequence[str]], joint: str) -> list[str]:
    """Return the shortest ends of names that are all different, of as many parts each.

    Args:
        names: The parts of each name: `["optimizer", "lr"]`.
        joint: What joins the parts: `.`.
    """
    whole = {tuple(name) for name in names}
    length = 1
    while len({name[-length:] for name in whole}) < len(whole):
        length += 1
    return [joint.join(name[-length:]) for name in names]
