"""Pictures as pixels: the same operations read a table and run inside of an exported graph."""

import functools
import os
import pathlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from kerasrec.asserted import asserted
from kerasrec.data.feature_values import Refuse, is_missing
from kerasrec.errors import InputError, failed_check
from kerasrec.files.plain_file import open_plain, plain_size

# Before they are resized: 33.5 megapixels, 96 MiB as they are decoded.
MOST_PIXELS = 2**25
MOST_BYTES = 2**26
# Signature, length and name of the first part of a file; size of this part.
PNG, PNG_HEADER = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 33
JPEG = b"\xff\xd8\xff"
BLOCK = 256  # pictures that are decoded at a time
ADVICE = "save it again as JPEG or PNG, or leave the cell empty: an item may have no picture"


def decode_picture(contents: Any, size: int) -> Any:
    """The pixels of a JPEG or PNG file as operations of TensorFlow.

    The picture is resized to a square by antialiased linear interpolation, its transparency is
    left out, and the orientation in its EXIF data is not read. Height and width are read from the
    header and checked before memory for the pixels is allocated.

    Args:
        contents: Scalar string tensor, the bytes of the file; "" is no picture.
        size: Height and width of the result.

    Returns:
        uint8 `(size, size, 3)`, from 1 to 255; all 0 for no picture.
    """
    import tensorflow as tf

    def pixels() -> Any:
        found = tf.io.decode_image(_checked(contents), channels=3, expand_animations=False)
        found.set_shape((None, None, 3))
        found = tf.round(tf.image.resize(found, (size, size), antialias=True))
        return tf.cast(tf.clip_by_value(found, 1, 255), tf.uint8)

    def nothing() -> Any:
        return tf.zeros((size, size, 3), tf.uint8)

    return tf.cond(tf.strings.length(contents) > 0, pixels, nothing)


def _checked(contents: Any) -> Any:
    """The contents, or an error if they are of another format or too large."""
    import tensorflow as tf

    length = tf.strings.length(contents)
    is_png = (tf.strings.substr(contents, 0, len(PNG)) == PNG) & (length >= PNG_HEADER)
    is_jpeg = tf.strings.substr(contents, 0, len(JPEG)) == JPEG
    contents = asserted(contents, is_png | is_jpeg, "it is neither a JPEG nor a PNG file")
    contents = asserted(contents, length <= MOST_BYTES, f"it has more than {MOST_BYTES:,} bytes")

    def of_png() -> Any:
        numbers = tf.io.decode_raw(tf.strings.substr(contents, len(PNG), 8), tf.uint8)
        digits = tf.reshape(tf.cast(numbers, tf.float64), (2, 4))
        return tf.reduce_prod(tf.reduce_sum(digits * [256.0**n for n in (3, 2, 1, 0)], axis=1))

    def of_jpeg() -> Any:
        return tf.cast(tf.reduce_prod(tf.io.extract_jpeg_shape(contents)[:2]), tf.float64)

    fits = tf.cond(is_png, of_png, of_jpeg) <= MOST_PIXELS
    return asserted(contents, fits, f"it has more than {MOST_PIXELS:,} pixels")


def read_pictures(values: Any, size: int, refuse: Refuse) -> np.ndarray:
    """Decodes and resizes pictures, several at a time.

    Args:
        values: The bytes of a file, its `pathlib.Path`, or a missing value, for each row.
        size: Height and width of the result.
        refuse: Raises the error for the value at a position.

    Returns:
        uint8 `(n, size, size, 3)`, from 1 to 255; all 0 for a missing picture.
    """
    import tensorflow as tf

    decode = _decoder(size)

    def read(value: Any) -> Any:
        try:
            return decode(tf.constant(_contents(value))).numpy()
        except InputError as error:
            return str(error)
        except tf.errors.InvalidArgumentError as error:
            return failed_check(error) or "it is damaged or cut off"

    out = np.zeros((len(values), size, size, 3), np.uint8)
    real = [position for position, value in enumerate(values) if not is_no_picture(value)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = pool.map(read, [values[position] for position in real])
        for position, pixels in zip(real, found, strict=True):
            if isinstance(pixels, str):
                refuse(position, f"{_shown(values[position])}: {pixels}; {ADVICE}")
            out[position] = pixels
    return out


@functools.cache
def _decoder(size: int) -> Any:
    import tensorflow as tf

    return tf.function(
        lambda contents: decode_picture(contents, size),
        input_signature=[tf.TensorSpec((), tf.string)],
        autograph=False,
    )


def is_no_picture(value: Any) -> bool:
    """Whether a value stands for a missing picture: None, NaN, blank text or no bytes."""
    return value == b"" if isinstance(value, bytes) else is_missing(value)


def picture_paths(values: Any, folder: str | os.PathLike[str], refuse: Refuse) -> list[Any]:
    """The paths among values as `pathlib.Path`s in a folder; bytes and missing values as they are.

    The table may come from anyone, and its paths may not lead out of the folder: neither by "..",
    nor as absolute paths, nor by links.
    """
    base, found = pathlib.Path(folder).resolve(), list(values)
    for position, value in enumerate(found):
        if isinstance(value, bytes) or is_no_picture(value):
            continue
        if not isinstance(value, str | os.PathLike):
            refuse(position, f"expected a path or the bytes of a picture, got {value!r:.80}")
        path = pathlib.Path(folder, value)
        try:
            target = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            refuse(position, f"{str(value)!r:.200} is no path: {error}")
        if not target.is_relative_to(base):
            refuse(
                position,
                f"{str(value)!r:.200} is outside of the folder {str(base)!r}: move the picture, or "
                "give the option folder that all pictures are in",
            )
        found[position] = path
    return found


def _contents(value: Any) -> bytes:
    if not isinstance(value, pathlib.Path):
        return bytes(value)
    if plain_size(value) > MOST_BYTES:
        raise InputError(f"it has more than {MOST_BYTES:,} bytes")
    with open_plain(value) as file:
        return file.read(MOST_BYTES + 1)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, pathlib.Path) else f"a picture of {len(value):,} bytes"


def check_pictures(values: Sequence[Any], refuse: Refuse) -> None:
    """Refuses a value that is neither bytes, nor a `pathlib.Path`, nor missing."""
    for position, value in enumerate(values):
        if not (isinstance(value, bytes | pathlib.Path) or is_no_picture(value)):
            refuse(
                position,
                f"expected the bytes of a picture, or a pathlib.Path, got {value!r:.80}",
            )
