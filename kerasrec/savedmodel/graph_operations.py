"""What a SavedModel would run, read from its file without running it."""

import os
import pathlib

from kerasrec.savedmodel.about import GRAPH
from kerasrec.savedmodel.c_loader import all_fields
from kerasrec.savedmodel.operations import OPERATIONS

# TensorFlow looks for the graph in these as well.
OTHERS = ("saved_model.cpb", "saved_model.pbtxt")
LARGEST = 2 << 30  # bytes of a protobuf
MOST = 5_000_000  # fields; an export has some ten thousands
COLLECTIONS = {b"saved_model_main_op"}
# What TF Serving, or a machine without a GPU, would not run.
UNPORTABLE = {
    "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3", "XlaLaunch", "XlaLaunchV2", "PyFunc",
    "PyFuncStateless", "EagerPyFunc",
}  # fmt: skip
SHOWN = 5
BYTES = 2


def foreign_operations(directory):
    """Sentences on what a graph holds that no export of kerasrec does; none where all is well.

    It reads the graph and its library of functions, of all meta graphs. Assets are refused: the
    loader follows the name of one out of its folder, so that a table of ids could be any text file.

    Args:
        directory: A SavedModel.
    """
    directory = pathlib.Path(directory)
    found = [f"it also has a {name}" for name in OTHERS if os.path.lexists(directory / name)]
    try:
        operations, assets = _read(directory / GRAPH)
    except (OSError, ValueError) as error:
        return [f"{GRAPH} cannot be read: {error}"]
    foreign = sorted(operations - OPERATIONS)
    if foreign:
        names = ", ".join(foreign[:SHOWN]) + (", ..." if len(foreign) > SHOWN else "")
        found.append(f"the graph holds operations that no export of kerasrec has: {names}")
    if assets:
        found.append("the graph reads files when it is loaded, which no export of kerasrec does")
    return found


def unportable_operations(directory):
    """The same of operations that a stock server on a CPU would not run, whoever made the graph."""
    try:
        operations, _ = _read(pathlib.Path(directory) / GRAPH)
    except (OSError, ValueError) as error:
        return [f"{GRAPH} cannot be read: {error}"]
    return [f"the graph holds {name}" for name in sorted(operations & UNPORTABLE)]


def _read(path):
    """Names of operations, and whether there are assets: of a serialized `SavedModel`."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 30} GiB")
    reader, operations, assets = _Reader(), set(), False
    for meta_graph in reader.messages(memoryview(path.read_bytes()), 2):
        # Of `MetaGraphDef`: graph_def, collection_def, asset_file_def.
        for number, kind, value in reader.fields(meta_graph):
            if kind != BYTES:
                continue
            if number == 2:
                operations |= reader.operations(value)
            elif number == 4:
                assets |= any(bytes(k) not in COLLECTIONS for k in reader.messages(value, 1))
            elif number == 6:
                assets = True
    return operations, assets


class _Reader:
    """Fields of messages, at most `MOST` of them together."""

    def __init__(self):
        self._left = MOST

    def fields(self, message):
        for field in all_fields(message):
            self._left -= 1
            if self._left < 0:
                raise ValueError(f"it has more than {MOST:,} fields")
            yield field

    def messages(self, message, number):
        return (value for n, kind, value in self.fields(message) if n == number and kind == BYTES)

    def operations(self, graph):
        """Of a `GraphDef`: `op` (2) of its nodes (1) and of those (3) of its functions (2, 1)."""
        found = set()
        for number, kind, value in self.fields(graph):
            if kind != BYTES:
                continue
            if number == 1:
                found |= self._op(value)
            elif number == 2:
                for function in self.messages(value, 1):
                    for node in self.messages(function, 3):
                        found |= self._op(node)
        return found

    def _op(self, node):
        return {bytes(name).decode(errors="replace") for name in self.messages(node, 2)}
