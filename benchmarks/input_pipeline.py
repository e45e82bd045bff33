"""How fast interactions come: in memory, through `model.fit`, and streamed from Parquet.

    python benchmarks/input_pipeline.py [--rows 5000000] [--runs 5] [--json]

Every line is the median of the runs with the slowest and the fastest, all in one process, in
millions of interactions a second, and as a share of the bound: NumPy drawing a permutation and
taking the same three columns by it, without batches.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import rich.box
import rich.console
import rich.table

from kerasrec.data.batches import batches
from kerasrec.data.interactions import Interactions
from kerasrec.data.streaming import scan_parquet, stream_batches

BATCH = 4096
USERS, ITEMS = 200_000, 50_000


def table(rows):
    """Invented interactions; the popularity of users and items is skewed."""
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
    """One weight: what is left of `fit` when the model costs nothing."""
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


def cases(data, path):
    """name -> a function that goes through one epoch."""
    history = ("history", "item")
    streamed = {}
    for ids in ("integer", "text"):
        scan = scan_parquet(path[ids])
        known = scan.users.vocabulary, scan.items.vocabulary
        streamed[ids] = stream_batches(path[ids], None, *known, batch_size=BATCH)
    return {
        "NumPy permutation and gather (the bound)": through_numpy(data),
        "pairs, iterated": through_iteration(batches(data, batch_size=BATCH)),
        "pairs, model.fit": through_fit(batches(data, batch_size=BATCH), 1),
        "pairs, model.fit, 16 steps a call": through_fit(batches(data, batch_size=BATCH), 16),
        "windows of 50 (256), iterated": through_iteration(
            batches(data, history, batch_size=256, history_length=50)
        ),
        "last 50 items, iterated": through_iteration(
            batches(data, history, steps="last", batch_size=BATCH, history_length=50)
        ),
        "Parquet, integer ids, iterated": through_iteration(streamed["integer"]),
        "Parquet, text ids, iterated": through_iteration(streamed["text"]),
    }


def measure(rows, runs):
    frame = table(rows)
    # Repeated pairs would be merged: each has its own time.
    data = Interactions.from_frame(frame)
    with tempfile.TemporaryDirectory() as folder:
        path = {ids: Path(folder) / f"{ids}.parquet" for ids in ("integer", "text")}
        log = pyarrow.Table.from_pandas(frame[["user", "item", "value"]], preserve_index=False)
        pyarrow.parquet.write_table(log, path["integer"], row_group_size=500_000)
        for place, name in enumerate(("user", "item")):
            log = log.set_column(place, name, log[name].cast(pyarrow.string()))
        pyarrow.parquet.write_table(log, path["text"], row_group_size=500_000)
        results = {}
        epochs = cases(data, path)
        for epoch in epochs.values():
            epoch()  # tracing and first touches are not what is measured
        seconds = {name: [] for name in epochs}
        # Runs of all cases take turns: a slow moment of the machine hits them alike.
        for _ in range(runs):
            for name, epoch in epochs.items():
                start = time.perf_counter()
                epoch()
                seconds[name].append(time.perf_counter() - start)
        bound = None
        for name, spent in seconds.items():
            rate = rows / np.array(spent) / 1e6
            bound = bound or float(np.median(rate))
            results[name] = {
                "median": round(float(np.median(rate)), 3),
                "lowest": round(float(rate.min()), 3),
                "highest": round(float(rate.max()), 3),
                "of_bound": round(float(np.median(rate)) / bound, 3),
            }
    return {
        "rows": rows,
        "runs": runs,
        "batch": BATCH,
        "unit": "million interactions a second",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "results": results,
    }


def show(report):
    table = rich.table.Table(
        title=f"{report['rows']:,} interactions, batches of {report['batch']}, "
        f"median of {report['runs']} runs, {report['cores']} cores",
        box=rich.box.SIMPLE_HEAD,
    )
    table.add_column("", no_wrap=True)
    for column in ("M interactions/s", "lowest", "highest", "of the bound"):
        table.add_column(column, justify="right")
    for name, result in report["results"].items():
        numbers = [f"{result[key]:.2f}" for key in ("median", "lowest", "highest")]
        table.add_row(name, *numbers, f"{result['of_bound']:.2f}")
    rich.console.Console().print(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    report = measure(arguments.rows, arguments.runs)
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
