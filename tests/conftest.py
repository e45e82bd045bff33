"""A hostile place: no network but this machine, fixed seeds; warnings are errors (setup.cfg).

Every run ends with its slowest files; on several workers the tests of a file, and of a zoo model
those of all files, run on the same one, so that what they share is made once.
"""

import collections
import contextlib
import gc
import importlib.util
import os
import pathlib
import random
import re
import socket

import numpy as np
import pandas as pd
import pytest

# Before TensorFlow is imported by any test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Graphs are many objects that live long: searching them for garbage slows tracing down.
gc.set_threshold(100_000, 20, 10)

LOOPBACK = ("127.0.0.1", "::1", "localhost")

if importlib.util.find_spec("kerasrec_zoo") is None:
    raise RuntimeError('the tests need the package: run `pip install -e ".[test]"` first')


def pytest_addoption(parser):
    parser.addoption("--slowest-files", type=int, default=10, help="files listed at the end")


def pytest_collection_modifyitems(items):
    # By measurement, see tests/tools/slow_tests.py.
    slow = set((pathlib.Path(__file__).parent / "slow_tests.txt").read_text("utf-8").split("\n"))
    for item in items:
        if item.nodeid in slow:
            item.add_marker(pytest.mark.slow)


def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return tests_of_one_worker(nodeid)

    return Scheduler(config, log)


def tests_of_one_worker(nodeid):
    """The name of the group that shares a worker: a file, or a zoo model over all files."""
    path, _, name = nodeid.partition("::")
    model = re.search(r"\[([A-Z]\w+)", name)
    return model[1] if model and path.startswith("tests/zoo/") else path


def processor_seconds():
    """Of this process and of the children that ended."""
    return sum(os.times()[:4])


reported_until = processor_seconds()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    global reported_until
    report, now = (yield), processor_seconds()
    report.processor, reported_until = now - reported_until, now
    return report


def pytest_terminal_summary(terminalreporter, config):
    seconds = collections.defaultdict(lambda: np.zeros(2))
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "processor"):
                file = report.nodeid.partition("::")[0]
                seconds[file] += report.duration, report.processor
    slowest = sorted(seconds, key=lambda file: -seconds[file][0])
    if slowest:
        terminalreporter.section("slowest files: seconds, seconds of processor")
    for file in slowest[: config.getoption("slowest_files")]:
        terminalreporter.write_line("{:8.1f} {:8.1f}  {}".format(*seconds[file], file))


@pytest.fixture(autouse=True)
def _fixed_seeds():
    random.seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    connect = socket.socket.connect

    def refuse(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(f"a test wants to reach {address}: tests use no network")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture
def without_graphs():
    """TensorFlow runs operations one by one.

    For tests that train a few steps or ask a model once or twice: tracing would take longer.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def check_graph():
    """`check_graph(model, k)`: what an export would serve answers its 200 requests as Python does.

    What `export` compares, in this process: no file is written, TensorFlow's C++ loader does not
    run. For models of a kind of which another test writes the export. `signatures` are those to
    ask, all by default: "recommend" reads the request, encodes it and ranks.
    """
    import tensorflow as tf

    from kerasrec.export.examples import serialized_examples
    from kerasrec.export.expected import FIRST_ONES, Expected
    from kerasrec.export.requests import REQUESTS, make_requests
    from kerasrec.export.search import ExactIndex
    from kerasrec.export.serving_graph import ServingGraph
    from kerasrec.savedmodel.operations import OPERATIONS
    from kerasrec.savedmodel.verify import TOLERANCE, compare_answers

    def ask(graph, signature, request, rows):
        method, inputs = graph.signatures[signature]
        given = {}
        for name, (_, kind) in inputs.items():
            dtype = kind.dtype if isinstance(kind, np.ndarray) else kind
            given[name] = tf.constant(request[name][:rows], tf.as_dtype(dtype))
        if signature in ("recommend", "recommend_explained"):  # slower than to make a graph
            method = graph.function(signature)
        outputs = {name: value.numpy() for name, value in method(given).items()}
        decode = np.frompyfunc(bytes.decode, 1, 1)
        return {n: decode(x) if x.dtype.hasobject else x for n, x in outputs.items()}

    def check(model, k, signatures=None):
        index = ExactIndex(np.asarray(model.encode_catalog())) if model.searchable else None
        graph = ServingGraph(model, k, index)
        asked = graph.signatures["recommend"][1]
        request = make_requests(model, graph.inputs(), k)
        if signatures is not None:
            graph.signatures = {name: graph.signatures[name] for name in signatures}
        expected = Expected(model, graph, request)
        wanted, found = {}, {}
        request |= {"examples": np.array(serialized_examples(request, asked), object)}
        for signature, answers in expected.answers().items():
            rows = len(next(iter(answers.values())))
            wanted |= {f"answer/{signature}/{name}": x for name, x in answers.items()}
            answers = ask(graph, signature, request, rows)
            found |= {f"all/{signature}/{name}": x for name, x in answers.items()}
        if expected.unsure is not None:
            wanted["unsure/search"] = expected.unsure
        if (twins := expected.twins()) is not None:
            ids = model.items.vocabulary.lookup(np.arange(len(twins)))
            wanted |= {"twins": twins, "items": ids}
        compared = compare_answers(wanted, found)
        assert set(compared) == set(graph.signatures)
        for signature, row in compared.items():
            compared_all = FIRST_ONES if signature in ("search", "profile") else REQUESTS
            assert row["requests"] == row["recorded"] == compared_all, signature
            assert row["difference"] <= TOLERANCE and row["other"] == 0, (signature, row)
        # What it has traced is what an export would hold.
        traced = graph.function("recommend").get_concrete_function().graph.as_graph_def()
        nodes = [*traced.node, *(n for each in traced.library.function for n in each.node_def)]
        assert {node.op for node in nodes} <= OPERATIONS

    return check


@pytest.fixture(scope="session")
def context_ranker():
    """A ranker of 8 users and 6 items that reads a feature of a request of each kind."""
    import keras
    import pandas as pd
    from keras import ops

    from kerasrec.data import Impressions
    from kerasrec.models import Ranker, RankerInputs
    from kerasrec.register import register

    @register
    class ContextRanker(Ranker):
        """A factorization machine."""

        def __init__(self, schema, dim=4, name=None):
            inputs = RankerInputs(schema)
            vectors = inputs.vectors(dim)
            total, squares = ops.sum(vectors, axis=1), ops.sum(ops.square(vectors), axis=1)
            pairs = ops.sum(ops.square(total) - squares, axis=-1) / 2
            logit = inputs.linear() + pairs
            logits = {"click": logit, "seconds": logit / 2}
            super().__init__(schema=schema, inputs=inputs, logits=logits, name=name)

    # A checkpoint names a class of a module. Keras is imported late, so it is made in a function.
    ContextRanker.__qualname__ = "ContextRanker"
    globals()["ContextRanker"] = ContextRanker
    random = np.random.default_rng(0)
    rows = 400
    frame = pd.DataFrame({
        "user": random.choice([f"u{n}" for n in range(8)], rows),
        "item": random.choice([f"i{n}" for n in range(6)], rows),
        "hour": random.integers(0, 24, rows),
        "price": random.normal(10, 3, rows),
        "tags": random.choice(["a|b", "b|c", "c", ""], rows),
        "query": random.choice(["red shoes", "blue hat", "a red hat"], rows),
        "at": 1.7e9 + random.integers(0, 10**7, rows),
        "place": list(random.normal(size=(rows, 2))),
        "click": random.integers(0, 2, rows),
    })  # fmt: skip
    frame["seconds"] = frame["click"] * random.exponential(10, rows)
    titles = pd.DataFrame({"item": [f"i{n}" for n in range(6)], "name": list("ABCDEF")})
    data = Impressions.from_frame(
        frame,
        {"timestamp": "at"},
        labels={"click": {}, "seconds": {"kind": "seconds"}},
        context={
            "hour": {"kind": "category"},
            "price": {"kind": "number"},
            "tags": {"kind": "categories"},
            "query": {"kind": "text"},
            "at": {"kind": "time"},
            "place": {"kind": "vector"},
        },
        item_frame=titles,
        item_title="name",
    )
    keras.utils.set_random_seed(0)
    model = ContextRanker(data.schema())
    model.adapt(data)
    for weight in model.trainable_weights:
        # Large enough that each feature changes the order of items.
        weight.assign(random.normal(0, 0.3, weight.shape))
    return model


@pytest.fixture(scope="session")
def context_export(context_ranker, tmp_path_factory):
    """The folder of versions of an export of it, not verified."""
    from kerasrec.export.requests import make_requests
    from kerasrec.export.serving_graph import ServingGraph
    from kerasrec.export.warm_up import write_warm_up
    from kerasrec.export.without_saving import remove_saving
    from kerasrec.export.write_metadata import write_metadata

    folder = tmp_path_factory.mktemp("context") / "shop"
    graph = ServingGraph(context_ranker, k=6)
    graph.write(folder / "1")
    remove_saving(folder / "1")
    (folder / "1" / "assets.extra").mkdir()
    names = {"recommend": graph.signatures["recommend"][1]}
    request = make_requests(context_ranker, names["recommend"], 6)
    write_warm_up(folder / "1", names, request)
    write_metadata(context_ranker, graph, folder / "1")
    return folder


@pytest.fixture
def largest_file():
    """`with largest_file(bytes)`: no file can grow beyond; for who writes it is as a full disk."""
    resource = pytest.importorskip("resource")

    @contextlib.contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture(scope="module")
def blue_and_red():
    """Interactions with items that are blue or red by their texts, and a model that compares these.

    Words of one item only have no weight in the code.
    """
    from kerasrec.data import Interactions
    from kerasrec_zoo import ContentBased

    items = pd.DataFrame({"item": list("xyzw")})
    items["about"] = ["Blue sea", "Red fire", "Blue sky", "Red sun"]
    frame = pd.DataFrame({"user": list("aaabcc"), "item": list("wyzwwx")})
    features = {"about": {"kind": "text"}}
    train = Interactions.from_frame(frame, item_frame=items, item_features=features)
    model = ContentBased(train.schema(), dim=4, code_dim=4)
    model.adapt(train)
    (dense,) = model.content_encoder.stack
    dense.kernel.assign(np.eye(4, 5))
    return train, model
