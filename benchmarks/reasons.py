"""Gradient times input compared with leave-one-out: do both find the same items of a history?

    python -m benchmarks reasons runs/ml-1m-hybrid-1

`recommend(explain=True)` removes each item of the history and computes what the score loses.
Gradient times input needs one pass: the gradient of the score with respect to the vectors that the
user encoder reads, times these vectors. For users of a finished run (default: a small Hybrid on
invented data) and their first recommendation, this measures the rank correlation of the two over
the items of the history, and the seconds of each.
"""

import contextlib
import pathlib
import tempfile
import time

import numpy as np

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import CONFIGS

ENCODER = "user_encoder"
METHODS = ("leave-one-out", "gradient times input")
USERS = 200
# Shorter histories have too few items for a rank correlation.
MIN_ITEMS = 5


def add_arguments(parser):
    parser.add_argument("run_folder", nargs="?", help="of a model with a user encoder")


def by_gradient(model, inputs, history, item):
    """Contribution of each distinct item of a history to the score, by gradient times input."""
    import tensorflow as tf

    encoder = model.query_model.get_layer(ENCODER)
    read, call = [], encoder.call

    with tf.GradientTape() as tape:

        def watched(past, *args, **kwargs):
            read.append(tf.convert_to_tensor(past))
            tape.watch(read[-1])
            return call(read[-1], *args, **kwargs)

        encoder.call = watched
        try:
            query = model.query_model(inputs, training=False)[0]
        finally:
            encoder.call = call
        score = tf.tensordot(tf.cast(query, "float32"), item, 1)
    parts = tf.reduce_sum(tape.gradient(score, read[0]) * read[0], axis=-1)[0].numpy()
    return np.array([parts[inputs["history"][0] == row].sum() for row in history])


def measure(arguments, say):
    import scipy.stats

    from kerasrec import models
    from kerasrec.data.vocabulary import FIRST

    with contextlib.ExitStack() as stack:
        folder = arguments.run_folder and pathlib.Path(arguments.run_folder)
        if arguments.quick or not folder:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) / "run"
            _fit(folder, arguments.quick)
        model = models.load(folder / "checkpoint")
    length = model.schema.history_length
    known = np.flatnonzero(model.histories.lengths >= MIN_ITEMS)
    users = np.random.default_rng(0).permutation(known)[:USERS]
    vectors, alike, seconds = np.asarray(model.encode_catalog()), [], []
    for user in users:
        one = model.histories.take(np.array([user]))
        inputs = {"user": np.array([user], "int32"), **one.inputs(model.query_inputs, length)}
        inputs = {name: inputs[name] for name in model.query_inputs}
        history = np.unique(inputs["history"][inputs["history"] >= FIRST])
        rows, _ = model.top_k(inputs, 1, exclude=one.padded())
        times = [time.perf_counter()]
        left_out = model.contributions(inputs, history, rows[0])[0]
        times.append(time.perf_counter())
        gradient = by_gradient(model, inputs, history, vectors[rows[0, 0]])
        seconds.append(np.diff([*times, time.perf_counter()]))
        alike.append(scipy.stats.spearmanr(left_out, gradient).statistic)
    alike = np.array(alike)
    low, middle, high = np.nanquantile(alike, [0.25, 0.5, 0.75])
    note = f"median {middle:.2f}, half of the users between {low:.2f} and {high:.2f}"
    first = Row("gradient times input, leave-one-out", (float(np.nanmean(alike)),), note)
    spent = np.array(seconds).T.tolist()
    rows = [Row(name, tuple(each)) for name, each in zip(METHODS, spent, strict=True)]
    tables = [
        Table(f"{len(alike)} users", "rank correlation", (first,)),
        Table("Seconds a user", "seconds", tuple(rows), METHODS[0]),
    ]
    return Report("Two ways to find reasons", {"model": type(model).__name__}, tables)


def _fit(folder, quick):
    from kerasrec.config import load_config
    from kerasrec.training import run

    small = ("data.options={users: 200, items: 100}", "model.dim=8", "train.epochs=1")
    changes = ["evaluate.baselines=[]", *(small if quick else ())]
    config = load_config(CONFIGS / "synthetic" / "hybrid.yaml", changes)
    run(config, folder, say=lambda line: None, progress=False)
