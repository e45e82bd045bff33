"""Runs a SavedModel with TensorFlow's C++ loader, as TF Serving does, without Python's TensorFlow.

This package imports neither kerasrec nor TensorFlow. `kerasrec.savedmodel.replay` imports it as the
top-level package `c_loader` to show that an export runs without them, so all imports are relative.
"""

from .c_loader import CLoader as CLoader
from .c_loader import RunError as RunError
from .library import load_library as load_library
from .protobuf import all_fields as all_fields
from .protobuf import read_fields as read_fields
from .signatures import Signature as Signature
from .signatures import TensorInfo as TensorInfo
from .tensor_proto import read_strings as read_strings
from .tensor_proto import read_tensor as read_tensor
from .types import DTYPE_CODES as DTYPE_CODES
from .types import DTYPE_NAMES as DTYPE_NAMES
from .types import NUMPY_DTYPES as NUMPY_DTYPES
from .types import STRING as STRING
