"""The gain of a text encoder transferred between catalogues, by the amount of target data.

    python -m benchmarks transfer

A Hybrid is trained on the plots of MovieLens 1M. Another Hybrid, on the keywords of Beauty and a
share of its users, starts from scratch, from that encoder, or from that encoder frozen. All users
of Beauty are tested on their last item. KERASREC_DATA names the data.
"""

import pathlib
import tempfile

import numpy as np

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import CONFIGS

FROM, TO = "ml-1m/hybrid", "beauty/hybrid"
SHARES = (0.01, 0.1, 1.0)
K, EPOCHS = 10, 12
MODEL = (
    "model={class: Hybrid, dim: 64, encoder: conv1d, cell: gru, alpha: gated, id_dropout: 0.2, "
    "candidates: sampled}",
    "data.history_length=50", "train.batch_size=64", "train.decay=none",
    "train.optimizer={class: auto, learning_rate: 0.002}", "train.patience=3",
)  # fmt: skip
QUICK = ("data.name=synthetic", "data.options={users: 200, items: 100}")


def add_arguments(parser):
    """This benchmark has no options of its own."""


def some_users(split, share, seed=0):
    """The split with train interactions of a share of the users; the test users are unchanged."""
    import dataclasses

    users = np.unique(split.train.user)
    drawn = np.random.default_rng(seed).permutation(users)[: max(1, round(share * len(users)))]
    return dataclasses.replace(split, train=split.train.select(np.isin(split.train.user, drawn)))


def measure(arguments, say):
    from kerasrec.config import load_config
    from kerasrec.training import run
    from kerasrec.training.read_data import read_split

    changes = [*MODEL, f"train.epochs={1 if arguments.quick else EPOCHS}"]
    changes += [f"train.monitor=ndcg@{K}", f"evaluate.ks=[{K}]", "evaluate.baselines=[]"]
    changes += QUICK if arguments.quick else ()
    tables, lines = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        say(FROM)
        source, *_ = run(
            load_config(CONFIGS / f"{FROM}.yaml", changes), folder / "source", progress=False,
            say=lambda line: None,
        )  # fmt: skip
        given = f"content_from={source.checkpoint}"
        starts = {
            "from scratch": (),
            "from MovieLens's plots": (given,),
            "from MovieLens's plots, frozen": (given, "freeze_content=true"),
        }
        for share in SHARES:
            rows = []

            def read(config, base, share=share):
                data, split = read_split(config, base)
                return data, some_users(split, share)

            for name, start in starts.items():
                say(f"{TO}, {share:.0%} of the users, {name}")
                found = run(
                    load_config(CONFIGS / f"{TO}.yaml", [*changes, *start]),
                    folder / f"{len(rows)} of {share}", say=lines.append, progress=False, read=read,
                )[1]  # fmt: skip
                ndcg = found.rows[0]["metrics"][f"ndcg@{K}"]
                cold = next(g for g in found.groups if (g["by"], g["group"]) == ("item", "cold"))
                rows.append(Row(name, (ndcg["mean"],), _note(ndcg, cold)))
            title = f"{share:.0%} of Beauty's users"
            tables.append(Table(title, f"NDCG@{K}", tuple(rows), "from scratch"))
    notes = sorted({line for line in lines if line.startswith("content_from")})
    return Report("From one catalogue to another", {"epochs": EPOCHS}, tables, notes=notes)


def _note(ndcg, cold):
    interval = f"[{ndcg['low']:.4f}, {ndcg['high']:.4f}]"
    if not cold["n"]:
        return interval
    recall = cold["metrics"][f"recall@{K}"]["mean"]
    return f"{interval}; cold items ({cold['n']}): Recall@{K} {recall:.4f}"
