"""A SavedModel in TensorFlow's C++ loader, which TF Serving calls; Python's TensorFlow stays out.

This file imports neither kerasrec nor TensorFlow, so that a process which runs it shows what an
export can do alone.
"""

import ctypes
import functools
import importlib.util
import math
import pathlib
import typing

import numpy as np

STRING, STRING_BYTES = 7, 24
NUMBERS = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64, 10: np.bool_}
KINDS = {np.dtype(kind): number for number, kind in NUMBERS.items()}
NAMES = {STRING: "string", **{number: np.dtype(kind).name for number, kind in NUMBERS.items()}}
# Of a `TensorProto`: the field of a dtype's values, and how they are written.
VALUES = {1: (5, "<f4"), 2: (6, "<f8"), 3: (7, None), 9: (10, None), 10: (11, None)}
Pointer = ctypes.c_void_p


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


class RunError(RuntimeError):
    """What TensorFlow says of a model or a request that it refuses; `code` is its status code."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class CLoader:
    """The signatures of a SavedModel, run by `TF_LoadSessionFromSavedModel` and `TF_SessionRun`.

    Any number of threads may ask at the same time; nobody may when it is being closed.

    Args:
        directory: A SavedModel.

    Attributes:
        signatures: Name -> `Signature`: `inputs` and `outputs`, each a dict of name -> `Tensor`.

    Raises:
        RuntimeError: what TensorFlow says of a model or a request that it refuses, or that its
            library is not there.

    Example:

        with CLoader("saved_models/hybrid/1") as loaded:
            loaded("recommend", history=[["book-4", "book-7"]])["item"]
    """

    def __init__(self, directory):
        self._c, self._session = load_library(), None
        self._graph = self._c.TF_NewGraph()
        options, about = self._c.TF_NewSessionOptions(), self._c.TF_NewBuffer()
        tags = (ctypes.c_char_p * 1)(b"serve")
        path = str(directory).encode()
        try:
            with _Status(self._c) as status:
                self._session = self._c.TF_LoadSessionFromSavedModel(
                    options, None, path, tags, 1, self._graph, about, status
                )
            buffer = ctypes.cast(about, ctypes.POINTER(_Buffer)).contents
            self.signatures = _signatures(ctypes.string_at(buffer.data, buffer.length))
        except BaseException:
            self.close()
            raise
        finally:
            self._c.TF_DeleteSessionOptions(options)
            self._c.TF_DeleteBuffer(about)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __call__(self, signature, **inputs):
        """The outputs of a signature, a dict of arrays; see `run`."""
        return self.run(signature, inputs)

    def run(self, signature, inputs, outputs=None, timeout=0.0):
        """Asks a signature; inputs left out take their defaults, as TF Serving's gRPC does it.

        Args:
            signature: Its name.
            inputs: Name -> array, or what NumPy makes one of.
            outputs: Names of the outputs wanted; all if None.
            timeout: Seconds after which TensorFlow gives up; 0 for never.

        Returns:
            Name -> array. Strings are bytes of a fixed width; objects where one ends with a NUL,
            which a fixed width drops.
        """
        if not self._session:
            raise RuntimeError("the model is closed")
        if signature not in self.signatures:
            raise RuntimeError(f"no signature {signature!r}: there are {sorted(self.signatures)}")
        wanted, given, _ = self.signatures[signature]
        defaults = {name: x.default for name, x in wanted.items() if x.default is not None}
        values = {**defaults, **inputs}
        if set(wanted) != set(values):
            raise RuntimeError(f"{signature} takes {sorted(wanted)}, and got {sorted(inputs)}")
        given = {name: given[name] for name in (given if outputs is None else outputs)}
        fed = (_Place * len(wanted))(*(self._place(x.tensor) for x in wanted.values()))
        asked = (_Place * len(given))(*(self._place(x.tensor) for x in given.values()))
        tensors, found = [], (Pointer * len(given))()
        # `RunOptions`, of which field 2 is the timeout in milliseconds.
        options = b"\x10" + _as_varint(math.ceil(timeout * 1000)) if timeout else b""
        options = self._c.TF_NewBufferFromString(options, len(options))
        try:
            for name in wanted:
                tensors.append(_tensor(self._c, _as_array(values[name], wanted[name].dtype)))
            with _Status(self._c) as status:
                self._c.TF_SessionRun(
                    self._session, options, fed, (Pointer * len(tensors))(*tensors), len(tensors),
                    asked, found, len(given), None, 0, None, status,
                )  # fmt: skip
            return {n: _array(self._c, tensor) for n, tensor in zip(given, found, strict=True)}
        finally:
            self._c.TF_DeleteBuffer(options)
            # Inputs last: an output may lie in the memory of one.
            for tensor in (*filter(None, found), *tensors):
                _delete(self._c, tensor, own=tensor in tensors)

    def close(self):
        """Frees what the model holds; nothing can be asked after it."""
        session, graph = self._session, self._graph
        self._session = self._graph = None
        if session:
            for name in ("TF_CloseSession", "TF_DeleteSession"):
                with _Status(self._c) as status:
                    getattr(self._c, name)(session, status)
        if graph:
            self._c.TF_DeleteGraph(graph)

    def _place(self, name):
        operation, _, index = name.partition(":")
        found = self._c.TF_GraphOperationByName(self._graph, operation.encode())
        if not found:
            raise RuntimeError(f"the graph has no operation {operation}")
        return _Place(found, int(index or 0))


class _Status:
    """A status for one call, raised where it is not OK."""

    def __init__(self, library):
        self.library, self.status = library, library.TF_NewStatus()

    def __enter__(self):
        return self.status

    def __exit__(self, *error):
        code = self.library.TF_GetCode(self.status)
        message = self.library.TF_Message(self.status).decode(errors="replace")
        self.library.TF_DeleteStatus(self.status)
        if code and not any(error):
            raise RunError(message, code)


def _as_array(value, dtype):
    """An array as it is; Python's numbers, of which NumPy cannot know the size, as `dtype`."""
    if isinstance(value, np.ndarray) or dtype == "string":
        return np.asarray(value)
    return np.asarray(value, dtype)


class _Place(ctypes.Structure):
    _fields_ = [("operation", Pointer), ("index", ctypes.c_int)]


class _Buffer(ctypes.Structure):
    _fields_ = [("data", Pointer), ("length", ctypes.c_size_t), ("release", Pointer)]


def _tensor(library, values):
    shape = (ctypes.c_int64 * values.ndim)(*values.shape)
    if values.dtype.kind not in "USO":
        if values.dtype not in KINDS:
            raise RuntimeError(f"{values.dtype}: expected strings or {', '.join(map(str, KINDS))}")
        values = np.asarray(values, order="C")
        kind, size = KINDS[values.dtype], values.nbytes
        tensor = library.TF_AllocateTensor(kind, shape, values.ndim, size)
        ctypes.memmove(library.TF_TensorData(tensor), values.ctypes.data, size)
        return tensor
    texts = [x if isinstance(x, bytes) else x.encode() for x in values.ravel().tolist()]
    size = STRING_BYTES * values.size
    tensor = library.TF_AllocateTensor(STRING, shape, values.ndim, size)
    start = library.TF_TensorData(tensor)
    for number, text in enumerate(texts):
        place = start + STRING_BYTES * number
        library.TF_StringInit(place)
        library.TF_StringCopy(place, text, len(text))
    return tensor


def _array(library, tensor):
    rank = range(library.TF_NumDims(tensor))
    shape = [library.TF_Dim(tensor, axis) for axis in rank]
    kind, start = library.TF_TensorType(tensor), library.TF_TensorData(tensor)
    if kind != STRING:
        size = library.TF_TensorByteSize(tensor)
        return np.frombuffer(ctypes.string_at(start, size), NUMBERS[kind]).reshape(shape)
    read, length = library.TF_StringGetDataPointer, library.TF_StringGetSize
    places = range(start or 0, (start or 0) + STRING_BYTES * math.prod(shape), STRING_BYTES)
    return _strings([ctypes.string_at(read(place), length(place)) for place in places], shape)


def _strings(texts, shape):
    if any(text.endswith(b"\0") for text in texts):
        array = np.empty(len(texts), object)
        array[:] = texts
        return array.reshape(shape)
    return np.array(texts, dtype=bytes).reshape(shape)


def _delete(library, tensor, own):
    if own and library.TF_TensorType(tensor) == STRING:
        # Long strings lie beside the tensor, and of one made here nobody else frees them.
        start, size = library.TF_TensorData(tensor), library.TF_TensorByteSize(tensor)
        for place in range(start or 0, (start or 0) + size, STRING_BYTES):
            library.TF_StringDealloc(place)
    library.TF_DeleteTensor(tensor)


@functools.cache
def load_library():
    """TensorFlow's C library with the types of its functions, which prints a few lines at first.

    Raises:
        RuntimeError: if it is not there.
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


def _signatures(meta_graph):
    """Of a serialized `MetaGraphDef`: what `signature_def` (5) names, as maps of protobuf are."""
    found = {}
    for entry in read_fields(meta_graph, 5):
        name, definition = _field(entry, 1).decode(), _field(entry, 2)
        defaults = {
            _field(one, 1): read_tensor(_field(one, 2)) for one in read_fields(definition, 4)
        }
        sides = [
            {
                _field(one, 1).decode(): _tensor_info(_field(one, 2), defaults.get(_field(one, 1)))
                for one in read_fields(definition, side)
            }
            for side in (1, 2)
        ]
        if not name.startswith("__"):  # __saved_model_init_op
            found[name] = Signature(*sides, _field(definition, 3).decode())
    return found


def _tensor_info(message, default):
    kind = _field(message, 2, 0)
    shape = _shape(_field(message, 3))
    return Tensor(_field(message, 1).decode(), NAMES.get(kind, f"type {kind}"), shape, default)


def _shape(message):
    """Of a `TensorShapeProto`: sizes, None for any (-1); None as a whole for an unknown rank."""
    if _field(message, 3, 0):
        return None
    sizes = (_signed(_field(size, 1, 0)) for size in read_fields(message, 2))
    return tuple(None if size < 0 else size for size in sizes)


def read_tensor(message, most=1 << 20):
    """The array in a serialized `TensorProto`.

    Raises:
        ValueError: where it has more than `most` values, or is not one.
    """
    kind, shape = _field(message, 1, 0), _shape(_field(message, 2))
    if shape is None or None in shape or math.prod(shape) > most:
        raise ValueError(f"a tensor of shape {shape}, with at most {most} values")
    if kind == STRING:
        texts = [bytes(text) for text in read_fields(message, 8)]
        return _strings(_filled(texts, math.prod(shape)), shape)
    if kind not in VALUES:
        raise ValueError(f"a tensor of type {kind}: expected one of {sorted(NAMES.values())}")
    dtype = np.dtype(NUMBERS[kind])
    if content := _field(message, 4):
        return np.frombuffer(content, dtype).reshape(shape)
    number, packed = VALUES[kind]
    if packed:
        found = [np.frombuffer(part, packed) for part in read_fields(message, number)]
        found = np.concatenate(found).tolist() if found else []
    else:
        found = []
        for part in read_fields(message, number):
            place = 0
            while not isinstance(part, int) and place < len(part):
                value, place = _varint(part, place)
                found.append(_signed(value))
            found += [_signed(part)] if isinstance(part, int) else []
    return np.array(_filled(found, math.prod(shape), 0), dtype).reshape(shape)


def _filled(values, size, nothing=b""):
    """As `Tensor::FromProto` does it: the last value stands for those that follow."""
    if len(values) > size:
        raise ValueError(f"{len(values)} values in a tensor of {size}")
    return values + (values[-1:] or [nothing]) * (size - len(values))


def _signed(number):
    return number - (1 << 64) if number >= 1 << 63 else number


def _field(message, number, otherwise=b""):
    """The last of that number, as protobuf reads one that is not repeated."""
    found = otherwise
    for found in read_fields(message, number):  # noqa: B007
        pass
    return found


def read_fields(message, number):
    """The fields of that number in a serialized protobuf: bytes, or numbers."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(message, place)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, place = _varint(message, place)
            value, place = message[place : place + length], place + length
        if key >> 3 == number:
            yield value


def _varint(message, place):
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _as_varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])
