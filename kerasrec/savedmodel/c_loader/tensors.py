"""Arrays as tensors of TensorFlow's C library, and back."""

import ctypes
import math

import numpy as np

from .tensor_proto import strings
from .types import KINDS, NUMBERS, STRING

STRING_BYTES = 24


def make_tensor(library, values):
    """A new tensor with the values of an array: numbers, or str and bytes."""
    shape = (ctypes.c_int64 * values.ndim)(*values.shape)
    if values.dtype.kind not in "USO":
        if values.dtype not in KINDS:
            raise RuntimeError(f"{values.dtype}: expected strings or {', '.join(map(str, KINDS))}")
        values = np.asarray(values, order="C")
        kind, size = KINDS[values.dtype], values.nbytes
        tensor = library.TF_AllocateTensor(kind, shape, values.ndim, size)
        ctypes.memmove(library.TF_TensorData(tensor), values.ctypes.data, size)
        return tensor
    texts = [x if isinstance(x, bytes) else x.encode() for x in values.ravel().tolist()]
    size = STRING_BYTES * values.size
    tensor = library.TF_AllocateTensor(STRING, shape, values.ndim, size)
    start = library.TF_TensorData(tensor)
    for number, text in enumerate(texts):
        place = start + STRING_BYTES * number
        library.TF_StringInit(place)
        library.TF_StringCopy(place, text, len(text))
    return tensor


def read_array(library, tensor):
    """The values of a tensor, copied."""
    rank = range(library.TF_NumDims(tensor))
    shape = [library.TF_Dim(tensor, axis) for axis in rank]
    kind, start = library.TF_TensorType(tensor), library.TF_TensorData(tensor)
    if kind != STRING:
        size = library.TF_TensorByteSize(tensor)
        return np.frombuffer(ctypes.string_at(start, size), NUMBERS[kind]).reshape(shape)
    read, length = library.TF_StringGetDataPointer, library.TF_StringGetSize
    places = range(start or 0, (start or 0) + STRING_BYTES * math.prod(shape), STRING_BYTES)
    return strings([ctypes.string_at(read(place), length(place)) for place in places], shape)


def delete_tensor(library, tensor, own):
    """Frees a tensor; `own` says that `make_tensor` made it."""
    if own and library.TF_TensorType(tensor) == STRING:
        # Long strings lie beside the tensor, and of one made here nobody else frees them.
        start, size = library.TF_TensorData(tensor), library.TF_TensorByteSize(tensor)
        for place in range(start or 0, (start or 0) + size, STRING_BYTES):
            library.TF_StringDealloc(place)
    library.TF_DeleteTensor(tensor)
