"""A SavedModel that can read its variables and not write any."""

import pathlib

from tensorflow.core.protobuf import saved_model_pb2

from kerasrec.savedmodel.about import GRAPH


def remove_saving(directory):
    """Takes the function out of a graph by which TensorFlow would save its variables.

    Whoever serves a graph has no use for it, and without it no export holds an operation that
    writes files, so that `kerasrec.savedmodel.operations` need not allow one. The node that called
    it stays, and returns the name of the file that it is given: `SaverDef` names it.

    Args:
        directory: A SavedModel.

    Source: `SaverDef` in tensorflow/core/protobuf/saver.proto; of it the C++ loader reads what
    restores alone (tensorflow/cc/saved_model/loader.cc: RunRestore).
    """
    path = pathlib.Path(directory) / GRAPH
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
