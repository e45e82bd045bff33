"""A SavedModel in TensorFlow's C++ loader, which TF Serving calls; Python's TensorFlow stays out.

This package imports neither kerasrec nor TensorFlow, so that a process that imports it alone, from
the folder around it, shows what an export can do without them. Its imports are relative, since its
name is another one there.
"""

from .c_loader import CLoader, RunError
from .library import load_library
from .protobuf import read_fields
from .signatures import Signature, Tensor
from .tensor_proto import read_tensor
from .types import KINDS, NUMBERS, STRING

__all__ = [
    "KINDS",
    "NUMBERS",
    "STRING",
    "CLoader",
    "RunError",
    "Signature",
    "Tensor",
    "load_library",
    "read_fields",
    "read_tensor",
]
