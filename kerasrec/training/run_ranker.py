"""A ranker's config from data to metrics: what `kerasrec fit` does where it reads impressions."""

import dataclasses
import time

import keras

from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import evaluate_ranker, plot_reliability
from kerasrec.files.checkpoint_folder import checkpoint_folder
from kerasrec.models import Ranker, TwoStage
from kerasrec.models.checkpoints import checkpoint
from kerasrec.training.build_model import build_model
from kerasrec.training.callbacks.make_callbacks import make_callbacks
from kerasrec.training.callbacks.mlflow_names import with_mlflow_names
from kerasrec.training.callbacks.training_state import seconds_spent
from kerasrec.training.fit_ranker import fit_ranker
from kerasrec.training.ranker_baselines import ranker_baselines
from kerasrec.training.read_impression_split import read_impression_split
from kerasrec.training.retriever_notes import retriever_notes
from kerasrec.training.runs.claim_folder import claim_new
from kerasrec.training.runs.commit import code_commit
from kerasrec.training.runs.data_fingerprint import check_data, impressions_fingerprint
from kerasrec.training.runs.plot_run import plot_run
from kerasrec.training.runs.run_metrics import best_epoch, environment, num_trainable, utc_now
from kerasrec.training.strategy import strategy_scope


def run_ranker(config, folder, resume, say, progress, callbacks=()):
    """Reads, splits, fits, evaluates and writes a run folder; the arguments are those of `run`.

    Returns:
        `(RunFolder, RankerEvaluation, None)`; the evaluation is None with `split: none`.

    Raises:
        InputError: as for `run`, and for a model that is no ranker.
    """
    run_start = time.perf_counter()
    made_with = {"started": utc_now(), "commit": code_commit(), **environment()}
    model_class = find_model_class(config.model.class_, config.model.trust)
    _check(config, model_class)
    callbacks = [*make_callbacks(config, folder.path), *map(with_mlflow_names, callbacks)]
    retriever = None
    if issubclass(model_class, TwoStage):
        source = checkpoint_folder(config.model.arguments["retriever"], "model.retriever: ")
        retriever = checkpoint.load(source, trust=config.model.trust)
    data, split = read_impression_split(config, retriever)
    for line in data.report.lines() if data.report else ():
        say(line)
    if resume:
        config = folder.resumed(config)
    hashes = impressions_fingerprint(split)
    if resume:
        check_data(folder, hashes)
    holds_out = config.split.holds_out
    baselines = ranker_baselines(config.evaluate.baselines, split, say) if holds_out else []

    fit_start, earlier = time.perf_counter(), seconds_spent(folder.state) if resume else 0.0
    with strategy_scope(config.train.strategy):
        keras.utils.set_random_seed(config.train.seed)
        schema = data.schema(config.data.history_length)
        ranker_class, arguments = _ranker(config, model_class)
        model = build_model(ranker_class, schema, arguments)
        model.adapt(split.train)
        model.repeats = config.evaluate.repeats
        if not resume:
            claim_new(folder.lock)
            folder.create(config)
        else:
            folder.write_config(config)
        folder.write_data(hashes)
        say(
            f"{model_class.__name__}, {num_trainable(model):,} trainable weights, run {folder.path}"
        )
        try:
            history = fit_ranker(
                model, split, config.train, folder, resume, progress, callbacks, fit_start
            )
        except Exception:
            if not resume:
                folder.remove_unstarted()
            raise
    if config.train.calibrate != "none":
        model.calibrate(split.validation, config.train.calibrate)
    fit_seconds = earlier + time.perf_counter() - fit_start

    evaluation, notes = None, list(split.notes)
    if retriever is not None:
        notes += retriever_notes(retriever, split.train)
        split = dataclasses.replace(split, notes=tuple(notes))
    if holds_out:
        evaluation = evaluate_ranker(model, split, "test", baselines, config.evaluate.ks)
    else:
        for note in split.notes:
            say(note)
    shown = {"rows": [], "ks": [], "protocol": split.protocol, "notes": list(split.notes)}
    facts = {
        "dataset": data.name,
        "seed": config.train.seed,
        "epochs": len(history),
        "best_epoch": best_epoch(history, config.train.monitor),
    }
    metrics = {
        **facts,
        "model_class": config.model.class_,
        "trainable_weights": num_trainable(model),
        "data": data.report.to_dict() if data.report else None,
        **(evaluation.to_dict() if evaluation else shown),
        **made_with,
        "given": hashes,
        "fit_seconds": fit_seconds,
        "minutes": (earlier + time.perf_counter() - run_start) / 60,
    }
    # Only now, for the test must not know what users did in it.
    model.histories = data.histories()
    if retriever is not None:
        retriever.histories = data.histories()
        model = TwoStage(retriever, model, config.model.arguments.get("num_candidates", 500))
    about = {
        **facts,
        "data": data.report.lines() if data.report else [],
        "split": split.protocol if holds_out else None,
        "evaluations": [evaluation.to_dict()] if evaluation else [],
    }
    checkpoint.save(model, folder.checkpoint, overwrite=True, run=about)
    _plot(folder, history, evaluation, say)
    folder.write_metrics(metrics)
    return folder, evaluation, None


def _check(config, model_class):
    if not issubclass(model_class, (Ranker, TwoStage)):
        raise InputError(
            f"model.class {config.model.class_} learns from interactions, and this data is "
            "impressions: choose a ranker, such as DeepFM, or leave out data.impressions"
        )
    for key in ("init_from", "content_from"):
        if getattr(config, key):
            raise InputError(f"{key} is for models that learn from interactions: leave it out")


def _ranker(config, model_class):
    """The class of the ranker and its arguments; those of a `TwoStage` are in its own."""
    arguments = config.model.arguments
    if not issubclass(model_class, TwoStage):
        return model_class, arguments
    given = dict(arguments["ranker"])
    ranker_class = find_model_class(given.pop("class"), config.model.trust)
    if not issubclass(ranker_class, Ranker):
        raise InputError(f"model.ranker.class {ranker_class.__name__} is no ranker, as DeepFM is")
    return ranker_class, given


def _plot(folder, history, evaluation, say):
    try:
        plot_run(folder, history, [], 10)
        for task, table in (evaluation.reliability if evaluation else {}).items():
            path = folder.path / f"reliability_{task}.png"
            plot_reliability(path, {evaluation.rows[0]["model"]: table})
    except Exception as error:
        # All else is written, and a picture can be drawn from it.
        say(f"WARNING: the plots could not be drawn: {first_line(error)}")
