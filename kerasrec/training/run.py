"""A config from data to metrics: what `kerasrec fit` does."""

import contextlib
import math
import os
import time

import keras

import kerasrec
from kerasrec.checkpoint_folder import checkpoint_folder
from kerasrec.config.checks import RATING_METRICS
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.data.splits import PROTOCOLS
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.models import load, load_catalogs, load_content_from
from kerasrec.models.checkpoint import save
from kerasrec.training.build_model import build_model
from kerasrec.training.checks import check_test, check_training
from kerasrec.training.commit import code_commit
from kerasrec.training.evaluation_bar import EvaluationBar
from kerasrec.training.find_start import find_start
from kerasrec.training.fit import fit
from kerasrec.training.plots import plot_run
from kerasrec.training.query_fingerprint import query_fingerprint
from kerasrec.training.ratings import rate
from kerasrec.training.read_data import read_data
from kerasrec.training.run_folder import RunFolder
from kerasrec.training.strategy import strategy_scope


def run(config, run_dir=None, resume=False, say=print, progress=True, read=None):
    """Reads, splits, fits, evaluates and writes a run folder.

    Nothing is written before the data is read and the model is built. The best epoch by the
    validation metric (the last one of a split without validation) is loaded from its checkpoint and
    evaluated on the test part. After that the checkpoint gets the histories of all the data, for
    `recommend` to start from.

    Args:
        config: `RunConfig` of `load_config`.
        run_dir: Folder to write; the default is below `runs/`, see `RunFolder`.
        resume: Go on with a run that was stopped; it ends as if it had not been.
        say: Called with lines for people.
        progress: Show progress bars on stderr.
        read: Takes `(config, base)` and gives what `read_split` gives, which is the default.

    Returns:
        `(RunFolder, Evaluation, ratings)`; the last is the `Evaluation` of predicted values, None
        for a model that predicts none.

    Raises:
        InputError: for anything wrong in the config or the data, an existing folder, or nothing to
            resume.
        KeyboardInterrupt: after Ctrl-C; the folder then holds the best checkpoint and what
            `resume` needs.
    """
    began = time.perf_counter()
    folder = _folder(config, run_dir, resume)
    model_class = find_model_class(config.model.class_, config.model.trust)
    start = find_start(config.init_from, model_class) if config.init_from else None
    if config.content_from:
        checkpoint_folder(config.content_from, "content_from: ")  # before anything is read
    base = load_catalogs(start) if start else None
    data, split = (read or read_split)(config, base)
    for line in (*data.report.lines(), *split.notes) if data.report else split.notes:
        say(line)
    check_ks(config, data)
    check_test(split)
    started = time.perf_counter()
    with strategy_scope(config.train.strategy):
        model = make_model(config, data, split, start, say)
        if not resume:
            folder.create(config)
        else:
            folder.write_config(config)
        say(f"{model_class.__name__}, {_size(model):,} trainable weights, run {folder.path}")
        ks = config.evaluate.ks
        try:
            history = fit(model, split, config.train, folder, ks, resume=resume, progress=progress)
        except Exception:
            # After Ctrl-C it stays, to be resumed.
            if not resume:
                folder.remove_unstarted()
            raise
    fitted = time.perf_counter() - started
    best = load(folder.checkpoint, trust=config.model.trust)
    found, ratings = evaluate_run(best, split, config, "test", progress)
    # Measured, it may know what it was measured by: whoever asks it next has done all of it.
    best.histories = data.histories()
    about = {
        "dataset": data.name,
        "data": data.report.lines() if data.report else [],
        "split": split.protocol,
        "seed": config.train.seed,
        "epochs": len(history),
        "best_epoch": _best_epoch(history, config.train.monitor) if history else None,
        "evaluations": [each.to_dict() for each in (found, ratings) if each],
    }
    save(best, folder.checkpoint, overwrite=True, run=about)
    plot_run(folder, history, found.deciles, min(config.evaluate.ks, key=lambda k: abs(k - 10)))
    folder.write_metrics(
        {
            "dataset": data.name,
            "model_class": config.model.class_,
            "trainable_weights": _size(model),
            "seed": config.train.seed,
            "epochs": len(history),
            "best_epoch": _best_epoch(history, config.train.monitor) if history else None,
            "fit_seconds": fitted,
            "minutes": (time.perf_counter() - began) / 60,
            "cpu_cores": os.cpu_count(),
            "commit": code_commit(),
            "versions": {"kerasrec": kerasrec.__version__, "keras": keras.__version__},
            "data": data.report.to_dict() if data.report else None,
            "queries": query_fingerprint(split, "test"),
            **found.to_dict(),
            "ratings": ratings and ratings.to_dict(),
        }
    )
    return folder, found, ratings


def read_split(config, base=None):
    """The data of a config and its split."""
    data = read_data(config.data, base)
    protocol, arguments = config.split.protocol, config.split.arguments
    try:
        return data, PROTOCOLS[protocol](data, **arguments)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(
            f"split: {protocol} does not take {arguments}: {first_line(error)}"
        ) from error


def make_model(config, data, split, start=None, say=lambda line: None):
    """The adapted model of a config, from its seed; to be called in its strategy's scope.

    Args:
        config: `RunConfig`.
        data, split: As `read_split` gives them.
        start: Checkpoint folder to take the rows from, whose catalogs the data was read with.
        say: Called with lines for people.

    Raises:
        InputError: for an argument that the model refuses, what `check_training` refuses, or a
            `content_from` that has nothing for this model.
    """
    keras.utils.set_random_seed(config.train.seed)
    model_class = find_model_class(config.model.class_, config.model.trust)
    schema = data.schema(config.data.history_length)
    model = build_model(model_class, schema, config.model.arguments)
    check_training(model, split, config.train)
    model.adapt(split.train)
    model.repeats = config.evaluate.repeats
    if start:
        model.load_rows_from(start, trust=config.model.trust)
    if config.content_from:
        folder = checkpoint_folder(config.content_from, "content_from: ")
        trust = config.model.trust
        known = load_content_from(model, folder, config.freeze_content, trust)
        for name, share in known.items():
            say(f"content_from knows {share:.0%} of the words of {name}.")
    return model


def check_ks(config, data):
    """Raises an `InputError` for a cut-off above the number of items."""
    items = len(data.items.vocabulary) - FIRST
    if max(config.evaluate.ks) > items:
        raise InputError(
            f"evaluate.ks asks for {max(config.evaluate.ks)} items and the data has {items}: "
            "lower evaluate.ks"
        )


def evaluate_run(model, split, config, part, progress=True):
    """The `Evaluation` of a model on a part, with the config's baselines fitted beside it.

    And the one of its predicted values, None where it predicts none; see `rate`.
    """
    with EvaluationBar(part) if progress else contextlib.nullcontext() as bar:
        found = evaluate(
            model,
            split,
            part=part,
            ks=config.evaluate.ks,
            baselines=config.evaluate.baselines,
            repeats=config.evaluate.repeats,
            progress=bar,
        )
    return found, rate(model, split, part, config.train.loss)


def _folder(config, run_dir, resume):
    if run_dir is None:
        return RunFolder.to_resume(config) if resume else RunFolder.fresh(config)
    folder = RunFolder(run_dir)
    if not resume and folder.path.exists():
        raise InputError(
            f"{folder.path} exists already: choose another folder, or go on in it with --resume"
        )
    if resume:
        if not folder.config.exists():
            raise InputError(f"{folder.path} is not a run folder: it has no config.yaml")
        different = folder.differences(config)
        if different:
            raise InputError(
                f"{folder.config} differs from this config in {', '.join(different)}: a resumed "
                "run must end as the stopped one would have (only epochs and patience may change)"
            )
    return folder


def _best_epoch(history, monitor):
    """From 1; the last one where nothing was validated."""
    if f"val_{monitor}" not in history[-1]:
        return len(history)
    choose = min if monitor in RATING_METRICS else max
    monitored = [logs[f"val_{monitor}"] for logs in history]
    return 1 + monitored.index(choose(monitored))


def _size(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
