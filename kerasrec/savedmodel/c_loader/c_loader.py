"""Runs a SavedModel by TensorFlow's C API."""

import ctypes
import math

import numpy as np

from .library import Buffer, OutputRef, Pointer, load_library
from .protobuf import write_varint
from .signatures import read_signatures
from .tensors import delete_tensor, make_tensor, read_array


class RunError(RuntimeError):
    """TensorFlow's error for a model or a request; `code` is its status code."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class CLoader:
    """The signatures of a SavedModel, run by `TF_LoadSessionFromSavedModel` and `TF_SessionRun`.

    `run` is thread-safe. `close` must not be called while a run is in progress.

    Args:
        directory: A SavedModel.

    Attributes:
        signatures: Name -> `Signature`, with `inputs` and `outputs`: name -> `TensorInfo`.

    Raises:
        RuntimeError: if TensorFlow rejects the model or a request (`RunError`), or if its library
            is missing.

    Example:

        with CLoader("saved_models/hybrid/1") as loaded:
            loaded("recommend", history=[["book-4", "book-7"]])["item"]
    """

    def __init__(self, directory):
        self._c, self._session = load_library(), None
        self._graph = self._c.TF_NewGraph()
        options, meta_graph = self._c.TF_NewSessionOptions(), self._c.TF_NewBuffer()
        tags = (ctypes.c_char_p * 1)(b"serve")
        path = str(directory).encode()
        try:
            with _Status(self._c) as status:
                self._session = self._c.TF_LoadSessionFromSavedModel(
                    options, None, path, tags, 1, self._graph, meta_graph, status
                )
            buffer = ctypes.cast(meta_graph, ctypes.POINTER(Buffer)).contents
            self.signatures = read_signatures(ctypes.string_at(buffer.data, buffer.length))
        except BaseException:
            self.close()
            raise
        finally:
            self._c.TF_DeleteSessionOptions(options)
            self._c.TF_DeleteBuffer(meta_graph)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __call__(self, signature, **inputs):
        """Runs a signature and returns all its outputs, a dict of arrays; see `run`."""
        return self.run(signature, inputs)

    def run(self, signature, inputs, outputs=None, timeout=0.0):
        """Runs a signature. Missing inputs take their defaults, as over TF Serving's gRPC.

        Args:
            signature: Name of the signature.
            inputs: Name -> array, or a value that NumPy can convert.
            outputs: Names of the outputs to compute; None for all.
            timeout: Time limit in seconds; 0 for none.

        Returns:
            Name -> array. Strings are fixed-width bytes. They are bytes objects if one ends with
            NUL, which a fixed width drops, or if the fixed width would take much memory.
        """
        if not self._session:
            raise RuntimeError("the model is closed")
        if signature not in self.signatures:
            raise RuntimeError(f"no signature {signature!r}: there are {sorted(self.signatures)}")
        required, returned, _ = self.signatures[signature]
        defaults = {name: x.default for name, x in required.items() if x.default is not None}
        values = {**defaults, **inputs}
        if set(required) != set(values):
            raise RuntimeError(f"{signature} takes {sorted(required)}, and got {sorted(inputs)}")
        returned = {name: returned[name] for name in (returned if outputs is None else outputs)}
        input_refs = self._output_refs(required.values())
        output_refs = self._output_refs(returned.values())
        tensors, results = [], (Pointer * len(returned))()
        # `RunOptions`: field 2 is the timeout in milliseconds.
        options = b"\x10" + write_varint(math.ceil(timeout * 1000)) if timeout else b""
        options = self._c.TF_NewBufferFromString(options, len(options))
        try:
            for name in required:
                tensors.append(make_tensor(self._c, _as_array(values[name], required[name].dtype)))
            with _Status(self._c) as status:
                self._c.TF_SessionRun(
                    self._session, options,
                    input_refs, (Pointer * len(tensors))(*tensors), len(tensors),
                    output_refs, results, len(returned), None, 0, None, status,
                )  # fmt: skip
            pairs = zip(returned, results, strict=True)
            return {name: read_array(self._c, tensor) for name, tensor in pairs}
        finally:
            self._c.TF_DeleteBuffer(options)
            # Inputs last: an output may share the memory of an input.
            for tensor in (*filter(None, results), *tensors):
                delete_tensor(self._c, tensor, own=tensor in tensors)

    def variable(self, name):
        """The value of a variable of the graph, by its name."""
        result = (Pointer * 1)()
        read = (OutputRef * 1)(self._output_ref(f"{name}/Read/ReadVariableOp:0"))
        with _Status(self._c) as status:
            self._c.TF_SessionRun(
                self._session, None, None, None, 0, read, result, 1, None, 0, None, status
            )
        try:
            return read_array(self._c, result[0])
        finally:
            delete_tensor(self._c, result[0], own=False)

    def close(self):
        """Frees the model; it cannot run afterwards."""
        session, graph = self._session, self._graph
        self._session = self._graph = None
        if session:
            for name in ("TF_CloseSession", "TF_DeleteSession"):
                with _Status(self._c) as status:
                    getattr(self._c, name)(session, status)
        if graph:
            self._c.TF_DeleteGraph(graph)

    def _output_refs(self, infos):
        return (OutputRef * len(infos))(*(self._output_ref(info.tensor) for info in infos))

    def _output_ref(self, name):
        operation, _, index = name.partition(":")
        found = self._c.TF_GraphOperationByName(self._graph, operation.encode())
        if not found:
            raise RuntimeError(f"the graph has no operation {operation}")
        return OutputRef(found, int(index or 0))


class _Status:
    """Context manager for the `TF_Status` of one call; raises `RunError` if it is not OK."""

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
    """Converts to an array; Python numbers get `dtype`, arrays keep theirs."""
    if isinstance(value, np.ndarray) or dtype == "string":
        return np.asarray(value)
    return np.asarray(value, dtype)
