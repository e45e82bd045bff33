"""What behaviour and content are each worth, by how often an item was seen: a table and a picture.

    python -m benchmarks blend --picture docs/blend.png

Beauty, the next item. Left the alpha that a gated Hybrid has learned for its items, right the
Recall@10 of tenths of the test's interactions, from rare to popular items, of a model that knows
behaviour alone, one that knows content alone, and the Hybrid. KERASREC_DATA names the data.
"""

import pathlib
import tempfile

import numpy as np
from matplotlib.figure import Figure

from benchmarks.runner.config_run import CONFIGS
from benchmarks.runner.report import Report, Row, Table

K = 10
HYBRID = "Hybrid, gated"
MODELS = {
    "RNNRecommender, behaviour alone": ("rnn_recommender", ()),
    "ContentBased, content alone": ("content_based", ()),
    HYBRID: ("hybrid", ("model.alpha=gated",)),
}
QUICK = ("data.options={users: 200, items: 100}", "model.dim=8", "train.epochs=1")


def add_arguments(parser):
    parser.add_argument("--data", default="beauty", help="folder below configs/")
    parser.add_argument("--picture", metavar="FILE", help="where to draw it")


def measure(arguments, say):
    from kerasrec import models
    from kerasrec.config import load_config
    from kerasrec.training import run

    data = "synthetic" if arguments.quick else arguments.data
    deciles, alpha = {}, None
    for label, (name, changes) in MODELS.items():
        say(label)
        changes = [*changes, *(QUICK if arguments.quick else ()), "evaluate.baselines=[]"]
        changes += ["split.protocol=next-item", f"train.monitor=ndcg@{K}", f"evaluate.ks=[{K}]"]
        config = load_config(CONFIGS / data / f"{name}.yaml", changes)
        with tempfile.TemporaryDirectory() as folder:
            result, found, *_ = run(
                config, pathlib.Path(folder) / "run", say=lambda line: None, progress=False
            )
            deciles[label] = found.deciles
            if label == HYBRID:
                alpha = _alpha(models.load(result.checkpoint))
    if arguments.picture:
        draw(arguments.picture, alpha, deciles)
    tables = [
        Table(
            f"Items seen {rows[0]['fewest']} to {rows[0]['most']} times", f"recall@{K}",
            tuple(
                Row(label, (row["recall"][f"recall@{K}"],))
                for label, row in zip(deciles, rows, strict=True)
            ),
        )
        for rows in zip(*deciles.values(), strict=True)
    ]  # fmt: skip
    tables.append(
        Table(
            "What the Hybrid gives to behaviour", "alpha",
            tuple(
                Row(f"an item seen {count} times", (float(alpha[1][alpha[0] == count][0]),))
                for count in (0, 1, 3, 10, 30, 100) if (alpha[0] == count).any()
            ),
        )
    )  # fmt: skip
    return Report("Behaviour and content", {"data": data}, tables)


def _alpha(model):
    """Counts that items have, in order, and the alpha of each."""
    counts = np.unique(np.asarray(model.catalog.tables["count"]))
    return counts, np.asarray(model.hybrid_head.mixing(counts))


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
