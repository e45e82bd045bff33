"""Full-ranking evaluation in seconds, compared with one matrix product and argpartition.

Data and weights are random in the shape of MovieLens-1M: histories of 20 to 2,300 items, mean 165,
four true items per user. Every round measures all parts one after the other, so that a ratio is
not affected by slow moments of the machine.
"""

import statistics
import time

import numpy as np

from benchmarks.runner.report import Report, Row, Table

BOUND = "NumPy product and argpartition (the bound)"


def add_arguments(parser):
    parser.add_argument("--users", type=int, default=6040)
    parser.add_argument("--items", type=int, default=3416)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--ks", type=int, nargs="+", default=(5, 10, 20))
    parser.add_argument("--batch-size", type=int, default=1024)


def make_split(users, items, seed=0):
    """A Split of random interactions, popular items more often, no duplicates in a history."""
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
        # Weighted sampling without replacement: items with the smallest exponential times.
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
    """A MatrixFactorization with random weights."""
    from kerasrec_zoo import MatrixFactorization

    model = MatrixFactorization(split.train.schema(), dim=dim, biases=False)
    model.adapt(split.train)
    return model


def bound(queries, catalog, k, batch_size):
    """Scores of all items and the k best, without masking: a lower bound on the work."""
    rows = np.empty((len(queries), k), dtype="int64")
    for start in range(0, len(queries), batch_size):
        scores = queries[start : start + batch_size] @ catalog.T
        top = np.argpartition(scores, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
        rows[start : start + batch_size] = np.take_along_axis(top, order, axis=1)
    return rows


def measure(arguments, say):
    from kerasrec.evaluation import evaluate

    if arguments.quick:
        arguments.users, arguments.items, arguments.dim = 100, 300, 8
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    split = make_split(arguments.users, arguments.items)
    model = make_model(split, arguments.dim)
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(arguments.users, arguments.dim)).astype("float32")
    catalog = rng.normal(size=(arguments.items + 2, arguments.dim)).astype("float32")
    seconds = {
        BOUND: [],
        "ranking without seen items": [],
        "metrics and intervals": [],
        "total": [],
    }
    for turn in range(arguments.rounds + 1):
        say(f"round {turn} of {arguments.rounds}" if turn else "the first round compiles")
        started = time.perf_counter()
        bound(queries, catalog, max(arguments.ks), arguments.batch_size)
        taken = time.perf_counter() - started
        found = evaluate(
            model, split, ks=arguments.ks, baselines=(), batch_size=arguments.batch_size
        ).seconds
        parts = found["ranking"], found["total"] - found["ranking"], found["total"]
        for spent, value in zip(seconds.values(), (taken, *parts), strict=True):
            if turn:
                spent.append(value)
    rows = tuple(
        Row(name, tuple(spent), f"{arguments.users / statistics.median(spent):,.0f} users/s")
        for name, spent in seconds.items()
    )
    title = f"{arguments.users:,} users x {arguments.items:,} items x {arguments.dim}"
    settings = {name: getattr(arguments, name) for name in ("ks", "batch_size", "rounds")}
    return Report("Full-ranking evaluation", settings, [Table(title, "seconds", rows, BOUND)])
