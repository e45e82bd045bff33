"""Recommendations for all users to Parquet, beside the bare signature of the same export.

    python -m benchmarks all_users

A SASRec of the size of MovieLens 1M (3,706 items, histories of up to 200 items, the other settings
of `configs/ml-1m/sasrec.yaml`) with random weights and random histories of 165 items on average.
The reference is the signature `recommend` at its best batch size: a loop over user ids in the order
of the file, whose answers are dropped. It is beside `recommend_to_parquet` from the export and from
the model in Python: all users in parts, joined into one file. The cases take turns. Loading the
export is not part of the speed of either; it is stated, and part of the time for a million users.
"""

import pathlib
import tempfile
import time

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table

K, LENGTH, EXPORT_K, MILLION = 20, 200, 100, 1_000_000
BATCHES = (16, 32, 64, 128, 256, 512, 1024)
SETTINGS = {"num_blocks": 2, "num_heads": 2, "hidden_factor": 2, "dropout": 0.3, "gated": True}
BARE = "bare signature, best batch size"
EXPORT, MODEL = "recommend_to_parquet, export", "recommend_to_parquet, model"


def add_arguments(parser):
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=3706)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--sample", type=int, default=2048, help="users of a turn of the signature")


def measure(arguments, say):
    from kerasrec.savedmodel import CLoader

    if arguments.quick:
        arguments.users, arguments.items, arguments.dim, arguments.sample = 60, 100, 8, 32
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    batches = [size for size in BATCHES if size <= arguments.sample]
    model = make_model(arguments)
    users = model.users.vocabulary.ids.tolist()
    sample = np.random.default_rng(1).choice(users, arguments.sample, replace=False).tolist()
    rates, sizes, starts = {BARE: [], EXPORT: [], MODEL: []}, {}, []
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        say("writing the export")
        write_export(model, folder / "1")
        with CLoader(folder / "1") as loaded:
            for size in batches:
                bare(loaded, sample[: 2 * size], size)  # the first runs allocate
                sizes[size] = bare(loaded, sample, size)
                say(f"the signature with batches of {size}: {sizes[size]:,.0f} users/s")
            best = max(sizes, key=sizes.get)
            for turn in range(arguments.rounds):
                say(f"round {turn + 1} of {arguments.rounds}")
                rates[BARE].append(bare(loaded, sample, best))
                for name, source in ((EXPORT, folder / "1"), (MODEL, model)):
                    rate, start = to_parquet(source, folder / "out.parquet", users)
                    rates[name].append(rate)
                    starts += [start] if name == EXPORT else []
    rows = tuple(Row(name, tuple(values)) for name, values in rates.items())
    note = {BARE: f"batches of {best}"}
    rows = tuple(Row(row.name, row.samples, note.get(row.name, "")) for row in rows)
    table = Table(f"{arguments.users:,} users, k {K}", "users/s", rows, BARE)
    other = [Row(f"batches of {size}", (rate,)) for size, rate in sizes.items()]
    start, rate = min(starts), table.row(EXPORT).median
    bar = Bar("speed of the signature that is kept", table.ratio(EXPORT, BARE), 0.7, at_least=True)
    settings = {name: getattr(arguments, name) for name in ("users", "items", "dim", "rounds")}
    return Report(
        "All users at once",
        settings,
        [table, Table("Choice of the batch size of the signature", "users/s", tuple(other))],
        [] if arguments.quick else [bar],
        [
            f"A million users at this speed: {(start + MILLION / rate) / 60:,.0f} minutes, "
            f"{start:.1f} s of them until the first answer."
        ],
    )


def make_model(arguments):
    import keras
    import pandas as pd

    from kerasrec.data import Interactions
    from kerasrec_zoo import SASRec

    random = np.random.default_rng(0)
    # A long tail as of MovieLens 1M: from 5 to 2,314 items, 165 on average, 100 in the middle.
    lengths = random.lognormal(4.57, 1.0, arguments.users).astype(int) + 5
    lengths = np.minimum(lengths, min(2314, arguments.items))
    items = random.integers(0, arguments.items, lengths.sum())
    items[: arguments.items] = np.arange(arguments.items)
    users = np.repeat(np.arange(arguments.users), lengths)
    train = Interactions.from_frame(pd.DataFrame({"user": users, "item": items}))
    keras.utils.set_random_seed(0)
    model = SASRec(train.schema(history_length=LENGTH), dim=arguments.dim, **SETTINGS)
    model.adapt(train)
    return model


def write_export(model, folder):
    """An export without its verification, which asks for 200 explanations."""
    from kerasrec.export.search import ExactIndex
    from kerasrec.export.serving_graph import ServingGraph
    from kerasrec.export.without_saving import remove_saving
    from kerasrec.export.write_metadata import write_metadata

    k = min(EXPORT_K, model.schema.num_items - 2)
    graph = ServingGraph(model, k, ExactIndex(np.asarray(model.encode_catalog())))
    graph.write(folder)
    remove_saving(folder)
    (folder / "assets.extra").mkdir()
    write_metadata(model, graph, folder)


def bare(loaded, users, size):
    """Users a second of the signature, called in a loop."""
    started = time.perf_counter()
    for first in range(0, len(users), size):
        loaded.run("recommend", {"user": users[first : first + size], "k": [K]})
    return len(users) / (time.perf_counter() - started)


def to_parquet(source, path, users):
    """Users a second of `recommend_to_parquet`, and the seconds before its first answer."""
    from kerasrec.batch_inference import recommend_to_parquet

    times = []
    started = time.perf_counter()
    recommend_to_parquet(
        source, path, users=users, k=K, overwrite=True,
        progress=lambda *_: times.append(time.perf_counter()),
    )  # fmt: skip
    return len(users) / (time.perf_counter() - times[0]), times[0] - started
