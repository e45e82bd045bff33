"""Servers of two small exports of one model, of which the second knows one item more."""

import contextlib
import shutil
import time
import warnings

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models as library
from kerasrec.client import Client
from kerasrec.data import Interactions
from kerasrec.events import open_store
from kerasrec.events.event_log import EventLog
from kerasrec.export.requests import make_requests
from kerasrec.export.search import ExactIndex
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.export.warm_up import write_warm_up
from kerasrec.export.without_saving import remove_saving
from kerasrec.export.write_metadata import write_metadata
from kerasrec.serving.server import Server
from kerasrec_zoo import ContentBased

FEATURES = {"text": {"kind": "text", "length": 3}, "mood": {"kind": "category"}}
FEATURES |= {"pages": {"kind": "number"}}
TEXTS = {"v": "old fire", "w": "old sea", "x": "blue sea", "y": "red fire", "z": "blue sky"}
TEXTS |= {"cold": "red sky", "new": "red sea"}
# Features of the item that only the second one knows.
NEW = {"text": "red sea", "mood": "calm", "pages": 30}
NEWEST = 1_000_000_005
JSON = {"Content-Type": "application/json"}


def _interactions(items, base=None):
    """Of the users a, b and c; nobody has taken "cold" or "new"."""
    item_frame = pd.DataFrame({"item": items, "text": [TEXTS[item] for item in items]})
    item_frame["mood"] = ["wild" if item == "z" else "calm" for item in items]
    item_frame["pages"] = [30.0 if item == "new" else 10.0 * len(item) for item in items]
    frame = pd.DataFrame({"user": list("aabbcc"), "item": list("xyyzvw")})
    frame["timestamp"] = NEWEST - 5 + np.arange(6)
    return Interactions.from_frame(frame, item_frame=item_frame, item_features=FEATURES, base=base)


def _model(data):
    return ContentBased(data.schema(history_length=4), dim=3, encoder="bag_of_words")


def _write(model, folder, k):
    """Writes an export without verifying it."""
    index = ExactIndex(np.asarray(model.encode_catalog())) if model.searchable else None
    graph = ServingGraph(model, k, index)
    # A server loads and warms up each signature.
    names = ("recommend", "score", "similar_items", "embed_user", "embed_items")
    graph.signatures = {name: graph.signatures[name] for name in names}
    graph.write(folder)
    remove_saving(folder)
    (folder / "assets.extra").mkdir()
    request = make_requests(model, graph.inputs(), k)
    write_warm_up(folder, {"score": graph.signatures["score"][1]}, request)
    write_metadata(model, graph, folder)


def _exports(folder):
    """Writes versions 1 and 2, and returns their models."""
    keras.utils.set_random_seed(2)
    known = [item for item in TEXTS if item != "new"]
    before = _interactions(known)
    old = _model(before)
    old.adapt(before)
    random = np.random.default_rng(5)
    for weight in old.trainable_weights:
        # Large enough that each input changes the order of items; row 0 of a table stays 0.
        values = random.normal(0, 0.5, weight.shape)
        if len(weight.shape) == 2 and weight.shape[0] > 3:
            values[0] = 0.0
        weight.assign(values)
    old.save(folder / "checkpoint")
    after = _interactions([*known, "new"], base=library.load_catalogs(folder / "checkpoint"))
    new = _model(after)
    new.adapt(after)
    new.load_rows_from(folder / "checkpoint")
    for number, model in ((1, old), (2, new)):
        _write(model, folder / f"version-{number}", k=5)
    return old, new


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """(model of version 1, model of version 2, folder of both)."""
    folder = tmp_path_factory.mktemp("live")
    return *_exports(folder), folder


@pytest.fixture
def served(models, tmp_path):
    """A folder of versions; `publish(2)` of it adds the second one."""
    folder = tmp_path / "hybrid"
    folder.mkdir()

    def publish(number):
        shutil.copytree(models[2] / f"version-{number}", tmp_path / "partial")
        (tmp_path / "partial").rename(folder / str(number))

    publish(1)
    publish.folder = folder
    return publish


@pytest.fixture
def start(served, tmp_path):
    """`start()`: a server with the events of this test."""
    with contextlib.ExitStack() as stack:

        def run(**options):
            log = stack.enter_context(EventLog(open_store(f"sqlite:///{tmp_path}/events.db")))
            server = Server(served.folder, port=0, say=lambda line: None, events=log, **options)
            return stack.enter_context(server)

        yield run


@pytest.fixture
def shown():
    """`shown(server, **query)`: [(item, score)] as the client gets them, 5 items by default."""

    def ask(server, **query):
        with Client(f"http://127.0.0.1:{server.port}", "hybrid", timeout=60) as client:
            return [(one.item, one.score) for one in client.recommend(**{"k": 5, **query})]

    return ask


@pytest.fixture
def expected():
    """`expected(model, history, seconds)`: what Python answers to a history, in the same form."""

    def answer(model, history, seconds=None, k=5, **limits):
        timestamps = None if seconds is None else [seconds]
        with warnings.catch_warnings(action="ignore"):  # of an empty history
            frame = model.recommend(histories=[history], timestamps=timestamps, k=k, **limits)
        return list(zip(frame["item"], frame["score"], strict=True))

    return answer


@pytest.fixture
def same():
    """`same(found, wanted)`: the same items, and the same scores up to rounding."""

    def compare(found, wanted):
        assert [item for item, _ in found] == [item for item, _ in wanted]
        scores = [[score for _, score in one] for one in (found, wanted)]
        np.testing.assert_allclose(*scores, rtol=1e-4, atol=1e-5)

    return compare


@pytest.fixture
def did(ask):
    """`did(server, item, seconds, user=...)`: stores a click, seconds after the export's data."""

    def post(server, item, seconds=1, **who):
        who = who or {"user": "a"}
        event = {"kind": "interaction", "id": f"{item}/{seconds}/{who}", "item": item, **who}
        event["time"] = NEWEST + seconds
        status, answer = ask(server, "/v1/events", event, **JSON)
        assert status == 200, answer

    return post


@pytest.fixture
def put(ask):
    """`put(server, item, fields, status)`: the answer to a PUT."""

    def send(server, item, fields, status=200):
        found, answer = ask(server, f"/v1/items/{item}", fields, "PUT", **JSON)
        assert found == status, answer
        return answer

    return send


@pytest.fixture
def until():
    """`until(condition)`: asks until it is true, and returns the seconds it took."""

    def wait(condition, seconds=60):
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds
        return time.monotonic() - began

    return wait
