"""Finds the operations of a SavedModel by reading its file, without running it."""

import os
import pathlib

from kerasrec.savedmodel.c_loader import all_fields
from kerasrec.savedmodel.metadata import GRAPH_FILE
from kerasrec.savedmodel.operations import OPERATIONS

# TensorFlow also loads a graph from these files.
OTHER_GRAPH_FILES = ("saved_model.cpb", "saved_model.pbtxt")
MAX_BYTES = 2 << 30  # of a protobuf
MAX_FIELDS = 5_000_000  # an export has some ten thousand
COLLECTIONS = {b"saved_model_main_op"}
# Operations that TF Serving, or a machine without a GPU, cannot run.
UNPORTABLE = {
    "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3", "XlaLaunch", "XlaLaunchV2", "PyFunc",
    "PyFuncStateless", "EagerPyFunc",
}  # fmt: skip
SHOWN = 5
BYTES = 2  # wire type


def foreign_operations(directory):
    """Returns a sentence for everything in a graph that no export of kerasrec contains.

    The graph and the function library of all meta graphs are read. Assets are refused: the loader
    follows the name of an asset out of its folder, so a lookup table could read any text file.

    Args:
        directory: A SavedModel.
    """
    directory = pathlib.Path(directory)
    others = (name for name in OTHER_GRAPH_FILES if os.path.lexists(directory / name))
    problems = [f"it also has a {name}" for name in others]
    try:
        operations, assets = _read(directory / GRAPH_FILE)
    except (OSError, ValueError) as error:
        return [f"{GRAPH_FILE} cannot be read: {error}"]
    foreign = sorted(operations - OPERATIONS)
    if foreign:
        names = ", ".join(foreign[:SHOWN]) + (", ..." if len(foreign) > SHOWN else "")
        problems.append(f"the graph holds operations that no export of kerasrec has: {names}")
    if assets:
        problems.append("the graph reads files when it is loaded, which no export of kerasrec does")
    return problems


def unportable_operations(directory):
    """Returns a sentence for each operation that stock TF Serving on a CPU cannot run."""
    try:
        operations, _ = _read(pathlib.Path(directory) / GRAPH_FILE)
    except (OSError, ValueError) as error:
        return [f"{GRAPH_FILE} cannot be read: {error}"]
    return [f"the graph holds {name}" for name in sorted(operations & UNPORTABLE)]


def _read(path):
    """Names of the operations of a serialized `SavedModel`, and whether it has assets."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 30} GiB")
    reader, operations, assets = _Reader(), set(), False
    for meta_graph in reader.messages(memoryview(path.read_bytes()), 2):
        # Fields of `MetaGraphDef`: 2 graph_def, 4 collection_def, 6 asset_file_def.
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
    """Reads fields of protobuf messages, at most `MAX_FIELDS` in total."""

    def __init__(self):
        self._left = MAX_FIELDS

    def fields(self, message):
        for field in all_fields(message):
            self._left -= 1
            if self._left < 0:
                raise ValueError(f"it has more than {MAX_FIELDS:,} fields")
            yield field

    def messages(self, message, number):
        return (value for n, kind, value in self.fields(message) if n == number and kind == BYTES)

    def operations(self, graph):
        """Operations of the nodes of a `GraphDef` and of its functions."""
        operations = set()
        for number, kind, value in self.fields(graph):
            if kind != BYTES:
                continue
            if number == 1:  # GraphDef.node
                operations |= self._op(value)
            elif number == 2:  # GraphDef.library
                for function in self.messages(value, 1):
                    for node in self.messages(function, 3):
                        operations |= self._op(node)
        return operations

    def _op(self, node):
        return {bytes(name).decode(errors="replace") for name in self.messages(node, 2)}
