"""A SavedModel in TensorFlow's C++ loader, which TF Serving calls; Python's TensorFlow stays out.

This file imports neither kerasrec nor TensorFlow, so that a process which runs it shows what an
export can do alone.
"""

import ctypes
import importlib.util
import pathlib

import numpy as np

STRING, STRING_BYTES = 7, 24
NUMBERS = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64, 10: np.bool_}
KINDS = {np.dtype(kind): number for number, kind in NUMBERS.items()}
Pointer = ctypes.c_void_p


class CLoader:
    """The signatures of a SavedModel, run by `TF_LoadSessionFromSavedModel` and `TF_SessionRun`.

    Args:
        directory: A SavedModel.

    Attributes:
        signatures: Name -> (inputs, outputs), each a dict of name to a tensor's name in the graph.

    Raises:
        RuntimeError: what TensorFlow says of a model or a request that it refuses, or that its
            library is not there.

    Example:

        with CLoader("saved_models/hybrid/1") as loaded:
            loaded("recommend", history=[["book-4", "book-7"]], exclude=[[""]])["item"]
    """

    def __init__(self, directory):
        self.library, self.session = _library(), None
        self.status, self.graph = self.library.TF_NewStatus(), self.library.TF_NewGraph()
        options, about = self.library.TF_NewSessionOptions(), self.library.TF_NewBuffer()
        tags = (ctypes.c_char_p * 1)(b"serve")
        path = str(directory).encode()
        try:
            self.session = self.library.TF_LoadSessionFromSavedModel(
                options, None, path, tags, 1, self.graph, about, self.status
            )
            self._check()
            buffer = ctypes.cast(about, ctypes.POINTER(_Buffer)).contents
            self.signatures = _signatures(ctypes.string_at(buffer.data, buffer.length))
        except BaseException:
            self.close()
            raise
        finally:
            self.library.TF_DeleteSessionOptions(options)
            self.library.TF_DeleteBuffer(about)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __call__(self, signature, **inputs):
        """The outputs of a signature, a dict of arrays; strings are bytes of a fixed width."""
        if self.status is None:
            raise RuntimeError("the model is closed")
        if signature not in self.signatures:
            raise RuntimeError(f"no signature {signature!r}: there are {sorted(self.signatures)}")
        wanted, given = self.signatures[signature]
        if set(wanted) != set(inputs):
            raise RuntimeError(f"{signature} takes {sorted(wanted)}, and got {sorted(inputs)}")
        fed = (_Place * len(wanted))(*map(self._place, wanted.values()))
        asked = (_Place * len(given))(*map(self._place, given.values()))
        tensors, found = [], (Pointer * len(given))()
        try:
            for name in wanted:
                tensors.append(self._tensor(np.asarray(inputs[name])))
            self.library.TF_SessionRun(
                self.session, None, fed, (Pointer * len(tensors))(*tensors), len(tensors),
                asked, found, len(given), None, 0, None, self.status,
            )  # fmt: skip
            self._check()
            return {name: self._array(tensor) for name, tensor in zip(given, found, strict=True)}
        finally:
            # Inputs last: an output may lie in the memory of one.
            for tensor in (*filter(None, found), *tensors):
                self._delete(tensor, own=tensor in tensors)

    def close(self):
        """Frees what the model holds; nothing can be asked after it."""
        if self.session:
            for name in ("TF_CloseSession", "TF_DeleteSession"):
                getattr(self.library, name)(self.session, self.status)
        if self.status:
            self.library.TF_DeleteGraph(self.graph)
            self.library.TF_DeleteStatus(self.status)
        self.session = self.graph = self.status = None

    def _check(self):
        if self.library.TF_GetCode(self.status):
            raise RuntimeError(self.library.TF_Message(self.status).decode())

    def _place(self, name):
        operation, _, index = name.partition(":")
        found = self.library.TF_GraphOperationByName(self.graph, operation.encode())
        if not found:
            raise RuntimeError(f"the graph has no operation {operation}")
        return _Place(found, int(index or 0))

    def _delete(self, tensor, own):
        if own and self.library.TF_TensorType(tensor) == STRING:
            # Long strings lie beside the tensor, and of one made here nobody else frees them.
            start, size = self.library.TF_TensorData(tensor), self.library.TF_TensorByteSize(tensor)
            for place in range(start or 0, (start or 0) + size, STRING_BYTES):
                self.library.TF_StringDealloc(place)
        self.library.TF_DeleteTensor(tensor)

    def _tensor(self, values):
        shape = (ctypes.c_int64 * values.ndim)(*values.shape)
        if values.dtype.kind not in "USO":
            if values.dtype not in KINDS:
                raise RuntimeError(
                    f"{values.dtype}: expected strings or {', '.join(map(str, KINDS))}"
                )
            values = np.asarray(values, order="C")
            kind, size = KINDS[values.dtype], values.nbytes
            tensor = self.library.TF_AllocateTensor(kind, shape, values.ndim, size)
            ctypes.memmove(self.library.TF_TensorData(tensor), values.ctypes.data, size)
            return tensor
        size = STRING_BYTES * values.size
        tensor = self.library.TF_AllocateTensor(STRING, shape, values.ndim, size)
        start = self.library.TF_TensorData(tensor)
        for number, value in enumerate(values.ravel().tolist()):
            text = value if isinstance(value, bytes) else value.encode()
            place = start + STRING_BYTES * number
            self.library.TF_StringInit(place)
            self.library.TF_StringCopy(place, text, len(text))
        return tensor

    def _array(self, tensor):
        rank = range(self.library.TF_NumDims(tensor))
        shape = [self.library.TF_Dim(tensor, axis) for axis in rank]
        kind, start = self.library.TF_TensorType(tensor), self.library.TF_TensorData(tensor)
        if kind != STRING:
            size = self.library.TF_TensorByteSize(tensor)
            return np.frombuffer(ctypes.string_at(start, size), NUMBERS[kind]).reshape(shape)
        places = [start + STRING_BYTES * number for number in range(int(np.prod(shape)))]
        texts = [
            ctypes.string_at(
                self.library.TF_StringGetDataPointer(place), self.library.TF_StringGetSize(place)
            )
            for place in places
        ]
        return np.array(texts, dtype=bytes).reshape(shape)


class _Place(ctypes.Structure):
    _fields_ = [("operation", Pointer), ("index", ctypes.c_int)]


class _Buffer(ctypes.Structure):
    _fields_ = [("data", Pointer), ("length", ctypes.c_size_t), ("release", Pointer)]


def _library():
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


def _signatures(meta_graph):
    """Of a serialized `MetaGraphDef`: what `signature_def` (5) names, as maps of protobuf are."""
    found = {}
    for entry in _fields(meta_graph, 5):
        name, definition = _field(entry, 1).decode(), _field(entry, 2)
        sides = [
            {
                _field(tensor, 1).decode(): _field(_field(tensor, 2), 1).decode()
                for tensor in _fields(definition, side)
            }
            for side in (1, 2)  # inputs, outputs: name -> TensorInfo, whose name is its field 1
        ]
        if not name.startswith("__"):  # __saved_model_init_op
            found[name] = tuple(sides)
    return found


def _field(message, number):
    return next(iter(_fields(message, number)), b"")


def _fields(message, number):
    """The length-delimited fields of that number in a serialized protobuf."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            _, place = _varint(message, place)
        elif kind == 2:
            length, place = _varint(message, place)
            if key >> 3 == number:
                yield message[place : place + length]
            place += length
        else:
            place += {1: 8, 5: 4}[kind]


def _varint(message, place):
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
