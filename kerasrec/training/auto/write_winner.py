"""The run folder of the winner of `kerasrec auto`."""

import json

from matplotlib.figure import Figure

from kerasrec.config.validate import validate
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.export import export
from kerasrec.files.replacing import replacing
from kerasrec.models.checkpoints import checkpoint
from kerasrec.models.columns_read import columns_read
from kerasrec.savedmodel.versions import new_version
from kerasrec.training.auto.run_ladder import BASELINES
from kerasrec.training.make_model import split_arguments
from kerasrec.training.runs.commit import code_commit
from kerasrec.training.runs.data_fingerprint import data_fingerprint
from kerasrec.training.runs.plot_run import plot_run
from kerasrec.training.runs.run_metrics import card_facts, environment, run_metrics
from kerasrec.training.verdict import Measured, verdict


def winner_config(winner, facts, data, split, repeats):
    """The `RunConfig` that repeats the winner.

    Args:
        winner: `Tried`.
        facts: `TableFacts`.
        data: The `data` of a run config as plain values, without the length of histories.
        split: The `split`.
        repeats: "mask" or "allow".

    Raises:
        InputError: where the config would be refused, which is an error of this code.
    """
    plain = {
        "data": {**data, "history_length": facts.history_length},
        "split": split,
        "model": winner.node(),
        "train": winner.rung.train or {"monitor": f"ndcg@{facts.k}", "seed": 0},
        "evaluate": {"ks": facts.cutoffs, "baselines": list(BASELINES), "repeats": repeats},
    }
    config, problems = validate(plain)
    if problems:
        raise InputError("; ".join(f"{'.'.join(keys)}: {text}" for keys, text in problems))
    return config


def measure_winner(winner, ladder, config, users=None):
    """The `Evaluation` of the winner on the test part, with the baselines that were fitted.

    Of so many users, drawn at random; None for all.
    """
    baselines = [one.model for one in ladder.baselines()]
    return evaluate(
        winner.model,
        ladder.split,
        part="test",
        ks=config.evaluate.ks,
        baselines=[one for one in baselines if type(one) is not type(winner.model)],
        repeats=config.evaluate.repeats,
        users=users,
    )


def ladder_verdict(winner, evaluation, metric, ladder):
    """The `Verdict` on the winner; what would gain by more minutes is looked at in all rungs."""
    found = evaluation.to_dict()
    timed = [one for one in ladder.tried if one.ended == "time"]
    # One validation is no curve, but more time would bring the second.
    curves = {one.rung.name: [value for _, value in one.curve] for one in timed}
    curves = {name: curve if len(curve) > 1 else [0.0, *curve] for name, curve in curves.items()}
    return verdict(
        Measured(
            name=winner.rung.name,
            metric=metric,
            test=found["rows"][0]["metrics"][metric],
            users=found["n_queries"],
            above={one["model"]: one["metrics"][metric] for one in found["above"]},
            validation=winner.mean,
            curves=curves,
            unit="minutes",
            # One that was trained had its time.
            untried=() if any(one.rung.train for one in ladder.tried) else tuple(ladder.untrained),
        )
    )


def write_run(folder, config, data, winner, ladder, evaluation, about):
    """Writes all files of a finished run but the export; metrics.json comes last.

    Args:
        folder: `RunFolder`, made, with the config.
        config: Of `winner_config`.
        data: `Interactions`, all parts.
        winner: `Tried`.
        ladder: `Ladder`.
        evaluation: Of the test part.
        about: More keys of metrics.json: the verdict, the sample, minutes.
    """
    split, model, history = ladder.split, winner.model, list(winner.history)
    model.trained_on.splits.append({"data": data.name, **split_arguments(config.split)})
    hashes = data_fingerprint(split)
    folder.write_data(hashes)
    metrics = {
        **run_metrics(config, data, split, model, history, evaluation, None),
        "commit": code_commit(),
        **environment(),
        "validated_users": ladder.users or len(split.query_users("validation")),
        "reads": columns_read(model, split.train, config.train.loss),
        "given": hashes,
        "fit_seconds": sum(one.seconds for one in winner.parts or (winner,)),
        **about,
    }
    model.histories = data.histories()
    facts = card_facts(config, data, split, history, [evaluation])
    checkpoint.save(model, folder.checkpoint, overwrite=True, run=facts)
    write_json(folder.path / "ladder.json", ladder_rows(ladder))
    plot_curves(folder.path / "curves.png", ladder)
    plot_run(folder, history, evaluation.deciles, ladder.facts.k)
    folder.write_metrics(metrics)


def write_export(folder, model, facts):
    """Writes and checks an export below the folder; its path."""
    with new_version(folder.path / "export") as directory:
        export(model, directory, run=facts)
    return directory


def ladder_rows(ladder):
    """Plain values of all rungs, and of those that were left out."""
    return {
        "metric": ladder.metric,
        "rungs": [one.to_dict() for one in ladder.tried],
        "left_out": ladder.left_out,
    }


def write_json(path, value):
    """Writes plain values as JSON, completely or not at all."""
    with replacing(path) as partial:
        partial.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def plot_curves(path, ladder):
    """Draws the metric of each rung against its minutes: a line, or a point without training."""
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for one in ladder.tried:
        points = [(seconds / 60, value) for seconds, value in one.curve]
        points = points or [(one.seconds / 60, one.mean)]
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=one.rung.name)
    axes.set_xlabel("minutes of the model")
    axes.set_ylabel(f"{ladder.metric}, validation")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
