"""Removes the function that saves variables from a SavedModel; loading stays."""

import pathlib

from tensorflow.core.protobuf import saved_model_pb2

from kerasrec.savedmodel.metadata import GRAPH_FILE


def remove_saving(directory):
    """Removes the function by which TensorFlow saves the variables of a graph.

    Serving does not need it. Without it an export holds no operation that writes files, so
    `kerasrec.savedmodel.operations` need not allow one. `SaverDef` names the node that called the
    function: the node stays and returns its input, the file name.

    Args:
        directory: A SavedModel.

    Source: `SaverDef` in tensorflow/core/protobuf/saver.proto. The C++ loader reads only its
    restore fields (tensorflow/cc/saved_model/loader.cc: RunRestore).
    """
    path = pathlib.Path(directory) / GRAPH_FILE
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    (meta_graph,) = saved.meta_graphs
    graph, saver = meta_graph.graph_def, meta_graph.saver_def
    name = saver.save_tensor_name.partition(":")[0]
    (node,) = (node for node in graph.node if node.name == name)
    functions = graph.library.function
    (number,) = (
        number
        for number, function in enumerate(functions)
        if function.signature.name == node.attr["f"].func.name
    )
    del functions[number]
    node.Clear()
    node.name, node.op = name, "Identity"
    node.input.append(saver.filename_tensor_name.partition(":")[0])
    node.attr["T"].type = 7  # DT_STRING
    path.write_bytes(saved.SerializeToString(deterministic=True))
