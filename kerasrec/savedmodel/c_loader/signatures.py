"""What a SavedModel says of its signatures."""

import typing

import numpy as np

from .protobuf import read_field, read_fields, read_number
from .tensor_proto import read_shape, read_tensor
from .types import NAMES


class Tensor(typing.NamedTuple):
    """An input or output of a signature, as its `TensorInfo` says.

    Attributes:
        tensor: Its name in the graph.
        dtype: "string", "float32", ...
        shape: A tuple with None for a dimension of any size; None where the rank is not known.
        default: The array that stands for an input left out, or None.
    """

    tensor: str
    dtype: str
    shape: tuple | None
    default: np.ndarray | None = None


class Signature(typing.NamedTuple):
    """Inputs and outputs by name, each a `Tensor`, and the method's name in the `SignatureDef`."""

    inputs: dict
    outputs: dict
    method_name: str = "tensorflow/serving/predict"


def read_signatures(meta_graph):
    """Of a serialized `MetaGraphDef`: what `signature_def` (5) names, as maps of protobuf are."""
    found = {}
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
            found[name] = Signature(*sides, read_field(definition, 3).decode())
    return found


def _tensor_info(message, default):
    kind = read_number(message, 2)
    shape = read_shape(read_field(message, 3))
    return Tensor(read_field(message, 1).decode(), NAMES.get(kind, f"type {kind}"), shape, default)
