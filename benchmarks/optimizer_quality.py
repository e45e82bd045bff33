"""Quality of the row-sparse optimizers compared with Adam on real data: mean and sd over seeds.

Every run is one of `kerasrec fit` with the config's optimizer and seed changed: the best epoch on
the validation part, measured once on the test part. KERASREC_DATA names the data.
"""

import statistics

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import CONFIGS, run_config

DEFAULTS = ("ml-1m/matrix_factorization", "gowalla/matrix_factorization")
# For nine runs in reasonable time: a sixth of the config's time, and gradients for every row.
SMALLER = {
    "gowalla/matrix_factorization": (
        "split.validation=0.1",
        "model={class: MatrixFactorization, dim: 64, candidates: in_batch}",
        "train.optimizer.learning_rate=0.003",
        "train.decay=none",
        "train.epochs=10",
        "train.patience=2",
    )
}
METRICS = ("ndcg@10", "recall@20")
# Factors of the config's learning rate; Adagrad's steps shrink, so it starts with larger ones.
OPTIMIZERS = {"Adam": 1.0, "LazyAdam": 1.0, "RowwiseAdagrad": 15.0}


def add_arguments(parser):
    parser.add_argument("--configs", nargs="+", default=DEFAULTS, help="below configs/")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--optimizers", nargs="+", default=tuple(OPTIMIZERS), choices=OPTIMIZERS)


def measure(arguments, say):
    seeds = range(1 if arguments.quick else arguments.seeds)
    configs = ["synthetic/matrix_factorization"] if arguments.quick else arguments.configs
    tables = []
    for name in configs:
        found = {}
        for seed in seeds:
            for optimizer in arguments.optimizers:
                say(f"{name}, {optimizer}, seed {seed}")
                found.setdefault(optimizer, []).append(_run(name, optimizer, seed))
        for metric in METRICS:
            rows = []
            for optimizer, results in found.items():
                values = tuple(result[metric] for result in results)
                sd = f"sd {statistics.stdev(values):.4f}" if len(values) > 1 else ""
                mean = f"mean {statistics.mean(values):.4f}"
                epochs = ", ".join(str(result["best_epoch"]) for result in results)
                rows.append(Row(optimizer, values, f"{mean} {sd}, best epochs {epochs}"))
            tables.append(Table(f"{name}: test {metric}", metric, tuple(rows), "Adam"))
    settings = {"seeds": len(seeds), "configs": list(configs)}
    return Report("Row-sparse optimizers compared with Adam", settings, tables)


def _run(name, optimizer, seed):
    from kerasrec.config import load_config

    smaller = SMALLER.get(name, ())
    config = load_config(CONFIGS / f"{name}.yaml", smaller)
    rate = config.train.optimizer.arguments["learning_rate"] * OPTIMIZERS[optimizer]
    changes = [
        *smaller,
        f"train.seed={seed}",
        f"train.optimizer={{class: {optimizer}, learning_rate: {rate}}}",
        "evaluate.ks=[10, 20]",
    ]
    metrics = run_config(name, changes)
    model = metrics["rows"][0]["metrics"]
    return {
        "best_epoch": metrics["best_epoch"],
        **{metric: model[metric]["mean"] for metric in METRICS},
    }
