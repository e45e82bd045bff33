"""Reads a serialized `TensorProto` as an array, with limits, since it may be hostile."""

import itertools
import math

import numpy as np

from .protobuf import as_int64, read_field, read_fields, read_number, read_numbers, read_varint
from .types import DTYPE_NAMES, NUMPY_DTYPES, STRING

# By dtype code: the number of the field with the values, and their dtype in it; None for varints.
VALUES = {1: (5, "<f4"), 2: (6, "<f8"), 3: (7, None), 9: (10, None), 10: (11, None)}
MAX_DIMENSIONS = 254  # TensorShape::MaxDimensions
SHOWN = 8
MAX_FIXED_WIDTH_BYTES = 1 << 20  # larger arrays of strings are arrays of objects


def read_tensor(message, most=1 << 20):
    """Decodes a serialized `TensorProto` to an array.

    Raises:
        ValueError: if it has more than `most` values, or is malformed.
    """
    code, shape = read_number(message, 1), read_shape(read_field(message, 2))
    # NumPy limits the product of the sizes other than 0, even for an empty array.
    if shape is None or None in shape or math.prod(size or 1 for size in shape) > most:
        shown = "unknown rank" if shape is None else f"shape {shape[:SHOWN]}"
        more = "..." if shape and len(shape) > SHOWN else ""
        raise ValueError(f"a tensor of {shown}{more}: expected at most {most} values")
    size, content = math.prod(shape), read_field(message, 4)
    if code == STRING:
        texts = read_strings(content, size) if content else list(read_fields(message, 8))
        return as_string_array(_repeat_last(texts, size), shape)
    if code not in VALUES:
        raise ValueError(f"a tensor of type {code}: expected one of {sorted(DTYPE_NAMES.values())}")
    dtype = np.dtype(NUMPY_DTYPES[code])
    if content:
        return np.frombuffer(content, dtype).reshape(shape)
    number, packed = VALUES[code]
    if packed:
        values = [np.frombuffer(part, packed) for part in read_fields(message, number)]
        values = np.concatenate(values).tolist() if values else []
    else:
        values = [as_int64(value) for value in read_numbers(message, number)]
    # Through int64, so that a number that is too large keeps its low bits, as in protobuf.
    return np.array(_repeat_last(values, size, 0), packed or "int64").astype(dtype).reshape(shape)


def read_shape(message):
    """Decodes a `TensorShapeProto`: a tuple with None for -1; None for an unknown rank.

    Raises:
        ValueError: if it has more dimensions than a tensor can have.
    """
    sizes = itertools.islice(read_fields(message, 2), MAX_DIMENSIONS + 1)
    sizes = [as_int64(read_number(size, 1)) for size in sizes]
    if len(sizes) > MAX_DIMENSIONS:
        raise ValueError(f"a tensor of more than {MAX_DIMENSIONS} dimensions")
    if read_number(message, 3):
        return None
    return tuple(None if size < 0 else size for size in sizes)


def read_strings(content, size):
    """Decodes the strings of a `tensor_content`: all lengths, then all strings.

    Source: tensorflow/core/platform/tensor_coding.cc: DecodeStringList.

    Raises:
        ValueError: if these are not `size` strings.
    """
    if size > len(content):
        raise ValueError(f"{len(content)} bytes are too few for the lengths of {size} strings")
    lengths, place = [], 0
    for _ in range(size):
        length, place = read_varint(content, place)
        lengths.append(length)
    if sum(lengths) != len(content) - place:
        raise ValueError(f"the lengths of {size} strings do not sum to that of their content")
    ends = itertools.accumulate(lengths, initial=place)
    return [content[start:end] for start, end in itertools.pairwise(ends)]


def as_string_array(texts, shape):
    """Makes an array of fixed-width bytes, or of bytes objects where a fixed width does not fit.

    A fixed width drops a NUL at the end, and one long string makes all others as long.
    """
    large = max(map(len, texts), default=0) * len(texts) > MAX_FIXED_WIDTH_BYTES
    if large or any(text.endswith(b"\0") for text in texts):
        array = np.empty(len(texts), object)
        array[:] = texts
        return array.reshape(shape)
    return np.array(texts, dtype=bytes).reshape(shape)


def _repeat_last(values, size, default=b""):
    """Repeats the last value up to `size`, as `Tensor::FromProto` does."""
    if len(values) > size:
        raise ValueError(f"{len(values)} values in a tensor of {size}")
    return values + (values[-1:] or [default]) * (size - len(values))
