"""Throughput of interactions: in memory, through `model.fit`, and from disk.

The unit is millions of interactions per second. The bound is NumPy drawing a permutation and
gathering the same three columns by it, without batches. The table on disk is prepared before
anything is measured.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.runner.report import Report, Row, Table

BOUND = "NumPy permutation and gather (the bound)"
BATCH = 4096
USERS, ITEMS = 200_000, 50_000


def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=5_000_000)


def table(rows):
    """Invented interactions; the popularity of users and items is skewed."""
    import pandas as pd

    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "user": (USERS * random.random(rows) ** 2).astype(np.int64),
            "item": (ITEMS * random.random(rows) ** 3).astype(np.int64),
            "timestamp": np.arange(rows),
            "value": random.random(rows, dtype=np.float32),
        }
    )


def trivial_model(steps_per_execution):
    """A model with one weight, to measure `fit` without the cost of a model."""
    import keras

    inputs = {name: keras.Input((), dtype="int32", name=name) for name in ("user", "item")}
    both = keras.layers.Add()([keras.layers.Reshape((1,))(value) for value in inputs.values()])
    score = keras.layers.Dense(1, use_bias=False)(keras.ops.cast(both, "float32") * 1e-9)
    model = keras.Model(inputs, score)
    model.compile("sgd", "mse", steps_per_execution=steps_per_execution)
    return model


def through_numpy(data):
    columns = data.user, data.item, data.value
    random = np.random.default_rng(0)

    def epoch():
        order = random.permutation(np.arange(len(data), dtype=np.int32))
        return [column[order] for column in columns]

    return epoch


def through_iteration(dataset):
    def epoch():
        for _ in dataset:
            pass

    return epoch


def through_fit(dataset, steps_per_execution):
    model = trivial_model(steps_per_execution)
    return lambda: model.fit(dataset, verbose=0, shuffle=False)


def cases(data, stored):
    """Dict of name to a function that iterates over one epoch; the data in memory and on disk."""
    from kerasrec.data import batches
    from kerasrec.out_of_core import stream

    history = ("history", "item")
    return {
        BOUND: through_numpy(data),
        "pairs, iterated": through_iteration(batches(data, batch_size=BATCH)),
        "pairs, model.fit": through_fit(batches(data, batch_size=BATCH), 1),
        "pairs, model.fit, 16 steps a call": through_fit(batches(data, batch_size=BATCH), 16),
        "windows of 50 (256), iterated": through_iteration(
            batches(data, history, batch_size=256, history_length=50)
        ),
        "last 50 items, iterated": through_iteration(
            batches(data, history, steps="last", batch_size=BATCH, history_length=50)
        ),
        "pairs on disk, iterated": through_iteration(stream(stored, batch_size=BATCH)),
    }


def measure(arguments, say):
    from kerasrec.data import Interactions
    from kerasrec.out_of_core import prepare

    rows = 20_000 if arguments.quick else arguments.rows
    rounds = arguments.rounds or (2 if arguments.quick else 5)
    frame = table(rows)
    # Without distinct times, repeated pairs would be merged.
    data = Interactions.from_frame(frame)
    with tempfile.TemporaryDirectory() as folder:
        say("preparing the table on disk")
        path = Path(folder) / "table.parquet"
        frame.to_parquet(path)
        prepared = prepare(path, path.with_suffix(""), split={"protocol": "none"})
        epochs = cases(data, prepared.split().train)
        for name, epoch in epochs.items():
            say(f"warming up: {name}")
            epoch()  # traces; not measured
        rates = {name: [] for name in epochs}
        # All cases take turns, so that a slow moment of the machine affects all of them.
        for turn in range(rounds):
            say(f"round {turn + 1} of {rounds}")
            for name, epoch in epochs.items():
                start = time.perf_counter()
                epoch()
                rates[name].append(rows / (time.perf_counter() - start) / 1e6)
    found = tuple(Row(name, tuple(rate)) for name, rate in rates.items())
    title = f"{rows:,} interactions, batches of {BATCH:,}"
    return Report(
        "Input pipeline",
        {"rows": rows, "batch": BATCH, "rounds": rounds},
        [Table(title, "M interactions/s", found, BOUND)],
    )
