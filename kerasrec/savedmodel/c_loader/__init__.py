"""A SavedModel in TensorFlow's C++ loader, which TF Serving calls; Python's TensorFlow stays out.

This package imports neither kerasrec nor TensorFlow, so that a process that imports it alone, from
the folder around it, shows what an export can do without them. Its imports are relative, since its
name is another one there.
"""

from .c_loader import CLoader as CLoader
from .c_loader import RunError as RunError
from .library import load_library as load_library
from .protobuf import all_fields as all_fields
from .protobuf import read_fields as read_fields
from .signatures import Signature as Signature
from .signatures import Tensor as Tensor
from .tensor_proto import read_strings as read_strings
from .tensor_proto import read_tensor as read_tensor
from .types import KINDS as KINDS
from .types import NAMES as NAMES
from .types import NUMBERS as NUMBERS
from .types import STRING as STRING
