"""Values pass through TensorFlow's C library unchanged, on identity graphs."""

import concurrent.futures
import time

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2

from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.c_loader import RunError, read_tensor
from kerasrec.savedmodel.c_loader.protobuf import write_varint

ANY = (
    b"",
    b"a",
    b"\x00",
    b"end\x00",
    b"\xff\xfe",
    "ü€".encode(),
    b"x" * 22,
    b"y" * 23,
    b"z" * 5000,
)
NUMBERS = ("float32", "float64", "int32", "int64", "bool")


class Identity(tf.Module):
    """Returns every input unchanged."""

    @tf.function(input_signature=[tf.TensorSpec(None, tf.string, name="text")])
    def texts(self, text):
        return {"text": text}

    @tf.function(input_signature=[tf.TensorSpec((None, 2), name, name=name) for name in NUMBERS])
    def numbers(self, float32, float64, int32, int64, bool):  # noqa: A002
        return {"float32": float32, "float64": float64, "int32": int32, "int64": int64,
                "bool": bool}  # fmt: skip

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, name="user"),
            tf.TensorSpec((None, None), tf.string, name="exclude"),
            tf.TensorSpec((None,), tf.int32, name="k"),
        ]
    )
    def defaults(self, user, exclude=tf.constant([["", "ü"]]), k=tf.constant([-7])):  # noqa: B008
        return {"user": user, "exclude": exclude, "k": k}

    @tf.function(input_signature=[tf.TensorSpec((), tf.int64, name="steps")])
    def spin(self, steps):
        return {
            "done": tf.while_loop(lambda n: n < steps, lambda n: n + 1, [tf.constant(0, "int64")])[
                0
            ]
        }


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("through") / "1"
    model = Identity()
    names = ("texts", "numbers", "defaults", "spin")
    tf.saved_model.save(model, str(folder), {name: getattr(model, name) for name in names})
    with CLoader(folder) as loaded:
        yield loaded


def objects(values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_strings_of_any_bytes_round_trip(loaded):
    for texts in (ANY, ANY[:2], ANY[:0]):
        found = loaded("texts", text=objects(texts))["text"]
        assert found.tolist() == list(texts)
    nested = objects(ANY[:8]).reshape(2, 1, 4)
    assert loaded("texts", text=nested)["text"].tolist() == nested.tolist()
    assert loaded("texts", text="alone")["text"].tolist() == b"alone"
    assert loaded("texts", text=["ü", "b"])["text"].dtype.kind == "S"


def test_numbers_round_trip(loaded):
    values = {
        "float32": [[1.5, -np.inf], [np.nan, 3e-45]], "float64": [[0.1, 1e300], [0.0, -0.0]],
        "int32": [[2**31 - 1, -(2**31)], [0, 1]], "int64": [[2**63 - 1, -(2**63)], [0, 1]],
        "bool": [[True, False], [False, True]],
    }  # fmt: skip
    values = {name: np.array(value, name) for name, value in values.items()}
    found = loaded.run("numbers", values)
    for name, value in values.items():
        assert found[name].dtype == name
        np.testing.assert_array_equal(found[name], value)
    transposed = {name: np.asfortranarray(value) for name, value in values.items()}
    np.testing.assert_array_equal(loaded.run("numbers", transposed)["int64"], values["int64"])


def test_signatures_have_dtypes_shapes_and_defaults(loaded):
    inputs, outputs, method = loaded.signatures["defaults"]
    assert {name: (x.dtype, x.shape) for name, x in inputs.items()} == {
        "user": ("string", (None,)), "exclude": ("string", (None, None)), "k": ("int32", (None,)),
    }  # fmt: skip
    assert inputs["user"].default is None
    assert inputs["exclude"].default.tolist() == [[b"", "ü".encode()]]
    assert inputs["k"].default.tolist() == [-7] and inputs["k"].default.dtype == "int32"
    assert outputs["k"].dtype == "int32" and method == "tensorflow/serving/predict"
    assert loaded.signatures["texts"].inputs["text"].shape is None
    assert loaded.signatures["spin"].inputs["steps"].shape == ()


def test_missing_inputs_take_their_defaults(loaded):
    found = loaded("defaults", user=["a"])
    assert {name: x.tolist() for name, x in found.items()} == {
        "user": [b"a"], "exclude": [[b"", "ü".encode()]], "k": [-7],
    }  # fmt: skip
    assert loaded("defaults", user=["a"], k=np.int32([3]))["k"].tolist() == [3]
    with pytest.raises(RuntimeError, match=r"takes \['exclude', 'k', 'user'\], and got \['k'\]"):
        loaded("defaults", k=np.int32([3]))


def test_outputs_can_be_selected(loaded):
    assert set(loaded.run("defaults", {"user": ["a"]}, outputs=["k"])) == {"k"}


def test_threads_run_it_concurrently(loaded):
    def call(number):
        if number % 5 == 0:
            with pytest.raises(RunError, match="float") as caught:
                loaded("texts", text=np.float32([number]))
            assert caught.value.code == 3  # INVALID_ARGUMENT
            return [str(number).encode()]
        return loaded("texts", text=[str(number)])["text"].tolist()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(call, range(400)))
    assert found == [[str(number).encode()] for number in range(400)]


def test_a_timeout_stops_the_run(loaded):
    with pytest.raises(RunError) as caught:
        loaded.run("spin", {"steps": 1 << 50}, timeout=0.05)
    assert caught.value.code == 4  # DEADLINE_EXCEEDED
    assert loaded("spin", steps=3)["done"] == 3


@pytest.mark.parametrize(
    "value",
    [
        np.float32([[1.5, -2.25]]), np.float64(0.1), np.int32([7] * 5), np.array([3, 3, 3]),
        np.array([[-1], [2**62]]), np.array([True, False]), np.array([], "int64"),
        objects(ANY), np.array([["ü"]]), np.zeros((2, 0), "S1"), np.int32([-1]),
    ],
    ids=lambda value: f"{value.dtype}-{value.shape}",
)  # fmt: skip
def test_tensor_protos_are_read_as_python_writes_them(value):
    proto = tf.make_tensor_proto(value)
    expected = tf.make_ndarray(proto)
    found = read_tensor(proto.SerializeToString())
    assert found.tolist() == expected.tolist()
    assert found.shape == expected.shape
    if value.dtype.kind in "fib":
        assert found.dtype == expected.dtype
        packed = type(proto)(dtype=proto.dtype, tensor_content=expected.tobytes())
        packed.tensor_shape.CopyFrom(proto.tensor_shape)
        assert read_tensor(packed.SerializeToString()).tolist() == expected.tolist()


def test_the_last_value_is_repeated():
    proto = tf.make_tensor_proto(np.full((2, 3), 7))
    proto.ClearField("tensor_content")
    proto.int64_val.extend([5, 7])
    assert read_tensor(proto.SerializeToString()).tolist() == [[5, 7, 7], [7, 7, 7]]
    del proto.int64_val[:]
    assert read_tensor(proto.SerializeToString()).tolist() == [[0] * 3] * 2


def test_inconsistent_protos_are_refused():
    proto = tf.make_tensor_proto(["a"])
    proto.string_val.append(b"b")
    with pytest.raises(ValueError, match="2 values in a tensor of 1"):
        read_tensor(proto.SerializeToString())
    proto.tensor_shape.dim[0].size = 10**12
    with pytest.raises(ValueError, match="at most 1048576 values"):
        read_tensor(proto.SerializeToString())
    with pytest.raises(ValueError, match="a tensor of type 18"):
        read_tensor(tf.make_tensor_proto([1j]).SerializeToString())


def claiming(*sizes, **fields):
    shape = tf.TensorShape(sizes).as_proto()
    return tensor_pb2.TensorProto(dtype="DT_INT64", tensor_shape=shape, **fields)


@pytest.mark.parametrize(
    "sizes",
    [[2] * 1_000_000, [1] * 1_000_000, [0, 1 << 62], [1 << 62, 0], [1 << 62] * 200, [1] * 65],
    ids=["twos", "ones", "zero first", "zero last", "large", "65"],
)
def test_impossible_shapes_are_refused_with_a_short_message(sizes):
    dims = {size: b"\x08" + write_varint(size) for size in set(sizes)}
    shape = b"".join(b"\x12" + bytes([len(dims[size])]) + dims[size] for size in sizes)
    message = b"\x08\x09\x12" + write_varint(len(shape)) + shape
    start = time.perf_counter()
    with pytest.raises(ValueError) as caught:
        read_tensor(message)
    assert len(str(caught.value)) < 400
    assert time.perf_counter() - start < 1  # reading all of a million takes longer


def test_values_out_of_range_are_truncated_as_by_protobuf():
    # tensor_shape {dim {size: 1}} int_val: 2^40 + 7, which the field's 32 bits do not hold.
    wide = b"\x08\x03\x12\x04\x12\x02\x08\x01\x3a\x06" + write_varint((1 << 40) + 7)
    assert tensor_pb2.TensorProto.FromString(wide).int_val == [7]
    assert read_tensor(wide).tolist() == [7]


def test_a_varint_in_place_of_bytes_is_skipped():
    # string_val as the varint 10^15: protobuf skips a field of an unexpected wire type.
    message = claiming(1).SerializeToString().replace(b"\x08\x09", b"\x08\x07", 1)
    message += b"\x40" + write_varint(10**15)
    assert list(tensor_pb2.TensorProto.FromString(message).string_val) == []
    assert read_tensor(message).tolist() == [b""]


@pytest.mark.parametrize(
    "message",
    [b"\xff" * 1000, b"\x08\xff", b"\x08", b"\x12\x7f\x00", b"\x0b", b"\x0d\x00", b"\x12"],
    ids=["endless", "cut varint", "no value", "cut field", "group", "cut fixed", "no length"],
)
def test_a_malformed_message_is_refused(message):
    with pytest.raises(DecodeError):
        tensor_pb2.TensorProto.FromString(message)
    with pytest.raises(ValueError):
        read_tensor(message)


def test_strings_in_tensor_content_are_read_as_c_writes_them():
    # tensorflow/core/platform/tensor_coding.cc: EncodeStringList. Lengths, then the strings.
    content = b"\x02\x00\xac\x02" + b"ab" + b"c" * 300
    message = claiming(3, tensor_content=content)
    message.dtype = 7
    assert read_tensor(message.SerializeToString()).tolist() == [b"ab", b"", b"c" * 300]
    for wrong in (content[:-1], content + b"d", b"\xff" * 400):
        message.tensor_content = wrong
        with pytest.raises(ValueError, match="strings|ends within|more than 64"):
            read_tensor(message.SerializeToString())


def test_one_long_string_does_not_widen_the_others(loaded):
    message = claiming(1 << 20, string_val=[b"x" * (1 << 20)])
    message.dtype = 7
    found = read_tensor(message.SerializeToString())  # 1 TiB as fixed-width bytes
    assert found.dtype == object and found.shape == (1 << 20,)
    texts = [b"x" * (1 << 20), *[b"a"] * 5000]
    assert loaded("texts", text=objects(texts))["text"].tolist() == texts
