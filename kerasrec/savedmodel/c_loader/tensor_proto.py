"""A serialized `TensorProto` as an array, with bounds: it may come from a stranger."""

import math

import numpy as np

from .protobuf import read_field, read_fields, read_varint, signed
from .types import NAMES, NUMBERS, STRING

# The field of a dtype's values, and how they are written; None for varints.
VALUES = {1: (5, "<f4"), 2: (6, "<f8"), 3: (7, None), 9: (10, None), 10: (11, None)}


def read_tensor(message, most=1 << 20):
    """The array in a serialized `TensorProto`.

    Raises:
        ValueError: where it has more than `most` values, or is not one.
    """
    kind, shape = read_field(message, 1, 0), read_shape(read_field(message, 2))
    if shape is None or None in shape or math.prod(shape) > most:
        raise ValueError(f"a tensor of shape {shape}, with at most {most} values")
    if kind == STRING:
        texts = [bytes(text) for text in read_fields(message, 8)]
        return strings(_filled(texts, math.prod(shape)), shape)
    if kind not in VALUES:
        raise ValueError(f"a tensor of type {kind}: expected one of {sorted(NAMES.values())}")
    dtype = np.dtype(NUMBERS[kind])
    if content := read_field(message, 4):
        return np.frombuffer(content, dtype).reshape(shape)
    number, packed = VALUES[kind]
    if packed:
        found = [np.frombuffer(part, packed) for part in read_fields(message, number)]
        found = np.concatenate(found).tolist() if found else []
    else:
        found = []
        for part in read_fields(message, number):
            place = 0
            while not isinstance(part, int) and place < len(part):
                value, place = read_varint(part, place)
                found.append(signed(value))
            found += [signed(part)] if isinstance(part, int) else []
    return np.array(_filled(found, math.prod(shape), 0), dtype).reshape(shape)


def read_shape(message):
    """Of a `TensorShapeProto`: sizes, None for any (-1); None as a whole for an unknown rank."""
    if read_field(message, 3, 0):
        return None
    sizes = (signed(read_field(size, 1, 0)) for size in read_fields(message, 2))
    return tuple(None if size < 0 else size for size in sizes)


def strings(texts, shape):
    """An array of bytes; of objects where one ends with a NUL, which a fixed width drops."""
    if any(text.endswith(b"\0") for text in texts):
        array = np.empty(len(texts), object)
        array[:] = texts
        return array.reshape(shape)
    return np.array(texts, dtype=bytes).reshape(shape)


def _filled(values, size, nothing=b""):
    """As `Tensor::FromProto` does it: the last value stands for those that follow."""
    if len(values) > size:
        raise ValueError(f"{len(values)} values in a tensor of {size}")
    return values + (values[-1:] or [nothing]) * (size - len(values))
