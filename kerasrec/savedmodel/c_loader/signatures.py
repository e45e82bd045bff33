"""Reads the signatures of a SavedModel."""

import typing

import numpy as np

from .protobuf import read_field, read_fields, read_number
from .tensor_proto import read_shape, read_tensor
from .types import DTYPE_NAMES


class TensorInfo(typing.NamedTuple):
    """An input or output of a signature, from its protobuf `TensorInfo`.

    Attributes:
        tensor: Name of the tensor in the graph.
        dtype: "string", "float32", ...
        shape: A tuple with None for a dimension of any size; None for an unknown rank.
        default: Default value of an input, an array, or None.
    """

    tensor: str
    dtype: str
    shape: tuple | None
    default: np.ndarray | None = None


class Signature(typing.NamedTuple):
    """Inputs and outputs by name, each a `TensorInfo`, and the `method_name` of `SignatureDef`."""

    inputs: dict
    outputs: dict
    method_name: str = "tensorflow/serving/predict"


def read_signatures(meta_graph):
    """Reads `signature_def` (field 5, a protobuf map) of a serialized `MetaGraphDef`.

    Returns:
        Dict of name to `Signature`, without the initialization op.
    """
    signatures = {}
    for entry in read_fields(meta_graph, 5):
        name, definition = read_field(entry, 1).decode(), read_field(entry, 2)
        defaults = {
            read_field(one, 1): read_tensor(read_field(one, 2))
            for one in read_fields(definition, 4)
        }
        sides = [
            {
                read_field(one, 1).decode(): _tensor_info(
                    read_field(one, 2), defaults.get(read_field(one, 1))
                )
                for one in read_fields(definition, side)
            }
            for side in (1, 2)
        ]
        if not name.startswith("__"):  # __saved_model_init_op
            signatures[name] = Signature(*sides, read_field(definition, 3).decode())
    return signatures


def _tensor_info(message, default):
    tensor, code = read_field(message, 1).decode(), read_number(message, 2)
    shape = read_shape(read_field(message, 3))
    return TensorInfo(tensor, DTYPE_NAMES.get(code, f"type {code}"), shape, default)
