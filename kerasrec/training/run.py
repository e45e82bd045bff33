"""A config from data to metrics: what `kerasrec fit` does."""

import time

from kerasrec.config.cutoffs import nearest_to_default, with_cutoffs
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.evaluation.baselines import adapted
from kerasrec.files.folder_lock import is_unused
from kerasrec.models import Blend
from kerasrec.models.checkpoints import checkpoint
from kerasrec.models.columns_read import columns_read, describe_columns_read
from kerasrec.training.blends import fit_parts, refit_parts
from kerasrec.training.callbacks.make_callbacks import make_callbacks
from kerasrec.training.callbacks.mlflow_names import with_mlflow_names
from kerasrec.training.callbacks.training_state import seconds_spent
from kerasrec.training.callbacks.validation_users import ValidationUsers
from kerasrec.training.check_training import check_test
from kerasrec.training.evaluate_run import evaluate_run
from kerasrec.training.fit import fit
from kerasrec.training.make_model import make_model
from kerasrec.training.read_data import read_split
from kerasrec.training.run_ranker import run_ranker
from kerasrec.training.run_verdict import run_verdict
from kerasrec.training.runs.all_histories import all_histories
from kerasrec.training.runs.claim_folder import check_unused, claim_existing, claim_new
from kerasrec.training.runs.commit import code_commit
from kerasrec.training.runs.data_fingerprint import check_data, data_fingerprint
from kerasrec.training.runs.find_start import find_start, source_checkpoint, start_catalogs
from kerasrec.training.runs.plot_run import plot_run
from kerasrec.training.runs.run_folder import RESUMABLE, RunFolder
from kerasrec.training.runs.run_metrics import (
    card_facts,
    environment,
    num_trainable,
    run_metrics,
    utc_now,
)
from kerasrec.training.stored_defaults import with_stored_defaults
from kerasrec.training.strategy import strategy_scope


def run(
    config, run_dir=None, resume=False, say=print, progress=True, read=read_split, callbacks=()
):
    """Reads, splits, fits, evaluates and writes a run folder.

    Nothing is written before the data is read and the model is built. The best epoch by the
    validation metric (the last one of a split without validation) is evaluated on the test part,
    if there is one. Then the checkpoint is written, with the histories of all the data, for
    `recommend` to start from, and the plots; `metrics.json` comes last and says that all else is
    there.

    Args:
        config: `RunConfig` of `load_config`.
        run_dir: Folder to write; the default is below `runs/`, see `RunFolder`.
        resume: Continue a run that was stopped; the result is as if it had not been.
        say: Called with lines for people.
        progress: Show progress bars on stderr.
        read: Function of `(config, base)` that returns what `read_split` does.
        callbacks: Keras callbacks, called behind those of `train.callbacks`. They see the
            validation metrics of an epoch in its logs. Their own state is not saved for `resume`.

    Returns:
        `(RunFolder, Evaluation, ratings)`; the last is the `Evaluation` of predicted values, None
        for a model that predicts none. Both are None with `split: {protocol: none}`.

    Raises:
        InputError: for anything wrong in the config or the data, an existing folder, or nothing to
            resume.
        KeyboardInterrupt: after Ctrl-C; the folder then holds the best checkpoint and what
            `resume` needs.
    """
    folder, resume = _folder(config, run_dir, resume)
    try:
        if resume:
            claim_existing(folder.lock)
        if config.data.ranks:
            return run_ranker(config, folder, resume, say, progress, callbacks)
        return _run(config, folder, resume, say, progress, read, callbacks)
    finally:
        folder.lock.release()


def _run(config, folder, resume, say, progress, read, callbacks):
    run_start = time.perf_counter()
    made_with = {"started": utc_now(), "commit": code_commit(), **environment()}
    model_class = find_model_class(config.model.class_, config.model.trust)
    # What is wrong in these is found before the data is read.
    start = find_start(config.init_from, model_class) if config.init_from else None
    source = source_checkpoint(config, start)
    callbacks = [*make_callbacks(config, folder.path), *map(with_mlflow_names, callbacks)]

    data, split = read(config, start_catalogs(start))
    for line in data.report.lines() if data.report else ():
        say(line)
    if resume:
        config = folder.resumed(config)
    config = with_stored_defaults(config, split, say)
    config = with_cutoffs(config, len(data.items) - FIRST, say)
    hashes = data_fingerprint(split, source)
    if resume:
        check_data(folder, hashes)
    holds_out, baselines = config.split.holds_out, []
    if holds_out:
        check_test(split)
        # Before the model, whose seed they must not touch, and before hours that they would cost.
        baselines = adapted(
            config.evaluate.baselines, split, model_class, config.data.history_length
        )

    fit_start, earlier = time.perf_counter(), seconds_spent(folder.state) if resume else 0.0
    with strategy_scope(config.train.strategy):
        model = make_model(config, data, split, start, say)
        if not resume:
            claim_new(folder.lock)
            folder.create(config)
        else:
            folder.write_config(config)
        folder.write_data(hashes)
        say(
            f"{model_class.__name__}, {num_trainable(model):,} trainable weights, run {folder.path}"
        )
        reads = columns_read(model, split.train, config.train.loss)
        for line in describe_columns_read(model, reads):
            say(line)
        validation_users = ValidationUsers(split, config.train, say)
        try:
            if isinstance(model, Blend):
                fit_parts(model, split, config, folder, resume, progress, say)
                if config.train.refit:
                    refit_parts(model, split, say)
            history = fit(
                model,
                split,
                config.train,
                folder,
                config.evaluate.ks,
                resume,
                progress,
                callbacks,
                start=fit_start,
                validation_users=validation_users,
                slots=start.parent / folder.state.name if config.init_optimizer else None,
            )
        except Exception:
            # After Ctrl-C it stays, to be resumed.
            if not resume:
                folder.remove_unstarted()
            raise
    fit_seconds = earlier + time.perf_counter() - fit_start

    evaluation, ratings = None, None
    if holds_out:
        # The notes of the split stand beneath the table of the results.
        evaluation, ratings = evaluate_run(model, split, config, "test", progress, baselines)
    else:
        for note in split.notes:
            say(note)
    metrics = {
        **run_metrics(config, data, split, model, history, evaluation, ratings),
        **made_with,
        "validated_users": validation_users.number if history else None,
        "reads": reads,
        "given": hashes,
        "fit_seconds": fit_seconds,
        "minutes": (earlier + time.perf_counter() - run_start) / 60,
    }
    found = run_verdict(metrics, history, config.train.monitor)
    metrics["verdict"] = found and found.to_dict()
    # Only now, for the test must not know what users did in it.
    model.histories = all_histories(data.histories(), start, say)
    _save(model, folder, card_facts(config, data, split, history, [evaluation, ratings]))
    try:
        deciles = evaluation.deciles if evaluation else []
        plot_run(folder, history, deciles, nearest_to_default(config.evaluate.ks))
    except Exception as error:
        # All else is written, and a picture can be drawn from it.
        say(f"WARNING: the plots could not be drawn: {first_line(error)}")
    # Last, for it says that the run is finished.
    folder.write_metrics(metrics)
    return folder, evaluation, ratings


def _save(model, folder, facts):
    try:
        checkpoint.save(model, folder.checkpoint, overwrite=True, run=facts)
    except InputError as error:
        raise InputError(
            f"{error}; the run is not finished: make room and resume it with --resume --run-dir "
            f"{folder.path}, which trains no epoch twice"
        ) from error


def _folder(config, run_dir, resume):
    """The `RunFolder`, and whether there is a run in it to resume."""
    if run_dir is None:
        return RunFolder.to_resume(config) if resume else RunFolder.fresh(config), resume
    folder = RunFolder(run_dir)
    if resume and folder.path.is_dir() and is_unused(folder.path):
        resume = False  # the run was killed before it wrote anything
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
