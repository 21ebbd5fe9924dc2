"""Sliding-window inference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor


def windows(
    size: Sequence[int], crop_size: Sequence[int], stride: Sequence[int]
) -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of windows that cover an image.

    A window that would leave the image is moved back into it, so that all have the size asked for,
    or that of the image where it is smaller.

    Args:
        size: Height and width of the image, in pixels.
        crop_size: Height and width of a window.
        stride: How far a window is from the next, downwards and to the right.
    """
    rows, columns = (
        [_within(start, crop, side) for start in range(0, max(side - crop + step, 1), step)]
        for side, crop, step in zip(size, crop_size, stride, strict=True)
    )
    yield from ((row, column) for row in rows for column in columns)


def slide(
    score: Callable[[Tensor], Tensor],
    images: Tensor,
    crop_size: Sequence[int],
    stride: Sequence[int],
) -> Tensor:
    """Score images window by window; where windows overlap, the mean of their scores counts.

    Args:
        score: What turns images `(N, C, H, W)` into scores `(N, num_classes, H, W)`.
        images: Images `(N, C, H, W)`.
        crop_size: As in `windows`.
        stride: As in `windows`.

    Returns:
        Scores `(N, num_classes, H, W)`.
    """
    count, _, *size = images.shape
    total, times = images.new_zeros(()), images.new_zeros((1, 1, *size))
    for rows, columns in windows(size, crop_size, stride):
        scores = score(images[..., rows, columns])
        if not total.ndim:
            total = scores.new_zeros((count, scores.shape[1], *size))
        total[..., rows, columns] += scores
        times[..., rows, columns] += 1
    return total / times


def _within(start: int, crop: int, side: int) -> slice:
    first = max(min(start, side - crop), 0)
    return slice(first, min(first + crop, side))
