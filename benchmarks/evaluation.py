"""Full-ranking evaluation: users a second, beside the bound of one matrix product and argpartition.

    python benchmarks/evaluation.py [--users 6040 --items 3416 --dim 128 --runs 5] [--json out.json]

Data and weights are random in the shape of MovieLens-1M: histories of 20 to 2,300 items, mean 165,
four truths a user. Every run measures both sides one after the other, so that a ratio is of one
machine at one time; shown are the medians, and the spread of the runs.
"""

import argparse
import json
import os
import statistics
import time

import numpy as np


def make_split(users, items, seed=0):
    """A Split of random interactions, popular items more often, no item twice in a history."""
    from kerasrec.data import Catalog, Interactions, Split, Vocabulary

    rng = np.random.default_rng(seed)
    longest = min(2300, items - 10)
    lengths = np.clip(rng.lognormal(4.5, 1.1, users), 20, longest).astype(int)
    popularity = rng.zipf(1.3, items).clip(max=1000)
    catalogs = {
        "users": Catalog(Vocabulary([f"u{i}" for i in range(users)])),
        "items": Catalog(Vocabulary([f"i{i}" for i in range(items)])),
    }
    pairs = []
    for user, length in enumerate(lengths):
        # weighted sampling without replacement: the smallest exponential clocks
        clocks = rng.exponential(size=items) / popularity
        chosen = np.argpartition(clocks, length + 4)[: length + 4]
        pairs.append(np.stack([np.full(length + 4, user), rng.permutation(chosen)]))
    parts = {}
    for name, cut in (("train", slice(0, -4)), ("test", slice(-4, None))):
        user, item = np.concatenate([pair[:, cut] for pair in pairs], axis=1) + 2
        parts[name] = Interactions(user=user, item=item, value=np.ones(len(user)), **catalogs)
    empty = parts["test"].select(slice(0, 0))
    return Split(parts["train"], empty, parts["test"], "random")


def make_model(split, dim):
    """The real model with random weights."""
    from kerasrec_zoo import MatrixFactorization

    model = MatrixFactorization(split.train.schema(), dim=dim, biases=False)
    model.adapt(split.train)
    return model


def bound(queries, catalog, k, batch_size):
    """Scores of all items and the k best of them, nothing masked: the least that must be done."""
    rows = np.empty((len(queries), k), dtype="int64")
    for start in range(0, len(queries), batch_size):
        scores = queries[start : start + batch_size] @ catalog.T
        top = np.argpartition(scores, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
        rows[start : start + batch_size] = np.take_along_axis(top, order, axis=1)
    return rows


def measure(arguments):
    from kerasrec.evaluation import evaluate

    split = make_split(arguments.users, arguments.items)
    model = make_model(split, arguments.dim)
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(arguments.users, arguments.dim)).astype("float32")
    catalog = rng.normal(size=(arguments.items + 2, arguments.dim)).astype("float32")
    k = max(arguments.ks)
    seconds = {"bound": [], "ranking": [], "metrics and intervals": [], "total": []}
    for run in range(arguments.runs + 1):
        started = time.perf_counter()
        bound(queries, catalog, k, arguments.batch_size)
        taken = {"bound": time.perf_counter() - started}
        found = evaluate(
            model, split, ks=arguments.ks, baselines=(), batch_size=arguments.batch_size
        ).seconds
        taken |= {"ranking": found["ranking"], "total": found["total"]}
        taken["metrics and intervals"] = found["total"] - found["ranking"]
        for name in seconds if run else ():  # the first run compiles
            seconds[name].append(taken[name])
    return [
        {
            "part": name,
            "seconds": statistics.median(taken),
            "fastest": min(taken),
            "slowest": max(taken),
            "users_per_second": arguments.users / statistics.median(taken),
            "times_the_bound": statistics.median(
                each / least for each, least in zip(taken, seconds["bound"], strict=True)
            ),
        }
        for name, taken in seconds.items()
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=6040)
    parser.add_argument("--items", type=int, default=3416)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--ks", type=int, nargs="+", default=(5, 10, 20))
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", help="file to write the numbers to")
    arguments = parser.parse_args()
    rows = measure(arguments)

    from rich.console import Console
    from rich.table import Table

    title = f"{arguments.users:,} users x {arguments.items:,} items x {arguments.dim}"
    table = Table(title=f"{title}, {arguments.runs} runs, {os.cpu_count()} cores")
    for column in ("part", "seconds", "spread", "users/s", "x bound"):
        table.add_column(column, justify="left" if column == "part" else "right")
    for row in rows:
        table.add_row(
            row["part"],
            f"{row['seconds']:.3f}",
            f"{row['fastest']:.3f} - {row['slowest']:.3f}",
            f"{row['users_per_second']:,.0f}",
            f"{row['times_the_bound']:.2f}",
        )
    Console().print(table)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"settings": vars(arguments), "cores": os.cpu_count(), "rows": rows}, file)


if __name__ == "__main__":
    main()
