"""Operations of a graph are found without running it, for any content of the file."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework import op_def_registry

from kerasrec.savedmodel import CLoader, graph_operations
from kerasrec.savedmodel.c_loader import all_fields
from kerasrec.savedmodel.graph_operations import foreign_operations, unportable_operations
from kerasrec.savedmodel.operations import OPERATIONS

# Operations with state or effects beyond their outputs: tables, variables, and
# those that run functions of the graph.
STATEFUL = {
    "Assert", "AssignVariableOp", "DisableCopyOnRead", "HashTableV2", "If", "LookupTableExportV2",
    "LookupTableFindV2", "LookupTableImportV2", "MutableHashTableV2", "ReadVariableOp",
    "ResourceGather", "RestoreV2", "StatefulPartitionedCall", "VarHandleOp", "While",
}  # fmt: skip
READS = {"RestoreV2"}
# Parts of the names of TensorFlow operations that may act outside the process.
DANGEROUS = (
    "File", "Save", "Restore", "Checkpoint", "Write", "Summary", "PyFunc", "Dataset", "Iterator",
    "Rpc", "Send", "Recv", "Reader", "Print", "Remote", "Cluster", "Debug", "Custom", "Call",
)  # fmt: skip


def node(op):
    return NodeDef(name="n", op=op)


def saved(folder, change=lambda meta_graph: None):
    model = SavedModel()
    meta_graph = model.meta_graphs.add()
    meta_graph.graph_def.node.append(node("Const"))
    function = meta_graph.graph_def.library.function.add()
    function.node_def.append(node("MatMul"))
    change(meta_graph)
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return folder


def test_an_allowed_graph_has_no_foreign_operations(tmp_path):
    assert foreign_operations(saved(tmp_path)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda graph: graph.graph_def.node.append(node("WriteFile")),
        lambda graph: graph.graph_def.library.function[0].node_def.append(node("WriteFile")),
        lambda graph: graph.graph_def.library.function.add().node_def.append(node("WriteFile")),
    ],
)
def test_an_operation_is_found_in_nodes_and_functions(tmp_path, change):
    message = "the graph holds operations that no export of kerasrec has: WriteFile"
    assert foreign_operations(saved(tmp_path, change)) == [message]


def test_every_meta_graph_is_read(tmp_path):
    path = saved(tmp_path) / "saved_model.pb"
    other = SavedModel()
    other.meta_graphs.add().graph_def.node.append(node("ReadFile"))
    path.write_bytes(path.read_bytes() + other.SerializeToString())
    assert "ReadFile" in foreign_operations(tmp_path)[0]


def test_names_and_values_are_not_operations(tmp_path):
    def change(graph):
        graph.graph_def.node[0].attr["value"].tensor.CopyFrom(tf.make_tensor_proto(["WriteFile"]))
        graph.graph_def.node[0].name = "WriteFile"

    assert foreign_operations(saved(tmp_path, change)) == []


def test_assets_and_other_graph_files_are_refused(tmp_path):
    message = "the graph reads files when it is loaded, which no export of kerasrec does"

    def asset(graph):
        graph.asset_file_def.add().filename = "../../etc/passwd"

    assert foreign_operations(saved(tmp_path, asset)) == [message]

    def collection(graph):
        graph.collection_def["saved_model_assets"].any_list.value.add()

    assert foreign_operations(saved(tmp_path, collection)) == [message]
    (saved(tmp_path) / "saved_model.cpb").touch()
    assert foreign_operations(tmp_path) == ["it also has a saved_model.cpb"]


def test_operations_that_a_cpu_server_cannot_run(tmp_path):
    saved(tmp_path, lambda graph: graph.graph_def.node.extend(map(node, ("PyFunc", "WriteFile"))))
    assert unportable_operations(tmp_path) == ["the graph holds PyFunc"]


@pytest.mark.parametrize(
    "content",
    [
        b"\x12",  # ends within a number
        b"\x12\x05ab",  # ends within a field
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # nearly 2**63 bytes
        b"\x80" * 1_000_000,  # a number without end
        b"\x13\x14",  # a group
        b"\x92\x80\x80\x80\x10\x02\x0a\x00",  # a key of 33 bits, which protobuf cuts to another
        b"\x12\x02\x12\xff",
    ],
)
def test_a_malformed_protobuf_is_reported(tmp_path, content):
    (tmp_path / "saved_model.pb").write_bytes(content)
    (message,) = foreign_operations(tmp_path)
    assert message.startswith("saved_model.pb cannot be read: a protobuf ")


def test_random_corruption_raises_nothing(tmp_path):
    path, random = saved(tmp_path) / "saved_model.pb", np.random.default_rng(0)
    content = path.read_bytes()
    for _ in range(300):
        changed = bytearray(content)
        changed[random.integers(len(changed))] = random.integers(256)
        path.write_bytes(changed[: random.integers(len(changed) + 1)])
        foreign_operations(tmp_path)


def test_fields_and_bytes_are_bounded(tmp_path, monkeypatch):
    path = saved(tmp_path) / "saved_model.pb"
    monkeypatch.setattr(graph_operations, "MAX_FIELDS", 3)
    assert "more than 3 fields" in foreign_operations(tmp_path)[0]
    monkeypatch.setattr(graph_operations, "MAX_BYTES", 1)
    assert "larger than" in foreign_operations(tmp_path)[0]
    path.unlink()
    assert "cannot be read" in foreign_operations(tmp_path)[0]


def test_an_unknown_field_is_skipped_as_protobuf_does(tmp_path):
    # Field 2 as a varint is not a meta graph, neither for protobuf nor here.
    assert [*all_fields(b"\x10\x05")] == [(2, 0, 5)]
    path = saved(tmp_path) / "saved_model.pb"
    path.write_bytes(b"\x10\x05" + path.read_bytes())
    assert foreign_operations(tmp_path) == []
    assert len(SavedModel.FromString(path.read_bytes()).meta_graphs) == 1


def test_allowed_operations_exist_and_act_only_in_the_process():
    known = {name for name in OPERATIONS if op_def_registry.get(name)}
    assert known == OPERATIONS
    assert {name for name in OPERATIONS if op_def_registry.get(name).is_stateful} == STATEFUL
    odd = {name for name in OPERATIONS if any(part in name for part in DANGEROUS)}
    assert odd == READS | {"PartitionedCall", "StatefulPartitionedCall"}


def test_the_loader_follows_an_asset_out_of_its_folder(tmp_path):
    """The reason to refuse assets: a hostile graph can return the lines of any text file."""
    (tmp_path / "secret.txt").write_text("the first line\nthe second\n")
    asset = tmp_path / "words.txt"
    asset.write_text("a\nb\n")
    table = tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            str(asset), tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
            tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
        ),
        "",
    )  # fmt: skip
    module = tf.Module()
    module.table = table
    look = tf.function(lambda row: {"line": table.lookup(row)})
    look = look.get_concrete_function(tf.TensorSpec((None,), tf.int64, name="row"))
    tf.saved_model.save(module, str(tmp_path / "1"), {"serving_default": look})
    path = tmp_path / "1" / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    model.meta_graphs[0].asset_file_def[0].filename = "../../secret.txt"
    path.write_bytes(model.SerializeToString())
    with CLoader(tmp_path / "1") as loaded:
        assert loaded("serving_default", row=[1])["line"].tolist() == [b"the second"]
    assert any("reads files" in message for message in foreign_operations(tmp_path / "1"))
