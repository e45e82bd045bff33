import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from kerasrec.export.without_saving import remove_saving
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.graph_operations import foreign_operations


class Count(tf.Module):
    def __init__(self):
        super().__init__()
        self.count = tf.Variable([1.0, 2.0])

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def add(self, x):
        return {"y": x + self.count}


@pytest.fixture
def folder(tmp_path):
    module = Count()
    tf.saved_model.save(module, str(tmp_path / "1"), {"serving_default": module.add})
    assert "SaveV2" in foreign_operations(tmp_path / "1")[0]
    remove_saving(tmp_path / "1")
    return tmp_path / "1"


def test_saving_is_removed_and_answers_stay(folder):
    assert foreign_operations(folder) == []
    with CLoader(folder) as loaded:
        assert loaded("serving_default", x=np.float32([[1, 1]]))["y"].tolist() == [[2.0, 3.0]]


def test_both_python_loaders_still_load_it(folder):
    loaded = tf.saved_model.load(str(folder))
    assert loaded.signatures["serving_default"](x=[[1.0, 1.0]])["y"].numpy().tolist() == [[2, 3]]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        place = graph.signature_def["serving_default"]
        fed = {place.inputs["x"].name: [[1.0, 1.0]]}
        assert session.run(place.outputs["y"].name, fed).tolist() == [[2, 3]]


def test_the_node_that_saver_def_names_remains(folder):
    (graph,) = SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs
    nodes = {node.name: node.op for node in graph.graph_def.node}
    assert nodes[graph.saver_def.save_tensor_name.partition(":")[0]] == "Identity"
