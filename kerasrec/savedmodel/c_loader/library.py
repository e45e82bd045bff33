"""Loads TensorFlow's C library without Python's TensorFlow."""

import ctypes
import functools
import importlib.util
import pathlib

Pointer = ctypes.c_void_p


class OutputRef(ctypes.Structure):
    """`TF_Output`: a reference to an output of an operation."""

    _fields_ = [("operation", Pointer), ("index", ctypes.c_int)]


class Buffer(ctypes.Structure):
    """`TF_Buffer`: bytes."""

    _fields_ = [("data", Pointer), ("length", ctypes.c_size_t), ("release", Pointer)]


@functools.cache
def load_library():
    """Loads TensorFlow's C library and declares the types of its functions.

    The library prints a few lines when it is loaded.

    Raises:
        RuntimeError: if the library is missing.
    """
    found = importlib.util.find_spec("tensorflow")
    folder = pathlib.Path(found.origin).parent if found else pathlib.Path()
    for name in ("libtensorflow_framework", "libtensorflow_cc"):
        files = [path for path in folder.glob(f"{name}*") if path.suffix != ".lib"]
        if not files:
            raise RuntimeError(f"the C library of TensorFlow, {name}, is not in {folder}")
        library = ctypes.CDLL(str(files[0]), mode=ctypes.RTLD_GLOBAL)
    integer, size, text = ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
    for name, returned, taken in (
        ("TF_NewStatus", Pointer, []),
        ("TF_NewGraph", Pointer, []),
        ("TF_NewBuffer", Pointer, []),
        ("TF_NewBufferFromString", Pointer, [text, size]),
        ("TF_NewSessionOptions", Pointer, []),
        ("TF_DeleteSessionOptions", None, [Pointer]),
        ("TF_DeleteStatus", None, [Pointer]),
        ("TF_DeleteGraph", None, [Pointer]),
        ("TF_DeleteBuffer", None, [Pointer]),
        ("TF_DeleteTensor", None, [Pointer]),
        ("TF_CloseSession", None, [Pointer, Pointer]),
        ("TF_DeleteSession", None, [Pointer, Pointer]),
        ("TF_GetCode", integer, [Pointer]),
        ("TF_Message", text, [Pointer]),
        ("TF_LoadSessionFromSavedModel", Pointer,
         [Pointer, Pointer, text, Pointer, integer, Pointer, Pointer, Pointer]),
        ("TF_GraphOperationByName", Pointer, [Pointer, text]),
        ("TF_AllocateTensor", Pointer, [integer, Pointer, integer, size]),
        ("TF_TensorData", Pointer, [Pointer]),
        ("TF_TensorByteSize", size, [Pointer]),
        ("TF_TensorType", integer, [Pointer]),
        ("TF_NumDims", integer, [Pointer]),
        ("TF_Dim", ctypes.c_int64, [Pointer, integer]),
        ("TF_StringInit", None, [Pointer]),
        ("TF_StringCopy", None, [Pointer, text, size]),
        ("TF_StringDealloc", None, [Pointer]),
        ("TF_StringGetDataPointer", Pointer, [Pointer]),
        ("TF_StringGetSize", size, [Pointer]),
        ("TF_SessionRun", None,
         [Pointer, Pointer, Pointer, Pointer, integer, Pointer, Pointer, integer,
          Pointer, integer, Pointer, Pointer]),
    ):  # fmt: skip
        function = getattr(library, name)
        function.restype, function.argtypes = returned, taken
    return library
