"""Reading, resizing and showing of images and masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.fileio import get

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Color = Literal["gray", "rgb"]

_MODES = {"gray": "L", "rgb": "RGB"}
_DEEP_MODES = ("I", "F")  # how the names of modes with more than 8 bits begin
_IMAGE_TYPES = ("uint8", "int16", "uint16", "int32", "float32")
_NPY = b"\x93NUMPY"
_LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL, _SAMPLE_FORMAT = 258, 277, 339  # tags of TIFF
_UNSIGNED, _SIGNED = 1, 2  # values of the last


def read_image(
    item: str | Path | Tensor, color: Color | None = None, min_side: int | None = None
) -> Tensor:
    """Return an image as a tensor `(C, H, W)` of what its file holds.

    The type is that of the file: uint8, uint16, int32 or float32. A palette is resolved into RGB,
    or RGBA where it has transparency. The image stands as its EXIF orientation says. What would
    lose bits or channels is an error. Of a file with several pages, it is the first.

    Args:
        item: A file or URL: an image that Pillow reads, or an array `(H, W)` or `(H, W, C)` of
            NumPy (`.npy`), which may have any number of channels. A tensor is returned as it is.
        color: `'gray'` makes one channel, `'rgb'` three, without alpha; None keeps the channels.
        min_side: Decode a JPEG at a half, a quarter or an eighth of its size, which is several
            times as fast, as long as neither side gets shorter than so many pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or damaged, or can't be read without loss, or `color` is
            neither.
    """
    if isinstance(item, Tensor):
        return item
    check_color(color, "read_image")
    content = _content(item)
    if content.startswith(_NPY):
        pixels = _convert(_array(content, item, _IMAGE_TYPES), color, item)
    else:
        with _opened(content, item) as image:
            if min_side is not None:
                image.draft(None, (min_side, min_side))
            _refuse_loss(image, item)
            pixels = _pixels(image, color, item)
    return torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1)


def read_mask(item: str | Path) -> npt.NDArray[Any]:
    """Return a mask as its file holds it: integers `(H, W)`, or `(H, W, C)` of several channels.

    The values of an image with a palette are the indices of its colors. A black and white image has
    0 and 1. The mask stands as its EXIF orientation says.

    Args:
        item: A file or URL: an image that Pillow reads, or an array of NumPy (`.npy`).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or damaged, or does not hold integers.
    """
    content = _content(item)
    if content.startswith(_NPY):
        return _array(content, item, None)
    with _opened(content, item) as image:
        _refuse_loss(image, item)
        if image.mode == "F":
            raise ValueError(f"{item} is no mask: its pixels are float32; expected integers")
        with _decoding(item):
            pixels = np.array(_upright(image))
    return pixels.astype(pixels.dtype.newbyteorder("=") if pixels.dtype != bool else np.uint8)


def resize_image(image: Tensor, size: Sequence[int]) -> Tensor:
    """Return an image in another size: bilinear, smoothed where it shrinks; it keeps its type.

    Args:
        image: A tensor `(C, H, W)`.
        size: Height and width, in pixels.
    """
    own = image.dtype
    # torch has a fault for uint8 in one pixel, and no kernel for other integers.
    is_direct = own.is_floating_point or (own == torch.uint8 and tuple(size) != (1, 1))
    given = image if is_direct else image.float()
    resized = functional.interpolate(given[None], list(size), mode="bilinear", antialias=True)[0]
    return resized if resized.dtype == own else resized.round().to(own)


def to_rgb(image: Tensor) -> npt.NDArray[np.uint8]:
    """Return an image of any type and number of channels for the eye: RGB `(H, W, 3)` of uint8.

    Of several channels it shows the first three, or the first where there are two. Values that are
    not uint8 are spread over the range from the least to the largest.

    Args:
        image: A tensor `(C, H, W)`.
    """
    shown = image[: 3 if len(image) > 2 else 1].cpu()
    if shown.dtype != torch.uint8:
        values = shown.float().nan_to_num(0, 0, 0)
        least, most = values.min(), values.max()
        shown = ((values - least) * (255 / (most - least).clamp(min=1e-12))).round().byte()
    pixels: npt.NDArray[np.uint8] = shown.permute(1, 2, 0).numpy()
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def check_color(color: object, owner: str) -> None:
    """Make sure that an argument `color` is one of `read_image`.

    Args:
        color: The argument.
        owner: Whose it is, for the error.

    Raises:
        ValueError: If it is none.
    """
    if color not in (*_MODES, None):
        raise ValueError(f"color of {owner} is 'gray', 'rgb' or None; got {color!r}")


def _content(item: str | Path) -> bytes:
    try:
        return get(item)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(f"there is no image {item}") from error


@contextmanager
def _opened(content: bytes, item: str | Path) -> Iterator[ImageFile]:
    from PIL import Image  # deferred: the libraries that read images have it

    with _decoding(item):
        image = Image.open(BytesIO(content))
    with image:
        yield image


def _pixels(image: ImageFile, color: Color | None, item: str | Path) -> npt.NDArray[Any]:
    """Return the pixels of an image, `(H, W)` or `(H, W, C)`."""
    with _decoding(item):
        upright = _upright(image)
        if not image.mode.startswith(_DEEP_MODES):
            mode = _MODES[color] if color else _shown_mode(image)
            return np.array(upright if mode == image.mode else upright.convert(mode))
        pixels = np.array(upright)
    return _convert(pixels.astype(pixels.dtype.newbyteorder("=")), color, item)


def _shown_mode(image: Image) -> str:
    """Return the mode that holds what an image of 8 bits shows."""
    if image.mode in ("P", "PA"):
        return "RGBA" if image.has_transparency_data else "RGB"
    return "L" if image.mode == "1" else image.mode


def _upright(image: Image) -> Image:
    """Turn an image as its EXIF orientation says; EXIF that can't be read says nothing."""
    from PIL import ImageOps  # deferred, as above

    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, KeyError, TypeError, OSError):  # of EXIF that is damaged
        return image


def _refuse_loss(image: ImageFile, item: str | Path) -> None:
    """Raise an error where Pillow would keep 8 bits of more, or drop a channel."""
    with _decoding(item):
        lost = _what_gets_lost(image)
    if lost is not None:
        raise ValueError(
            f"{item} has {lost}, of which Pillow would lose a part; save it as an array of NumPy, "
            "(H, W, C) in a file .npy"
        )


def _what_gets_lost(image: ImageFile) -> str | None:
    is_deep = image.mode.startswith(_DEEP_MODES)
    if image.format != "TIFF":
        return "channels of 16 bits" if not is_deep and _is_deep(image) else None
    tags: Any = image
    bits, samples, kind = (
        tags.tag_v2.get(tag, 1) for tag in (_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL, _SAMPLE_FORMAT)
    )
    deepest, kind = (max(each) if isinstance(each, tuple) else each for each in (bits, kind))
    if samples > len(image.getbands()):
        return f"{samples} channels"
    if deepest > 8 and not is_deep:
        return f"{samples} channels of {deepest} bits"
    if (kind, deepest) in ((_UNSIGNED, 32), (_SIGNED, 8)) and image.mode != "F":
        return f"{'unsigned' if kind == _UNSIGNED else 'signed'} integers of {deepest} bits"
    return None


def _raw_args(image: ImageFile) -> tuple[Any, ...]:
    """Return the arguments of Pillow's decoder, the first of which names the layout of pixels."""
    args = image.tile[0].args if image.tile else ()
    return args if isinstance(args, tuple) else (args,)


def _is_deep(image: ImageFile) -> bool:
    """Tell whether a PNG or PPM has several channels of 16 bits."""
    args = _raw_args(image)
    return (image.format == "PNG" and any(str(each).endswith(";16B") for each in args)) or (
        image.format == "PPM" and any(isinstance(each, int) and each > 255 for each in args)
    )


def _array(content: bytes, item: str | Path, types: Sequence[str] | None) -> npt.NDArray[Any]:
    """Return an array of NumPy; the types are those of an image, or None for integers."""
    with _decoding(item):
        array: npt.NDArray[Any] = np.load(BytesIO(content), allow_pickle=False)
    if array.dtype == bool:
        array = array.astype(np.uint8)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind not in "iu" if types is None else array.dtype.name not in types:
        expected = "integers" if types is None else f"one of {', '.join(types)}"
        raise ValueError(f"{item} is an array of {array.dtype.name}; expected {expected}")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(f"{item} has the shape {array.shape}; expected (H, W) or (H, W, C)")
    return array


def _convert(pixels: npt.NDArray[Any], color: Color | None, item: str | Path) -> npt.NDArray[Any]:
    """Return pixels `(H, W)` or `(H, W, C)` as gray or RGB, without a change of their type."""
    pixels = np.atleast_3d(pixels)
    channels = pixels.shape[2]
    if color is None or channels == {"gray": 1, "rgb": 3}[color]:
        return pixels
    if channels == 1:
        return pixels.repeat(3, 2)
    if channels == 3:
        gray = (pixels @ np.array(_LUMINANCE))[..., None]
        gray = gray if pixels.dtype.kind == "f" else gray.round()
        made: npt.NDArray[Any] = gray.astype(pixels.dtype)
        return made
    raise ValueError(
        f"{item} has {channels} channels, of which color={color!r} can't be made; color=None keeps "
        "them"
    )


@contextmanager
def _decoding(item: str | Path) -> Iterator[None]:
    """Name the file where what decodes it says only what is wrong."""
    from PIL import UnidentifiedImageError  # deferred, as above

    try:
        yield
    except UnidentifiedImageError as error:
        raise ValueError(f"{item} is no image of a kind that Pillow reads") from error
    except Exception as error:  # each of its decoders has other errors
        raise ValueError(f"{item} is damaged: {error}") from error
