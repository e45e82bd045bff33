"""An update with 1 % new interactions beside a full training: what it costs, and what it is worth.

    python -m benchmarks update --data ml-100k
    python -m benchmarks update --data drift

The first 96 % of a table by time are the first run, the next 1 % is new, and the last 3 % are the
queries of the gate. "Full" is a new training on the first 97 %. Costs are seconds of `fit`, and
of processor time of all steps. Qualities are NDCG@10 of the exports on the same queries, with the
interval of the difference by a bootstrap over users. `ml-100k` are ratings with their times;
`drift` is a world of chains of items of which a share changes its successor every day.
KERASREC_DATA names the data.
"""

import contextlib
import pathlib
import tempfile
import time

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table

FIRST, TRAINED = 0.96, 0.97
TRAIN = {"loss": "softmax", "optimizer": {"class": "auto", "learning_rate": 0.003}, "seed": 0}
MODELS = {
    "SASRec": (
        {"class": "SASRec", "dim": 64, "num_blocks": 1, "num_heads": 1, "dropout": 0.3},
        {**TRAIN, "batch_size": 32, "epochs": 20, "decay": "linear"},
    ),
    "MatrixFactorization": (
        {"class": "MatrixFactorization", "dim": 32, "candidates": "sampled"},
        {**TRAIN, "batch_size": 512, "epochs": 12, "decay": "linear"},
    ),
    "Markov": ({"class": "Markov"}, {}),
}
DATA = ("ml-100k", "drift")


def add_arguments(parser):
    parser.add_argument("--data", choices=DATA, default="drift")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--epochs", type=int, help="of the update (default: that of kerasrec)")


def drift(users, items, days, seed=0, share=0.02):
    """Interactions of a world: an item leads to the next one, and each day some lead elsewhere."""
    import pandas as pd

    random = np.random.default_rng(seed)
    following = random.permutation(items)
    rows = []
    at = random.integers(items, size=users)
    for day in range(days):
        moved = random.random(items) < share
        following = np.where(moved, random.integers(items, size=items), following)
        active = np.flatnonzero(random.random(users) < 0.3)
        for step in range(6):
            other = random.integers(items, size=len(active))
            at[active] = np.where(random.random(len(active)) < 0.7, following[at[active]], other)
            when = day * 86400 + step * 14000 + random.integers(13000, size=len(active))
            rows.append(pd.DataFrame({"user": active, "item": at[active], "timestamp": when}))
    return pd.concat(rows).sort_values("timestamp", kind="stable", ignore_index=True)


def movielens():
    """MovieLens 100K by time; of equal times in the order of the file."""
    import pandas as pd

    from kerasrec.data import datasets

    data = datasets.load("ml-100k")
    frame = pd.DataFrame(
        {
            "user": data.users.vocabulary.lookup(data.user),
            "item": data.items.vocabulary.lookup(data.item),
            "timestamp": data.timestamp,
        }
    )
    return frame.sort_values("timestamp", kind="stable", ignore_index=True)


def measure(arguments, say):
    quick = arguments.quick
    if arguments.data == "drift":
        frame = drift(*((300, 60, 20) if quick else (4000, 1000, 60)))
    else:
        frame = movielens()
    frame[["user", "item"]] = frame[["user", "item"]].astype(str)
    costs, processor, values, differences = [], [], [], []
    for name in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            found = _compare(frame, name, arguments, pathlib.Path(folder))
        say(f"{name}: {found}")
        costs.append(Row(name, (found["fit"],)))
        processor.append(Row(name, (found["processor"],)))
        values += [Row(f"{name}, {one}", (found[one],)) for one in ("serving", "updated", "full")]
        note = "{difference:+.4f} [{low:+.4f}, {high:+.4f}]".format(**found)
        differences.append(Row(name, (found["high"],), note))
    return Report(
        "An update with 1 % new interactions beside a full training",
        {"data": arguments.data, "interactions": len(frame)},
        [
            Table("Seconds of fit: update / full", "ratio", tuple(costs)),
            Table("Seconds of processor, all steps: update / full", "ratio", tuple(processor)),
            Table("NDCG@10 on the latest 3 %", "", tuple(values)),
            Table("NDCG@10 of the update minus that of the full training", "", tuple(differences)),
        ],
        [
            *(Bar(f"fit of {row.name}", row.median, 0.1) for row in costs),
            *(Bar(f"quality of {row.name}", row.median, 0.0, at_least=True) for row in differences),
        ],
    )


def _compare(frame, name, arguments, folder):
    from kerasrec.savedmodel.open_export import open_export
    from kerasrec.update.ask_export import ask_export
    from kerasrec.update.gate import Gate
    from kerasrec.update.plan import Plan
    from kerasrec.update.update import update

    model, train = MODELS[name]
    train = {**train, "epochs": 2} if arguments.quick and train else train
    places = [int(share * len(frame)) for share in (FIRST, TRAINED)]
    first = _fit(frame.iloc[: places[0]], model, train, folder / "first")
    _export(first, folder / "served" / "1")
    events = frame.iloc[places[0] :].assign(value=1.0, behavior=None).reset_index(drop=True)
    events.attrs = {"cursor": len(events), "unknown": 0}
    start = time.process_time()
    outcome = update(
        folder / "served", lambda after: events.iloc[after:], first,
        Plan(judged=1 - (TRAINED - FIRST) / (1 - FIRST), epochs=arguments.epochs),
        Gate(margin=0.99, fewest=20, coverage=0.0, slower=100), say=lambda line: None,
        progress=False,
    )  # fmt: skip
    processor = time.process_time() - start
    start = time.process_time()
    full = _fit(frame.iloc[: places[1]], model, train, folder / "full")
    _export(full, folder / "all")
    processor /= time.process_time() - start
    queries = _queries(folder / "served", outcome.version)
    paths = [folder / "served" / "1", folder / "served" / str(outcome.version), folder / "all"]
    with contextlib.ExitStack() as stack:
        loaded = [stack.enter_context(contextlib.closing(open_export(one)[0])) for one in paths]
        before, now, all_ = (ask_export(one, queries, 10) for one in loaded)
    judge = Gate(fewest=20).judge
    beside = judge(queries, all_, now, (1, 1), (1, 1)).rows[0]
    old = judge(queries, before, now, (1, 1), (1, 1)).rows[0]
    return {
        "fit": _seconds(folder / "served" / "updates" / str(outcome.version) / "run")
        / _seconds(full),
        "processor": processor,
        "serving": old["serving"],
        "updated": beside["new"],
        "full": beside["serving"],
        **{key: beside[key] for key in ("difference", "low", "high")},
    }


def _queries(folder, version):
    """Those of the gate of an update."""
    from kerasrec.update.finish_update import recent_queries
    from kerasrec.update.update_folder import UpdateFolder

    folder = UpdateFolder(folder)
    return recent_queries(folder, folder.read(version), 0, "mask")


def _fit(frame, model, train, folder):
    from kerasrec.config.validate import validate
    from kerasrec.training import run

    table = folder.with_suffix(".parquet")
    frame.to_parquet(table, index=False)
    config, problems = validate(
        {
            "data": {"path": str(table), "history_length": 50},
            "split": {"protocol": "none"},
            "model": model,
            "train": {**train, "patience": None, "monitor": None},
            "evaluate": {"ks": [10], "baselines": []},
        }
    )
    if problems:
        raise ValueError(problems)
    run(config, folder, say=lambda line: None, progress=False)
    return folder


def _export(run, place):
    from kerasrec.export import export
    from kerasrec.models import load

    export(load(run / "checkpoint"), place, 10)


def _seconds(run):
    from kerasrec.training.runs.run_folder import RunFolder

    return RunFolder(run).read_metrics()["fit_seconds"]
