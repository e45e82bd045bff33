"""A serialized `TensorProto` as an array, with bounds: it may come from a stranger."""

import itertools
import math

import numpy as np

from .protobuf import read_field, read_fields, read_number, read_numbers, read_varint, signed
from .types import NAMES, NUMBERS, STRING

# The field of a dtype's values, and how they are written; None for varints.
VALUES = {1: (5, "<f4"), 2: (6, "<f8"), 3: (7, None), 9: (10, None), 10: (11, None)}
MOST_DIMENSIONS = 254  # TensorShape::MaxDimensions
SHOWN = 8
WIDEST = 1 << 20  # bytes of an array of strings of a fixed width


def read_tensor(message, most=1 << 20):
    """The array in a serialized `TensorProto`.

    Raises:
        ValueError: where it has more than `most` values, or is not one.
    """
    kind, shape = read_number(message, 1), read_shape(read_field(message, 2))
    # NumPy bounds the product of the sizes that are not 0, also where an array holds nothing.
    if shape is None or None in shape or math.prod(size or 1 for size in shape) > most:
        said = "unknown rank" if shape is None else f"shape {shape[:SHOWN]}"
        more = "..." if shape and len(shape) > SHOWN else ""
        raise ValueError(f"a tensor of {said}{more}, with at most {most} values")
    size, content = math.prod(shape), read_field(message, 4)
    if kind == STRING:
        texts = read_strings(content, size) if content else list(read_fields(message, 8))
        return strings(_filled(texts, size), shape)
    if kind not in VALUES:
        raise ValueError(f"a tensor of type {kind}: expected one of {sorted(NAMES.values())}")
    dtype = np.dtype(NUMBERS[kind])
    if content:
        return np.frombuffer(content, dtype).reshape(shape)
    number, packed = VALUES[kind]
    if packed:
        found = [np.frombuffer(part, packed) for part in read_fields(message, number)]
        found = np.concatenate(found).tolist() if found else []
    else:
        found = [signed(value) for value in read_numbers(message, number)]
    # By way of int64, which keeps of a large number what the type has bits for, as protobuf does.
    return np.array(_filled(found, size, 0), packed or "int64").astype(dtype).reshape(shape)


def read_shape(message):
    """Of a `TensorShapeProto`: sizes, None for any (-1); None as a whole for an unknown rank.

    Raises:
        ValueError: where it has more dimensions than a tensor can have.
    """
    sizes = itertools.islice(read_fields(message, 2), MOST_DIMENSIONS + 1)
    sizes = [signed(read_number(size, 1)) for size in sizes]
    if len(sizes) > MOST_DIMENSIONS:
        raise ValueError(f"a tensor of more than {MOST_DIMENSIONS} dimensions")
    if read_number(message, 3):
        return None
    return tuple(None if size < 0 else size for size in sizes)


def read_strings(content, size):
    """The strings of a `tensor_content`: their lengths, then all of them.

    As tensorflow/core/platform/tensor_coding.cc: DecodeStringList.

    Raises:
        ValueError: where they are not `size` strings.
    """
    if size > len(content):
        raise ValueError(f"{len(content)} bytes for the lengths of {size} strings")
    lengths, place = [], 0
    for _ in range(size):
        length, place = read_varint(content, place)
        lengths.append(length)
    if sum(lengths) != len(content) - place:
        raise ValueError(f"lengths of {size} strings that are not those of their content")
    ends = itertools.accumulate(lengths, initial=place)
    return [content[start:end] for start, end in itertools.pairwise(ends)]


def strings(texts, shape):
    """An array of bytes of a fixed width; of objects where one ends with a NUL, which that drops.

    Of objects also where they are many: one long string would make each of them as long.
    """
    wide = max(map(len, texts), default=0) * len(texts) > WIDEST
    if wide or any(text.endswith(b"\0") for text in texts):
        array = np.empty(len(texts), object)
        array[:] = texts
        return array.reshape(shape)
    return np.array(texts, dtype=bytes).reshape(shape)


def _filled(values, size, nothing=b""):
    """As `Tensor::FromProto` does it: the last value stands for those that follow."""
    if len(values) > size:
        raise ValueError(f"{len(values)} values in a tensor of {size}")
    return values + (values[-1:] or [nothing]) * (size - len(values))
