"""The value of behaviour and of content by the popularity of an item: a table and a picture.

    python -m benchmarks blend --picture docs/blend.png

Beauty, next item: a model of behaviour only, a model of content only, and the Hybrid in its two
forms. The picture shows on the left the learned alpha of the gated Hybrid by item count, and on the
right the Recall@10 for tenths of the test interactions, from rare to popular items. The table also
has the gain of the Hybrid over behaviour only, paired by user, on all items and on those with fewer
than 10 interactions in training. KERASREC_DATA names the data.
"""

import pathlib
import tempfile

import numpy as np
from matplotlib.figure import Figure

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import CONFIGS

K = 10
RARE = 10
BEHAVIOUR, GATED, ONE_VECTOR = (
    "RNNRecommender, behaviour only",
    "Hybrid, gated",
    "Hybrid, one vector",
)
MODELS = {
    BEHAVIOUR: ("rnn_recommender", ()),
    "ContentBased, content only": ("content_based", ()),
    GATED: ("hybrid", ("model.alpha=gated", "model.id_dropout=0.2")),
    ONE_VECTOR: ("hybrid", ("model.alpha=null", "model.encoder=code")),
}
QUICK = ("data.options={users: 200, items: 100}", "model.dim=8", "train.epochs=1")


def add_arguments(parser):
    parser.add_argument("--picture", metavar="FILE", help="file for the picture")


def gains(model, split):
    """NDCG@10 of each query with one true item, and the training count of that item."""
    from kerasrec.evaluation.inputs import query_inputs
    from kerasrec.metrics import ndcg

    queries = split.queries("test")
    inputs = query_inputs(model, queries, np.arange(len(queries)))
    rows, _ = model.top_k(inputs, K, exclude=queries.history.padded())
    truth = queries.truth.padded(1)
    found = ndcg(rows == truth, np.ones(len(rows)), K)
    return found, split.train.item_counts()[truth[:, 0]]


def measure(arguments, say):
    from kerasrec import models
    from kerasrec.config import load_config
    from kerasrec.training import run
    from kerasrec.training.read_data import read_split

    data = "synthetic" if arguments.quick else "beauty"
    same = [*(QUICK if arguments.quick else ()), "split={protocol: next-item}"]
    same += [f"train.monitor=ndcg@{K}", f"evaluate.ks=[{K}]", "evaluate.baselines=[]"]
    configs = {
        label: load_config(CONFIGS / data / f"{name}.yaml", [*changes, *same])
        for label, (name, changes) in MODELS.items()
    }
    read = read_split(configs[BEHAVIOUR])
    deciles, gained, alpha = {}, {}, None
    for label, config in configs.items():
        with tempfile.TemporaryDirectory() as folder:
            result, found, _ = run(
                config, pathlib.Path(folder) / "run", say=lambda line: None, progress=False,
                read=lambda config, base: read,
            )  # fmt: skip
            model = models.load(result.checkpoint)
        deciles[label], (gained[label], counts) = found.deciles, gains(model, read[1])
        say(f"{label}: NDCG@{K} {gained[label].mean():.4f}")
        if label == GATED:
            alpha = _alpha(model)
    if arguments.picture:
        draw(arguments.picture, alpha, deciles)
    return Report(
        "Behaviour and content", {"data": data}, list(_tables(deciles, gained, counts, alpha))
    )


def _alpha(model):
    """The distinct item counts in ascending order, and the alpha of each."""
    counts = np.unique(np.asarray(model.catalog.tables["count"]))
    return counts, np.asarray(model.hybrid_head.mixing(counts))


def _tables(deciles, gained, counts, alpha):
    for title, chosen in (
        ("All items", counts >= 0),
        (f"Items seen under {RARE} times", counts < RARE),
    ):
        rows = (
            Row(
                label,
                (float(own[chosen].mean()),),
                mean_difference((own - gained[BEHAVIOUR])[chosen]),
            )
            for label, own in gained.items()
        )
        yield Table(f"{title}: {chosen.sum():,} users", f"ndcg@{K}", tuple(rows), BEHAVIOUR)
    for rows in zip(*deciles.values(), strict=True):
        title = f"Items seen {rows[0]['fewest']} to {rows[0]['most']} times"
        found = [row["recall"][f"recall@{K}"] for row in rows]
        each = (Row(label, (recall,)) for label, recall in zip(deciles, found, strict=True))
        yield Table(title, f"recall@{K}", tuple(each))
    item_counts, shares = alpha
    some = [int(np.searchsorted(item_counts, count)) for count in (0, 1, 3, 10, 30, 100)]
    rows = (
        Row(f"an item seen {item_counts[place]:.0f} times", (float(shares[place]),))
        for place in dict.fromkeys(some)
        if place < len(item_counts)
    )
    yield Table(f"Alpha of {GATED}", "alpha", tuple(rows))


def mean_difference(differences):
    """Mean of paired differences, with its 95 % interval."""
    if not differences.any():
        return ""
    error = 1.96 * differences.std() / np.sqrt(len(differences))
    mean = differences.mean()
    return f"{mean:+.4f} [{mean - error:+.4f}, {mean + error:+.4f}]"


def draw(path, alpha, deciles):
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(*alpha, marker="o", markersize=3)
    left.set(xscale="symlog", xlabel="interactions of the item in training", ylabel="alpha")
    left.set(ylim=(0, 1), xlim=(0, None), title="learned: the share of behaviour")
    for label, rows in deciles.items():
        recall = [row["recall"][f"recall@{K}"] for row in rows]
        right.plot([row["decile"] for row in rows], recall, marker="o", markersize=3, label=label)
    right.set(xlabel="tenth of the test's interactions, rare to popular", ylabel=f"Recall@{K}")
    right.legend(fontsize="small")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
