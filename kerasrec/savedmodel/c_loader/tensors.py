"""Converts between NumPy arrays and tensors of TensorFlow's C library."""

import ctypes
import math

import numpy as np

from .tensor_proto import as_string_array
from .types import DTYPE_CODES, NUMPY_DTYPES, STRING

STRING_BYTES = 24  # size of a TF_TString


def make_tensor(library, values):
    """Makes a tensor from an array of numbers, or of str and bytes."""
    shape = (ctypes.c_int64 * values.ndim)(*values.shape)
    if values.dtype.kind not in "USO":
        if values.dtype not in DTYPE_CODES:
            raise RuntimeError(
                f"{values.dtype}: expected strings or {', '.join(map(str, DTYPE_CODES))}"
            )
        values = np.asarray(values, order="C")
        code, size = DTYPE_CODES[values.dtype], values.nbytes
        tensor = library.TF_AllocateTensor(code, shape, values.ndim, size)
        ctypes.memmove(library.TF_TensorData(tensor), values.ctypes.data, size)
        return tensor
    texts = [x if isinstance(x, bytes) else x.encode() for x in values.ravel().tolist()]
    size = STRING_BYTES * values.size
    tensor = library.TF_AllocateTensor(STRING, shape, values.ndim, size)
    start = library.TF_TensorData(tensor)
    for number, text in enumerate(texts):
        address = start + STRING_BYTES * number
        library.TF_StringInit(address)
        library.TF_StringCopy(address, text, len(text))
    return tensor


def read_array(library, tensor):
    """Copies the values of a tensor to an array."""
    axes = range(library.TF_NumDims(tensor))
    shape = [library.TF_Dim(tensor, axis) for axis in axes]
    code, start = library.TF_TensorType(tensor), library.TF_TensorData(tensor)
    if code != STRING:
        size = library.TF_TensorByteSize(tensor)
        return np.frombuffer(ctypes.string_at(start, size), NUMPY_DTYPES[code]).reshape(shape)
    data, length = library.TF_StringGetDataPointer, library.TF_StringGetSize
    addresses = range(start or 0, (start or 0) + STRING_BYTES * math.prod(shape), STRING_BYTES)
    texts = [ctypes.string_at(data(address), length(address)) for address in addresses]
    return as_string_array(texts, shape)


def delete_tensor(library, tensor, own):
    """Frees a tensor; `own` is true if `make_tensor` made it."""
    if own and library.TF_TensorType(tensor) == STRING:
        # Long strings are allocated outside the tensor; TensorFlow does not free those of `own`.
        start, size = library.TF_TensorData(tensor), library.TF_TensorByteSize(tensor)
        for address in range(start or 0, (start or 0) + size, STRING_BYTES):
            library.TF_StringDealloc(address)
    library.TF_DeleteTensor(tensor)
