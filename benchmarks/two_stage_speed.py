"""The time of a request to a two-stage export, compared with the export of its retriever alone.

    python -m benchmarks two_stage_speed

A SASRec over 100,000 items finds 500 candidates, and a DeepFM that reads the user, the item, a
category and the retriever's score orders them. Both are exported; weights and items are random, for
speed does not depend on them. The signature `recommend` of each is called in turns, in one process,
with one request of 50 items at a time. `--history` ranks by a DIN instead, which reads the
history of the request for each candidate; it has no target.
"""

import pathlib
import tempfile
import time

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table

K, HISTORY, MOST = 10, 50, 2.0
RETRIEVER = "SASRec, the retriever alone"


def add_arguments(parser):
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--candidates", type=int, default=500)
    parser.add_argument("--requests", type=int, default=100, help="requests of a turn")
    parser.add_argument("--history", action="store_true", help="rank by a DIN")


def measure(arguments, say):
    if arguments.quick:
        arguments.items, arguments.candidates, arguments.requests = 300, 20, 3
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    retriever, both = models(arguments.items, arguments.candidates, arguments.history)
    title = f"{type(both.ranker).__name__} on {arguments.candidates} candidates of it"
    samples = {RETRIEVER: [], title: []}
    with tempfile.TemporaryDirectory() as folder:
        signatures = {}
        for name, model in ((RETRIEVER, retriever), (title, both)):
            say(f"exporting {name}")
            signatures[name] = exported(model, pathlib.Path(folder) / str(len(signatures)) / "1")
        requests = made(retriever, arguments.requests)
        for signature in signatures.values():
            latencies(signature, requests[:3])
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for name, signature in signatures.items():
                samples[name].append(float(np.median(latencies(signature, requests))) * 1000)
    rows = tuple(Row(name, tuple(values)) for name, values in samples.items())
    table = Table("p50 of one request", "ms", rows, RETRIEVER)
    ratio = table.ratio(title, RETRIEVER)
    bars = [Bar("two stages over the retriever alone", ratio, MOST)]
    settings = {"items": arguments.items, "candidates": arguments.candidates, "k": K}
    return Report(
        f"Two stages over {arguments.items:,} items", settings, [table],
        [] if arguments.history else bars,
    )  # fmt: skip


def models(items, candidates, history):
    """A SASRec with random weights, and the same with a ranker behind it."""
    import keras
    import pandas as pd

    from kerasrec.data import Interactions, candidate_impressions
    from kerasrec.models import TwoStage
    from kerasrec_zoo import DIN, DeepFM, SASRec

    random = np.random.default_rng(0)
    names = np.array([f"item-{number}" for number in range(items)])
    pairs = pd.DataFrame({"user": np.repeat(np.arange(max(20, items // 50)), 20).astype(str)})
    pairs["item"] = names[random.integers(0, items, len(pairs))]
    kinds = random.integers(0, 20, items).astype(str)
    data = Interactions.from_frame(
        pairs.drop_duplicates(),
        item_frame=pd.DataFrame({"item": names, "kind": kinds}),
        item_features={"kind": {"kind": "category"}},
    )
    keras.utils.set_random_seed(0)
    retriever = SASRec(data.schema(HISTORY), dim=64)
    retriever.adapt(data)
    shown = candidate_impressions(
        retriever, data, slice(-100, None), num_candidates=items // 2, negatives=3
    )
    schema = shown.schema(HISTORY)
    ranker = DIN(schema, mlp=(128, 64)) if history else DeepFM(schema, mlp=(128, 64))
    ranker.adapt(shown)
    return retriever, TwoStage(retriever, ranker, num_candidates=candidates)


def exported(model, folder):
    """The signature `recommend` of an export of a model."""
    import tensorflow as tf

    from kerasrec.export import export

    export(model, folder, k=K)
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["recommend"]
    signature.keep = loaded
    return signature


def made(model, number):
    """Requests of one user each, with a history of items."""
    random = np.random.default_rng(1)
    ids = model.items.vocabulary.ids
    users = model.users.vocabulary.ids
    return [
        {
            "user": np.array([users[random.integers(0, len(users))]]),
            "history": ids[random.integers(0, len(ids), (1, HISTORY))],
        }
        for _ in range(number)
    ]


def latencies(signature, requests):
    """Seconds of each request."""
    import tensorflow as tf

    _, read = signature.structured_input_signature
    none = np.zeros((1, 0), "str")
    options = {"exclude": none, "allow": none, "k": np.array([K], "int32"), "repeats": ["mask"]}
    taken = []
    for request in requests:
        inputs = {**options, **request}
        inputs = {
            name: tf.constant(x, read[name].dtype) for name, x in inputs.items() if name in read
        }
        start = time.perf_counter()
        answer = signature(**inputs)
        answer["score"].numpy()
        taken.append(time.perf_counter() - start)
    return taken
