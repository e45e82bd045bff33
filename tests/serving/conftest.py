"""A small SavedModel whose answers can be computed by hand, and servers of it."""

import contextlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
import urllib3

from kerasrec.export.signature_defaults import write_defaults
from kerasrec.export.without_saving import remove_saving
from kerasrec.savedmodel.files import list_files
from kerasrec.savedmodel.metadata import EXTRA_FOLDER, FORMAT, METADATA
from kerasrec.serving.limits import Limits
from kerasrec.serving.server import Server

CATALOG = ["a", "b", "ü"]


class Toy(tf.Module):
    """The score of an item is its count in the history plus a tenth of the version number."""

    def __init__(self, version):
        super().__init__()
        self.version = version

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None), tf.string, name="history"),
            tf.TensorSpec((None, None), tf.string, name="exclude"),
            tf.TensorSpec((None,), tf.int32, name="k"),
        ]
    )
    def recommend(self, history, exclude, k):
        count = tf.reduce_sum(tf.cast(history[..., None] == CATALOG, tf.float32), axis=1)
        left_out = tf.reduce_any(exclude[..., None] == CATALOG, axis=1)
        score = tf.where(left_out, -float("inf"), count + self.version / 10)
        score, order = tf.math.top_k(score, 3)
        real = (score > -float("inf")) & (tf.range(3) < k[:, None])
        item = tf.where(real, tf.gather(CATALOG, order), "")
        return {"item": item, "score": tf.where(real, score, -float("inf"))}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def echo(self, text):
        return {"text_bytes": text}

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def total(self, x):
        positive = tf.reduce_all(x >= 0.0)
        tf.raw_ops.Assert(condition=positive, data=["x must not be negative"])
        return {"total": tf.reduce_sum(x)}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.int64, name="number"),
            tf.TensorSpec((None,), tf.bool, name="yes"),
        ]
    )
    def types(self, number, yes):
        return {"number": number, "yes": yes, "half": tf.cast(number, tf.float64) / 2}


def save(version, folder):
    toy = Toy(version)
    names = ("recommend", "echo", "total", "types")
    signatures = {name: getattr(toy, name) for name in names}
    tf.saved_model.save(toy, str(folder), {"serving_default": toy.recommend, **signatures})
    defaults = {"exclude": np.array([[""]], object), "k": np.array([3], "int32")}
    write_defaults(folder, {"recommend": defaults})
    remove_saving(folder)
    record(folder)


def record(folder):
    """Writes the list of files of a folder, as an export does."""
    (folder / EXTRA_FOLDER).mkdir(exist_ok=True)
    about = {"format": FORMAT, "files": list_files(folder)}
    (folder / METADATA).write_text(json.dumps(about))


@pytest.fixture(scope="session")
def toys(tmp_path_factory):
    """A folder with versions 1 and 2 of the toy; must not be changed."""
    folder = tmp_path_factory.mktemp("toys") / "toy"
    for version in (1, 2):
        save(version, folder / str(version))
    return folder


@pytest.fixture
def publish(toys, tmp_path):
    """`publish(version, number)` renames a version into the folder `publish.folder`."""

    def put(version, number, spoil=None):
        partial = tmp_path / "toy" / f".copy-{number}"
        shutil.copytree(toys / str(version), partial)
        if spoil:
            spoil(partial)
        return partial.rename(tmp_path / "toy" / str(number))

    put.record = record
    put.folder = tmp_path / "toy"
    put.folder.mkdir()
    return put


@pytest.fixture(scope="module")
def server(toys):
    """A server of the toy's version 2, with gRPC."""
    with Server(toys, port=0, grpc_port=0, say=lambda line: None) as running:
        yield running


@pytest.fixture
def ask():
    """`ask(server, path, body)` -> (status, JSON): POST with a body, else GET."""
    with urllib3.PoolManager(retries=False) as pool:

        def send(server, path, body=None, method=None, **headers):
            url = f"http://127.0.0.1:{server.port}{path}"
            body = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            method = method or ("GET" if body is None else "POST")
            answer = pool.request(method, url, body=body, headers=headers)
            return answer.status, json.loads(answer.data or b"null")

        yield send


@pytest.fixture
def serve(toys):
    """`serve(**limits)`: a server of the toys with these limits."""
    with contextlib.ExitStack() as stack:
        yield lambda **limits: stack.enter_context(
            Server(toys, port=0, limits=Limits(**limits), say=lambda line: None)
        )
