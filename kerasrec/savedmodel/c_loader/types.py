"""Codes of TensorFlow's `DataType` for the dtypes of exports."""

import numpy as np

STRING = 7
NUMPY_DTYPES = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64, 10: np.bool_}
DTYPE_CODES = {np.dtype(dtype): code for code, dtype in NUMPY_DTYPES.items()}
DTYPE_NAMES = {STRING: "string", **{c: np.dtype(dtype).name for c, dtype in NUMPY_DTYPES.items()}}
