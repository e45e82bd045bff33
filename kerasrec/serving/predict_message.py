"""Reads the inputs of gRPC's `PredictRequest` into arrays.

A small message may claim very large shapes, so all shapes are checked before any array is made.
"""

import itertools

import numpy as np

from kerasrec.savedmodel.c_loader import DTYPE_NAMES, NUMPY_DTYPES, STRING, read_strings
from kerasrec.serving.check_inputs import check_names
from kerasrec.serving.refusal import invalid
from kerasrec.serving.request_size import MAX_DIMENSIONS, check_shapes

# By dtype code: the field of `TensorProto` with the values.
VALUES = {
    1: "float_val", 2: "double_val", 3: "int_val", STRING: "string_val", 9: "int64_val",
    10: "bool_val",
}  # fmt: skip


def read_predict_message(request, name, signature, limits):
    """Reads the inputs of a request.

    Args:
        request: A `PredictRequest`.
        name: Name of the signature.
        signature: Its `kerasrec.savedmodel.c_loader.Signature`.
        limits: A `Limits`.

    Returns:
        Name -> array, for the given inputs; strings are bytes.

    Raises:
        Refusal: for an unknown or missing input, a wrong type or shape, or too many values.
    """
    check_names(name, signature, request.inputs)
    shapes = {}
    for key, tensor in request.inputs.items():
        wanted = signature.inputs[key].dtype
        if DTYPE_NAMES.get(tensor.dtype) != wanted:
            found = DTYPE_NAMES.get(tensor.dtype, f"type {tensor.dtype}")
            raise invalid(f"{key}: expected {wanted}, got {found}.")
        if tensor.tensor_shape.unknown_rank:
            raise invalid(f"{key} has unknown rank.")
        # One dimension more than an array can have is enough to refuse it.
        dims = itertools.islice(tensor.tensor_shape.dim, MAX_DIMENSIONS + 1)
        shapes[key] = [dim.size for dim in dims]
    check_shapes(name, signature, shapes, limits)
    return {key: _array(key, tensor, shapes[key]) for key, tensor in request.inputs.items()}


def _array(key, tensor, shape):
    dtype = object if tensor.dtype == STRING else NUMPY_DTYPES[tensor.dtype]
    found = np.empty(shape, dtype)
    given = getattr(tensor, VALUES[tensor.dtype])
    if content := tensor.tensor_content:
        if tensor.dtype == STRING:
            given = _strings(key, content, found.size)
        elif len(content) != found.nbytes:
            raise _wrong(key)
        else:
            return np.frombuffer(content, dtype).reshape(shape)
    if len(given) > found.size:
        raise _wrong(key)
    # The last value is repeated: tensorflow/core/framework/tensor.cc.
    found.flat[len(given) :] = given[-1] if given else (b"" if tensor.dtype == STRING else 0)
    found.flat[: len(given)] = given
    return found


def _strings(key, content, size):
    try:
        return read_strings(content, size)
    except ValueError as error:
        raise _wrong(key) from error


def _wrong(key):
    return invalid(f"tensor parsing error: {key}")
