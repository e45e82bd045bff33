"""What re-ranking costs and gives: accuracy, diversity and coverage of each rule at its strengths.

    python -m benchmarks rerank --picture docs/reranking.png

A MatrixFactorization of MovieLens 1M, next item, is trained, or `--run` names a run of any model
with item vectors. Its lists of 10 are measured as they are and re-ranked from 100 candidates: by
MMR and by a determinantal point process at several weights, over the vectors of the model and over
a category; with caps on the category; and with popularity damping. The tables have NDCG@10, the
diversity of a list (one minus the mean cosine of the features of its items) and the share of the
catalog that is shown. The picture shows NDCG@10 over diversity, a line a rule. KERASREC_DATA names
the data.
"""

import pathlib
import tempfile

from matplotlib.figure import Figure

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import CONFIGS

K, CANDIDATES = 10, 100
METRICS = (f"ndcg@{K}", f"diversity@{K}", f"coverage@{K}")
WEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7)
LIMITS = (5, 3, 2, 1)
DAMPING = (0.05, 0.1, 0.2, 0.4)
PLAIN = "the model"
QUICK = ("data.options={users: 100, items: 120}", "model.dim=8", "train.epochs=1")


def add_arguments(parser):
    parser.add_argument("--run", metavar="RUN", help="run folder of a model with item vectors")
    parser.add_argument("--epochs", type=int, default=20, help="epochs of the training")
    parser.add_argument("--users", type=int, help="users to measure (default: all)")
    parser.add_argument("--picture", metavar="FILE", help="file for the picture")


def lines(category, quick):
    """The rules to measure: label of a line -> [(strength, arguments of `Rules`)]."""
    found = {}
    for method in ("mmr", "dpp"):
        for by in filter(None, ("vectors", category)):
            found[f"{method} by {by}"] = [
                (weight, {"diversity": {"method": method, "weight": weight, "by": by}})
                for weight in WEIGHTS
            ]
    if category is not None:
        found[f"max_per {category}"] = [(limit, {"max_per": {category: limit}}) for limit in LIMITS]
    found["popularity_damping"] = [(weight, {"popularity_damping": weight}) for weight in DAMPING]
    return {label: line[:1] for label, line in found.items()} if quick else found


def measure(arguments, say):
    from kerasrec.evaluation import evaluate
    from kerasrec.models import Reranked

    model, split, data = _trained(arguments, say)

    def measured(one):
        found = evaluate(
            one, split, ks=(K,), baselines=(), bootstrap=0, users=arguments.users, seed=0
        )
        metrics = found.rows[0]["metrics"]
        return tuple(metrics[name]["mean"] for name in METRICS)

    kinds = {feature.name: feature.kind for feature in split.train.items.features}
    categories = (name for name, kind in kinds.items() if kind in ("category", "categories"))
    category = next(categories, None)
    values = {PLAIN: {None: measured(model)}}
    for label, line in lines(category, arguments.quick).items():
        values[label] = {}
        for strength, rules in line:
            values[label][strength] = measured(Reranked(model, rules, CANDIDATES))
            shown = ", ".join(f"{value:.4f}" for value in values[label][strength])
            say(f"{label} {strength}: {shown}")
    if arguments.picture:
        draw(arguments.picture, values)
    settings = {"data": data, "model": type(model).__name__, "candidates": CANDIDATES}
    return Report("Re-ranking", settings, list(tables(values)))


def _trained(arguments, say):
    from kerasrec import models
    from kerasrec.config import load_config
    from kerasrec.training import run
    from kerasrec.training.read_data import read_split
    from kerasrec.training.runs.run_folder import RunFolder

    if arguments.run is not None:
        folder = RunFolder(pathlib.Path(arguments.run))
        config = load_config(folder.config)
        return models.load(folder.checkpoint), read_split(config)[1], config.data.label
    data = "synthetic" if arguments.quick else "ml-1m"
    changes = QUICK if arguments.quick else (f"train.epochs={arguments.epochs}",)
    changes = [*changes, f"train.monitor=ndcg@{K}", f"evaluate.ks=[{K}]", "evaluate.baselines=[]"]
    config = load_config(CONFIGS / data / "matrix_factorization.yaml", changes)
    read = read_split(config)
    with tempfile.TemporaryDirectory() as folder:
        say(f"training MatrixFactorization on {data}")
        result, *_ = run(
            config, pathlib.Path(folder) / "run", say=lambda line: None, progress=False,
            read=lambda config, base: read,
        )  # fmt: skip
        return models.load(result.checkpoint), read[1], data


def tables(values):
    """A table a metric, a row a rule and strength."""
    for place, metric in enumerate(METRICS):
        rows = [
            Row(label if strength is None else f"{label} {strength}", (found[place],))
            for label, line in values.items()
            for strength, found in line.items()
        ]
        yield Table(metric, metric, tuple(rows), PLAIN)


def draw(path, values):
    """NDCG over diversity, a line a rule; its strengths are written beside the points."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    (start,) = values[PLAIN].values()
    for label, line in values.items():
        if label == PLAIN:
            continue
        points = [start, *line.values()]
        axes.plot([p[1] for p in points], [p[0] for p in points], marker="o", ms=3, label=label)
        for strength, point in line.items():
            axes.annotate(f"{strength}", (point[1], point[0]), fontsize=6)
    axes.plot(start[1], start[0], marker="*", ms=12, color="black", label=PLAIN)
    axes.set(xlabel=METRICS[1], ylabel=METRICS[0])
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)
