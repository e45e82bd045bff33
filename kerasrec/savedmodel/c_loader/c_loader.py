"""A SavedModel, run by TensorFlow's C++."""

import ctypes
import math

import numpy as np

from .library import Buffer, Place, Pointer, load_library
from .protobuf import write_varint
from .signatures import read_signatures
from .tensors import delete_tensor, make_tensor, read_array


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
            buffer = ctypes.cast(about, ctypes.POINTER(Buffer)).contents
            self.signatures = read_signatures(ctypes.string_at(buffer.data, buffer.length))
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
            which a fixed width drops, and where they are many.
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
        fed = (Place * len(wanted))(*(self._place(x.tensor) for x in wanted.values()))
        asked = (Place * len(given))(*(self._place(x.tensor) for x in given.values()))
        tensors, found = [], (Pointer * len(given))()
        # `RunOptions`, of which field 2 is the timeout in milliseconds.
        options = b"\x10" + write_varint(math.ceil(timeout * 1000)) if timeout else b""
        options = self._c.TF_NewBufferFromString(options, len(options))
        try:
            for name in wanted:
                tensors.append(make_tensor(self._c, _as_array(values[name], wanted[name].dtype)))
            with _Status(self._c) as status:
                self._c.TF_SessionRun(
                    self._session, options, fed, (Pointer * len(tensors))(*tensors), len(tensors),
                    asked, found, len(given), None, 0, None, status,
                )  # fmt: skip
            return {n: read_array(self._c, tensor) for n, tensor in zip(given, found, strict=True)}
        finally:
            self._c.TF_DeleteBuffer(options)
            # Inputs last: an output may lie in the memory of one.
            for tensor in (*filter(None, found), *tensors):
                delete_tensor(self._c, tensor, own=tensor in tensors)

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
        return Place(found, int(index or 0))


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
