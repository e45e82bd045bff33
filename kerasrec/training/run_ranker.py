"""A ranker's config from data to metrics: what `kerasrec fit` does where it reads impressions."""

import dataclasses
import time

from kerasrec.config.first_line import first_line
from kerasrec.data.query_spec import ITEM
from kerasrec.evaluation.impressions import evaluate_ranker, plot_gates, plot_reliability
from kerasrec.models import TwoStage
from kerasrec.models.checkpoints import checkpoint
from kerasrec.training.callbacks.make_callbacks import make_callbacks
from kerasrec.training.callbacks.mlflow_names import with_mlflow_names
from kerasrec.training.callbacks.training_state import seconds_spent
from kerasrec.training.fit_ranker import fit_ranker, lists_for, order_notes
from kerasrec.training.make_ranker import check_ranker, make_ranker, ranker_start, read_retriever
from kerasrec.training.ranker_baselines import ranker_baselines
from kerasrec.training.read_impression_split import read_impression_split
from kerasrec.training.retriever_notes import retriever_notes
from kerasrec.training.runs.all_histories import all_histories
from kerasrec.training.runs.claim_folder import claim_new
from kerasrec.training.runs.commit import code_commit
from kerasrec.training.runs.data_fingerprint import check_data, impressions_fingerprint
from kerasrec.training.runs.plot_run import plot_run
from kerasrec.training.runs.query_fingerprint import impression_query_fingerprint
from kerasrec.training.runs.run_metrics import best_epoch, environment, num_trainable, utc_now
from kerasrec.training.strategy import strategy_scope

# Latest train rows that the picture of the gates is of.
GATED = 5000


def run_ranker(config, folder, resume, say, progress, callbacks=()):
    """Reads, splits, fits, evaluates and writes a run folder; the arguments are those of `run`.

    Returns:
        `(RunFolder, RankerEvaluation, None)`; the evaluation is None with `split: none`.

    Raises:
        InputError: as for `run`, and for a model that is no ranker.
    """
    run_start = time.perf_counter()
    made_with = {"started": utc_now(), "commit": code_commit(), **environment()}
    check_ranker(config)
    start = ranker_start(config)
    callbacks = [*make_callbacks(config, folder.path), *map(with_mlflow_names, callbacks)]
    retriever = read_retriever(config)
    data, split = read_impression_split(config, retriever, start=start)
    for line in data.report.lines() if data.report else ():
        say(line)
    if resume:
        config = folder.resumed(config)
    hashes = impressions_fingerprint(split, start)
    if resume:
        check_data(folder, hashes)
    holds_out = config.split.holds_out
    baselines = ranker_baselines(config.evaluate.baselines, split, say) if holds_out else []

    fit_start, earlier = time.perf_counter(), seconds_spent(folder.state) if resume else 0.0
    with strategy_scope(config.train.strategy):
        ranker = make_ranker(config, split, start, say)
        lists = lists_for(ranker, split.train, config.train.loss)
        if not resume:
            claim_new(folder.lock)
            folder.create(config)
        else:
            folder.write_config(config)
        folder.write_data(hashes)
        name = type(ranker).__name__
        say(f"{name}, {num_trainable(ranker):,} trainable weights, run {folder.path}")
        try:
            history = fit_ranker(
                ranker,
                split,
                config.train,
                folder,
                resume,
                progress,
                callbacks,
                fit_start,
                lists,
                # The checkpoint of the run will hold both stages: a resumed one needs the ranker.
                checkpoint=folder.path / "ranker" if retriever is not None else None,
            )
        except Exception:
            if not resume:
                folder.remove_unstarted()
            raise
    if config.train.calibrate != "none":
        ranker.calibrate(split.validation, config.train.calibrate)
    fit_seconds = earlier + time.perf_counter() - fit_start

    evaluation, notes = None, [*split.notes, *order_notes(ranker, config.train)]
    if lists is not None:
        notes += lists.notes
    if retriever is not None:
        notes += retriever_notes(retriever, split.train)
    split = dataclasses.replace(split, notes=tuple(notes))
    if holds_out:
        evaluation = evaluate_ranker(ranker, split, "test", baselines, config.evaluate.ks)
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
        "trainable_weights": num_trainable(ranker),
        "data": data.report.to_dict() if data.report else None,
        **(evaluation.to_dict() if evaluation else shown),
        **made_with,
        "queries": impression_query_fingerprint(split.test) if holds_out else None,
        "given": hashes,
        "fit_seconds": fit_seconds,
        "minutes": (earlier + time.perf_counter() - run_start) / 60,
    }
    # Only now, for the test must not know what users did in it.
    # All events, which may be later than the last impression.
    histories = data.histories() if data.past is None else data.past.histories
    histories = all_histories(histories, start, say)
    ranker.histories, saved = histories, ranker
    if retriever is not None:
        retriever.histories = histories
        saved = TwoStage(retriever, ranker, config.model.arguments.get("num_candidates", 500))
        saved.repeats = config.evaluate.repeats
    about = {
        **facts,
        "data": data.report.lines() if data.report else [],
        "split": split.protocol if holds_out else None,
        "evaluations": [evaluation.to_dict()] if evaluation else [],
    }
    checkpoint.save(saved, folder.checkpoint, overwrite=True, run=about)
    _plot(folder, history, evaluation, ranker, split, say)
    folder.write_metrics(metrics)
    return folder, evaluation, None


def _plot(folder, history, evaluation, ranker, split, say):
    try:
        plot_run(folder, history, [], 10)
        for task, table in (evaluation.reliability if evaluation else {}).items():
            path = folder.path / f"reliability_{task}.png"
            plot_reliability(path, {evaluation.rows[0]["model"]: table})
        inputs = ranker.inputs_of(split.train.select(slice(-GATED, None)))
        gates = ranker.gates(inputs, inputs[ITEM])
        if gates is not None:
            plot_gates(folder.path / "gates.png", gates, [task.name for task in ranker.tasks])
    except Exception as error:
        # All else is written, and a picture can be drawn from it.
        say(f"WARNING: the plots could not be drawn: {first_line(error)}")
