import dataclasses
import json

from kerasrec.errors import InputError
from kerasrec.evaluation.leakage import leakage_words
from kerasrec.files.replacing import replacing, surviving
from kerasrec.metrics import SAMPLED
from kerasrec.training.verdict import compare_verdict

# Metrics of the table -> 1 if larger is better, -1 if smaller is.
RANKING = {"recall": 1, "ndcg": 1, "coverage": 1}
VALUES = {"rmse": -1, "auc": 1}
# The same of each task of a ranker; those at a cut-off as above.
TASKS = {"auc": 1, "ndcg": 1, "log_loss": -1, "rmse": -1}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Finished runs on the same queries, side by side.

    Attributes:
        rows: One dict a model, those of the configs first, in their order, then their baselines,
            each once: `name`, `model_class`, `run` (folder), `metrics` and `ratings` (dicts such as
            `"ndcg@10"`, of a ranker "click.auc" -> {"mean", "low", "high"}), `fit_seconds`,
            `evaluation_seconds` (spent in the model), `trainable_weights`, `checkpoint_bytes`,
            `epochs`, `best_epoch`.
            Values that a baseline does not have are None.
        quality: Metrics of the table, at the middle cut-off -> 1 if larger is better, else -1.
        failed: Name of a config -> error message.
        stopped: Whether Ctrl-C came before the last config.
        differences: Of rankers, what `ranker_differences` returns; empty of other models.
        about: Facts that all models share: `dataset`, `protocol`, `part`, `n_queries`, `queries`
            (their fingerprint), `n_rows` (of impressions), `notes`, `repeats` ("mask" or "allow";
            None of rankers), `warnings` (of models that were trained on test pairs), `verdict`
            (see `compare_verdict`; None of rankers).
    """

    rows: list
    quality: dict
    failed: dict
    stopped: bool
    about: dict
    differences: list = dataclasses.field(default_factory=list)

    @classmethod
    def of(cls, configs, folders, failed=(), stopped=False):
        """Reads finished run folders.

        Args:
            configs: Dict of a name -> `RunConfig`.
            folders: Dict of a name -> `RunFolder`.
            failed: Dict of a name -> message.
            stopped: As the attribute.

        Raises:
            InputError: for a damaged folder, or runs with different test queries.
        """
        found = {name: folder.read_metrics() for name, folder in folders.items()}
        (base, first), *others = found.items()
        for name, run in others:
            if run["queries"] != first["queries"]:
                raise InputError(
                    f"{folders[name].path} has other test queries than {folders[base].path}: "
                    "only metrics on the same queries can be compared"
                )
        rows = [_model(name, folders[name], run) for name, run in found.items()]
        # A baseline has the history length of its run; the longest is shown, so it comes last.
        by_length = sorted(found, key=lambda name: configs[name].data.history_length)
        baselines = {
            row["model"]: _baseline(row) for name in by_length for row in found[name]["rows"][1:]
        }
        classes = {run["rows"][0]["model"] for run in found.values()}
        rows += [row for name, row in sorted(baselines.items()) if name not in classes]
        quality = {
            metric: sign
            for metric, sign in _qualities(first).items()
            if any(metric_of(row, metric) for row in rows)
        }
        about = ("dataset", "protocol", "part", "n_queries", "n_rows", "queries", "repeats")
        about = {key: first.get(key) for key in about}
        about["notes"] = first["notes"]
        if "tasks" in first:  # a ranker's say what is true of it alone
            notes = [note for run in found.values() for note in run["notes"]]
            about["notes"] = list(dict.fromkeys(notes))
        about["warnings"] = [
            f"{name} was {leakage_words(run['leakage'], run['part'])}"
            for name, run in found.items()
            if run.get("leakage")
        ]
        about["verdict"] = None
        ranked = [name for name in quality if name.removeprefix(SAMPLED).startswith("ndcg@")]
        if ranked:
            means = {row["name"]: metric_of(row, ranked[0]) for row in rows}
            known = {
                name: (run.get("verdict") or {}).get("warnings") for name, run in found.items()
            }
            about["verdict"] = compare_verdict(ranked[0], means, known).to_dict()
        return cls(rows, quality, dict(failed), stopped, about)

    def best(self):
        """Dict of a metric of the table -> the names of the best models, several if they tie."""
        best = {}
        for metric, sign in self.quality.items():
            found = {row["name"]: metric_of(row, metric) for row in self.rows}
            means = {name: sign * value["mean"] for name, value in found.items() if value}
            best[metric] = [name for name, mean in means.items() if mean == max(means.values())]
        return best

    def to_dict(self):
        """Plain values, for JSON."""
        whole = {"rows": self.rows, "best": self.best(), "failed": self.failed}
        return {**self.about, **whole, "differences": self.differences, "stopped": self.stopped}

    def write(self, path):
        """Writes `to_dict()` as JSON."""
        with replacing(path) as partial:
            text = json.dumps(self.to_dict(), indent=2, allow_nan=False)
            partial.write_text(text + "\n", encoding="utf-8")


def _qualities(run):
    """The metrics of the table by name, 1 if larger is better, else -1."""
    k = run["ks"][len(run["ks"]) // 2] if run["ks"] else None
    if "tasks" in run:
        named = {f"{name}@{k}" if name in RANKING else name: sign for name, sign in TASKS.items()}
        return {f"{task}.{name}": sign for task in run["tasks"] for name, sign in named.items()}
    prefix = SAMPLED if run["protocol"] == "sampled" else ""
    return {f"{prefix}{name}@{k}": sign for name, sign in RANKING.items()} | VALUES


def metric_of(row, metric):
    """{"mean", "low", "high"} of a row of a `Comparison`, None where it has no such metric."""
    for holder in (row["metrics"], row["ratings"] or {}):
        if (holder.get(metric) or {}).get("mean") is not None:
            return holder[metric]
    return None


def _model(name, folder, run):
    files = surviving(folder.checkpoint).rglob("*")
    size = sum(path.stat().st_size for path in files if path.is_file())
    ratings = run.get("ratings") and run["ratings"]["rows"][0]["metrics"]
    keys = ("model_class", "fit_seconds", "trainable_weights", "epochs", "best_epoch")
    return {
        "name": name,
        "run": str(folder.path),
        "metrics": run["rows"][0]["metrics"],
        "ratings": ratings,
        "evaluation_seconds": run["rows"][0]["seconds"],
        "checkpoint_bytes": size,
        **{key: run[key] for key in keys},
    }


def _baseline(row):
    unknown = ("fit_seconds", "trainable_weights", "epochs", "best_epoch", "checkpoint_bytes")
    return {
        "name": row["model"],
        "model_class": row["model"],
        "run": None,
        "metrics": row["metrics"],
        "ratings": None,
        "evaluation_seconds": row["seconds"],
        **dict.fromkeys(unknown),
    }
