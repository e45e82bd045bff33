"""A config from data to metrics: what `kerasrec fit` does."""

import contextlib
import math
import os
import time

import keras

import kerasrec
from kerasrec.config.cutoffs import RATING_METRICS, nearest_to_default, with_cutoffs
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.data.splits import PROTOCOLS
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.evaluation.baselines import adapted
from kerasrec.evaluation.predicted_values import rate
from kerasrec.files.folder_lock import is_unused
from kerasrec.models import load
from kerasrec.models.checkpoints import checkpoint
from kerasrec.models.columns_read import columns_read, describe_columns_read
from kerasrec.training.callbacks.training_state import seconds_spent
from kerasrec.training.check_training import check_test
from kerasrec.training.fit import fit
from kerasrec.training.make_model import make_model
from kerasrec.training.read_data import read_data
from kerasrec.training.runs.all_histories import all_histories
from kerasrec.training.runs.commit import code_commit
from kerasrec.training.runs.data_fingerprint import check_data, data_fingerprint
from kerasrec.training.runs.evaluation_bar import EvaluationBar
from kerasrec.training.runs.find_start import find_start, start_catalogs, start_checkpoint
from kerasrec.training.runs.held_folder import begin, check_unused, go_on
from kerasrec.training.runs.plot_run import plot_run
from kerasrec.training.runs.query_fingerprint import query_fingerprint
from kerasrec.training.runs.run_folder import RESUMABLE, RunFolder
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
    folder, resume = _folder(config, run_dir, resume)
    try:
        if resume:
            go_on(folder.lock)
        return _run(config, folder, resume, say, progress, read or read_split)
    finally:
        folder.lock.release()


def _run(config, folder, resume, say, progress, read):
    began = time.perf_counter()
    model_class = find_model_class(config.model.class_, config.model.trust)
    start = find_start(config.init_from, model_class) if config.init_from else None
    begun = start_checkpoint(config, start)  # before anything is read
    data, split = read(config, start_catalogs(start))
    # What the split has to say stands beneath the results.
    for line in data.report.lines() if data.report else ():
        say(line)
    if resume:
        config = folder.resumed(config)
    config = with_cutoffs(config, len(data.items) - FIRST, say)
    check_test(split)
    given = check_data(folder, split, begun) if resume else data_fingerprint(split, begun)
    # Before the model, whose seed they must not touch, and before hours that they would cost.
    baselines = adapted(config.evaluate.baselines, split, model_class, config.data.history_length)
    started, spent = time.perf_counter(), seconds_spent(folder.state) if resume else 0.0
    with strategy_scope(config.train.strategy):
        model = make_model(config, data, split, start, say)
        if not resume:
            begin(folder.lock)
            folder.create(config)
        else:
            folder.write_config(config)
        folder.write_data(given)
        say(f"{model_class.__name__}, {_size(model):,} trainable weights, run {folder.path}")
        reads = columns_read(model, split.train, config.train.loss)
        for line in describe_columns_read(model, reads):
            say(line)
        ks = config.evaluate.ks
        try:
            history = fit(model, split, config.train, folder, ks, resume, progress, began=started)
        except Exception:
            # After Ctrl-C it stays, to be resumed.
            if not resume:
                folder.remove_unstarted()
            raise
    fitted = spent + time.perf_counter() - started
    best = load(folder.checkpoint, trust=config.model.trust)
    found, ratings = evaluate_run(best, split, config, "test", progress, baselines)
    metrics = {
        "dataset": data.name,
        "model_class": config.model.class_,
        "trainable_weights": _size(model),
        "reads": reads,
        "seed": config.train.seed,
        "epochs": len(history),
        "best_epoch": _best_epoch(history, config.train.monitor) if history else None,
        "fit_seconds": fitted,
        "minutes": (spent + time.perf_counter() - began) / 60,
        "cpu_cores": os.cpu_count(),
        "commit": code_commit(),
        "versions": {"kerasrec": kerasrec.__version__, "keras": keras.__version__},
        "data": data.report.to_dict() if data.report else None,
        "queries": query_fingerprint(split, "test"),
        "given": given,
        **found.to_dict(),
        "leakage": _leakage(found, config),
        "ratings": ratings and ratings.to_dict(),
    }
    # Measured, it may know what it was measured by: whoever asks it next has done all of it.
    best.histories = all_histories(data, start, say)
    about = {
        "dataset": data.name,
        "data": data.report.lines() if data.report else [],
        "split": split.protocol,
        "seed": config.train.seed,
        "epochs": len(history),
        "best_epoch": _best_epoch(history, config.train.monitor) if history else None,
        "evaluations": [each.to_dict() for each in (found, ratings) if each],
    }
    try:
        checkpoint.save(best, folder.checkpoint, overwrite=True, run=about)
    except InputError as error:
        folder.write_metrics(metrics)
        raise InputError(
            f"{error}; {folder.metrics} is written, and the checkpoint knows what users did up to "
            f"the test: for the rest go on with --resume --run-dir {folder.path}"
        ) from error
    try:
        plot_run(folder, history, found.deciles, nearest_to_default(config.evaluate.ks))
    except Exception as error:
        # All else is written, and a picture can be drawn from it.
        say(f"WARNING: the plots could not be drawn: {first_line(error)}")
    # Last, for it says that the run is finished.
    folder.write_metrics(metrics)
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


def evaluate_run(model, split, config, part, progress=True, baselines=None):
    """The `Evaluation` of a model on a part, with the config's baselines beside it.

    And the one of its predicted values, None where it predicts none; see `rate`. The baselines are
    adapted here if they are not given.
    """
    with EvaluationBar(part) if progress else contextlib.nullcontext() as bar:
        found = evaluate(
            model,
            split,
            part=part,
            ks=config.evaluate.ks,
            baselines=config.evaluate.baselines if baselines is None else baselines,
            repeats=config.evaluate.repeats,
            progress=bar,
        )
    return found, rate(model, split, part, config.train.loss)


def _folder(config, run_dir, resume):
    """The `RunFolder`, and whether there is something in it to go on with."""
    if run_dir is None:
        return RunFolder.to_resume(config) if resume else RunFolder.fresh(config), resume
    folder = RunFolder(run_dir)
    if resume and folder.path.is_dir() and is_unused(folder.path):
        resume = False  # it was killed before there was anything
    if not resume:
        check_unused(folder.path)
    else:
        if not folder.config.exists():
            raise InputError(f"{folder.path} is not a run folder: it has no config.yaml")
        different = folder.resume_conflicts(config)
        if different:
            raise InputError(
                f"{folder.config} differs from this config in {', '.join(different)}: a resumed "
                f"run must end as the stopped one would have (only {', '.join(RESUMABLE)} may "
                "change)"
            )
    return folder, resume


def _best_epoch(history, monitor):
    """From 1; the last one where nothing was validated."""
    if f"val_{monitor}" not in history[-1]:
        return len(history)
    choose = min if monitor in RATING_METRICS else max
    monitored = [logs[f"val_{monitor}"] for logs in history]
    return 1 + monitored.index(choose(monitored))


def _leakage(found, config):
    """What was known of the test part, and from where."""
    return found.leakage and {
        **found.leakage,
        "from": config.init_from or config.content_from,
    }


def _size(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
