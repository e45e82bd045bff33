"""Solves many small symmetric positive definite systems."""

import ctypes

import numpy as np
from scipy.linalg import cython_lapack

from kerasrec.errors import InputError

_python = ctypes.pythonapi
_python.PyCapsule_GetName.restype = ctypes.c_char_p
_python.PyCapsule_GetName.argtypes = [ctypes.py_object]
_python.PyCapsule_GetPointer.restype = ctypes.c_void_p
_python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def solve_positive(systems, right):
    """Solves A x = b for each A of a stack by Cholesky's decomposition, in place.

    One call solves its systems in one thread and lets other Python threads run meanwhile. If
    rounding has made an A indefinite, x is its least-squares solution of least norm, in float64.

    Args:
        systems: `(n, size, size)` float32, C-contiguous; used as working memory.
        right: `(n, size)` float32, C-contiguous; b, replaced by x.

    Returns:
        `right`.

    Raises:
        InputError: if an array has another dtype, shape or layout.

    Example:

    >>> systems = np.array([[[4.0, 2.0], [2.0, 2.0]]], "float32")
    >>> solve_positive(systems, np.array([[8.0, 6.0]], "float32")).round(4).tolist()
    [[1.0, 2.0]]
    """
    count, size = right.shape
    for array, shape in ((systems, (count, size, size)), (right, (count, size))):
        if array.dtype != np.float32 or array.shape != shape or not array.flags.c_contiguous:
            raise InputError(
                f"solve_positive: expected C-contiguous float32 {shape}, got {array.dtype} "
                f"{array.shape}: use np.ascontiguousarray(array, 'float32')"
            )
    number, one, info = ctypes.c_int(size), ctypes.c_int(1), ctypes.c_int(0)
    n, single, failed = (ctypes.addressof(value) for value in (number, one, info))
    triangle = ctypes.create_string_buffer(b"U")
    system, vector = systems.ctypes.data, right.ctypes.data
    # sposv writes its upper triangle, which is C's lower one. So C's upper one still has A.
    diagonal = np.einsum("nii->ni", systems).copy()
    for row in range(count):
        _sposv(triangle, n, single, system, n, vector, n, failed)
        if info.value:
            right[row] = _least_norm(systems[row], diagonal[row], right[row])
        system += systems.strides[0]
        vector += right.strides[0]
    return right


def _least_norm(system, diagonal, right):
    """The solution by the triangle that LAPACK has left alone."""
    above = np.triu(system, 1).astype("float64")
    whole = above + above.T + np.diag(diagonal)
    return np.linalg.lstsq(whole, right.astype("float64"), rcond=None)[0]


def _function(name, arguments):
    """A LAPACK routine of SciPy. scipy.linalg.lapack has it too, but keeps Python's lock."""
    capsule = cython_lapack.__pyx_capi__[name]
    pointer = _python.PyCapsule_GetPointer(capsule, _python.PyCapsule_GetName(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(pointer)


_sposv = _function("sposv", 8)
