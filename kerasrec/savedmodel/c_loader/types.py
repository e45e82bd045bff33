"""TensorFlow's numbers of the types that an export's tensors have."""

import numpy as np

STRING = 7
NUMBERS = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64, 10: np.bool_}
KINDS = {np.dtype(kind): number for number, kind in NUMBERS.items()}
NAMES = {STRING: "string", **{number: np.dtype(kind).name for number, kind in NUMBERS.items()}}
