"""Our numbers beside the published ones, each by one config of `configs/`.

    python -m benchmarks accuracy --table ncf

KERASREC_DATA names the folder of the data. Settings were chosen on validation data (the command is
at the head of each config); the test part is measured here, once for each seed or fold. Published
numbers are read, not measured: the source is named in the last column.
"""

import dataclasses
import statistics
import time

from benchmarks.runner.config_run import CONFIGS, measured
from benchmarks.runner.report import Bar, Report, Row, Table

FERRARI = "Ferrari Dacrema et al. 2019, full results"
BARS_BOARD = "BARS, gowalla_m1"
SURPRISE = "Surprise, README"


@dataclasses.dataclass(frozen=True)
class Line:
    """One model of a table.

    Args:
        label: In the table.
        config: Below `configs/`, without ".yaml".
        published: The number to compare with, None where there is none.
        source: Of that number.
        passes: What the model must reach.
        changes: Of the config.
    """

    label: str
    config: str
    published: float | None
    source: str
    passes: float
    changes: tuple = ()


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A table: its metric, its lines, and the splits over which a number is the mean."""

    title: str
    metric: str
    lines: tuple
    splits: tuple = ((),)
    smaller_is_better: bool = False


NCF = "ml-1m-ncf"
FOLDS = tuple((f"split.fold={fold}",) for fold in range(1, 6))
TABLES = {
    "ncf": Protocol(
        "ML-1M, NCF protocol: 1 positive among 99 negatives",
        "sampled_ndcg@10",
        (
            Line("UserKNN", f"{NCF}/user_knn", 0.3908, FERRARI, 0.39),
            Line("ItemKNN", f"{NCF}/item_knn", 0.3900, FERRARI, 0.39),
            Line("SVD", f"{NCF}/svd", 0.4294, FERRARI, 0.4294),
            Line("EASE", f"{NCF}/ease", None, "", 0.445),
            Line("ImplicitALS", f"{NCF}/implicit_als", 0.4521, "irspack, 1-vs-100 example", 0.44),
            Line("MatrixFactorization", f"{NCF}/matrix_factorization", None, "", 0.44),
            Line("NeuMF", f"{NCF}/neumf", 0.4011, FERRARI, 0.40),
            Line("ConvNCF", f"{NCF}/conv_ncf", None, "", 0.40),
            Line("MultVAE", f"{NCF}/mult_vae", None, "", 0.445),
        ),
    ),
    "gowalla": Protocol(
        "Gowalla, the LightGCN split, whole catalogue",
        "recall@20",
        (
            Line("MatrixFactorization", "gowalla/matrix_factorization", 0.1627, BARS_BOARD, 0.165),
            Line("TwoTower", "gowalla/two_tower", 0.1754, f"{BARS_BOARD}, YoutubeDNN", 0.165),
            Line("EASE", "gowalla/ease", 0.1765, BARS_BOARD, 0.176),
            Line("MultVAE", "gowalla/mult_vae", 0.1641, BARS_BOARD, 0.164),
            Line("LightGCN", "gowalla/light_gcn", 0.1820, BARS_BOARD, 0.176),
        ),
    ),
    "ratings": Protocol(
        "MovieLens 100K, five published folds",
        "rmse",
        (
            Line("DampedMean", "ml-100k/damped_mean", 0.944, SURPRISE, 0.944),
            Line("BayesianMF", "ml-100k/bayesian_mf", None, "", 0.905),
            Line("NMF", "ml-100k/nmf", 0.963, SURPRISE, 0.973),
            Line("UserKNN", "ml-100k/user_knn", 0.931, f"{SURPRISE}, kNN-Baseline", 0.936),
            Line("ItemKNN", "ml-100k/item_knn", None, "", 0.936),
            Line("MatrixFactorization", "ml-100k/matrix_factorization", 0.934, f"{SURPRISE}, SVD",
                 0.934),
        ),
        FOLDS,
        smaller_is_better=True,
    ),
}  # fmt: skip


def add_arguments(parser):
    parser.add_argument("--table", choices=TABLES, default="ncf")
    parser.add_argument("--models", nargs="+", metavar="NAME", help="only these lines")
    parser.add_argument("--seeds", type=int, default=1)


def measure(arguments, say):
    protocol, found, bars, notes = TABLES[arguments.table], [], [], []
    for line in protocol.lines:
        if arguments.models and line.label not in arguments.models:
            continue
        if not (CONFIGS / f"{line.config}.yaml").exists():
            notes.append(f"{line.label}: there is no configs/{line.config}.yaml yet.")
            continue
        values, began = [], time.perf_counter()
        for seed in range(arguments.seeds):
            parts = []
            for split in protocol.splits:
                say(f"{line.label}, seed {seed} {' '.join(split)}")
                changes = [*line.changes, *split, f"train.seed={seed}"]
                parts.append(_number(measured(line.config, changes), protocol.metric))
            values.append(statistics.mean(parts))
        minutes = (time.perf_counter() - began) / 60
        beside = "" if line.published is None else f"published {line.published:.4f} ({line.source})"
        note = f"{minutes:.1f} min; {beside}" if beside else f"{minutes:.1f} min"
        found.append(Row(line.label, tuple(values), note, line.published))
        mean = statistics.mean(values)
        bars.append(Bar(line.label, mean, line.passes, at_least=not protocol.smaller_is_better))
    table = Table(protocol.title, protocol.metric, tuple(found), "the published number")
    settings = {"table": arguments.table, "seeds": arguments.seeds}
    return Report(f"Accuracy: {protocol.title}", settings, [table], bars, notes)


def _number(metrics, name):
    where = metrics["ratings"] if name == "rmse" else metrics
    return where["rows"][0]["metrics"][name]["mean"]
