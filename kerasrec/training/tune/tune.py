"""The search for better hyper-parameters: what `kerasrec tune` does."""

import contextlib
import dataclasses
import time
import traceback

from kerasrec.config.change import change
from kerasrec.config.cutoffs import smaller_is_better, with_cutoffs
from kerasrec.config.model_class import find_model_class
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import is_unused
from kerasrec.training.callbacks.make_callbacks import make_callbacks
from kerasrec.training.callbacks.validation_users import ValidationUsers
from kerasrec.training.make_ranker import check_ranker, ranker_start, read_retriever
from kerasrec.training.read_data import read_split
from kerasrec.training.read_impression_split import read_impression_split
from kerasrec.training.runs.claim_folder import check_unused, claim_existing, claim_new
from kerasrec.training.runs.data_fingerprint import data_fingerprint, impressions_fingerprint
from kerasrec.training.runs.find_start import find_start, source_checkpoint, start_catalogs
from kerasrec.training.runs.query_fingerprint import query_fingerprint
from kerasrec.training.stored_defaults import with_stored_defaults
from kerasrec.training.tune.fit_trial import fit_trial
from kerasrec.training.tune.format_trial import format_score, format_trial
from kerasrec.training.tune.journal import JournalError
from kerasrec.training.tune.prune_trial import PruneTrial
from kerasrec.training.tune.search_bar import SearchBar
from kerasrec.training.tune.search_folder import SearchFolder
from kerasrec.training.tune.search_space import SearchSpace
from kerasrec.training.tune.search_study import STATES, SearchStudy, import_optuna

# With fewer, what a value seems to depend on is chance.
TRIALS_OF_IMPORTANCES = 10


def tune(config, run_dir=None, resume=False, say=print, note=print, progress=True, command=""):
    """Tries the values of a config's `tune` node and writes the config with the best of them.

    Every trial is fitted on the train part, from the same seed, and measured by `train.monitor` on
    the validation part; the test part is removed before the first. A trial that fails is noted and
    the search continues. After Ctrl-C the finished trials are kept, and the best is written.

    Args:
        config: `RunConfig` with a `tune` node.
        run_dir: Folder to write; the default is below `runs/`, see `SearchFolder`.
        resume: Continue a search that was stopped, or add trials to it.
        say, note: Called with lines for people, and with what goes wrong.
        progress: Show a bar on stderr.
        command: The command line, for the heading of `tuned.yaml`.

    Returns:
        What `search.json` of the folder holds: a dict with `folder`, `tuned` (path), `monitor`,
        `best` (a trial), `trials` (see `SearchStudy.finished`), `states`, `importances`, `minutes`
        and `stopped`.

    Raises:
        InputError: for anything wrong in the config or the data, an existing folder, nothing to
            resume, a missing Optuna, or if no trial could be fitted.
        KeyboardInterrupt: after Ctrl-C before a trial was complete.
    """
    if not config.split.holds_out:
        raise InputError(
            "the split none leaves nothing to choose the best trial by: give another split, such "
            "as split.protocol=next-item"
        )
    import_optuna()
    folder, resume = _folder(config, run_dir, resume)
    try:
        if resume:
            claim_existing(folder.lock)
        return _tune(config, folder, resume, say, note, progress, command)
    finally:
        folder.lock.release()


def _tune(config, folder, resume, say, note, progress, command):
    model_class = find_model_class(config.model.class_, config.model.trust)
    start, ranks = None, config.data.ranks
    if ranks:
        check_ranker(config)
        start = ranker_start(config)
        data, split = read_impression_split(config, read_retriever(config), start=start)
    else:
        start = find_start(config.init_from, model_class) if config.init_from else None
        data, split = read_split(config, start_catalogs(start))
    for line in (*data.report.lines(), *split.notes) if data.report else split.notes:
        say(line)
    if not ranks:
        config = with_stored_defaults(config, split, say)
        config = with_cutoffs(config, len(data.items) - FIRST, say)
    if not len(split.validation):
        raise InputError(
            f"the {split.protocol} split leaves no validation interactions, and a search compares "
            "its trials on them: give split.validation a share, such as 0.1, or true to next-item"
        )
    # So that no trial can read it.
    split = dataclasses.replace(split, test=split.test.select(slice(0, 0)))
    if ranks:
        hashes = {"data": impressions_fingerprint(split, start)}
    else:
        hashes = {
            "queries": query_fingerprint(split, "validation", config.evaluate.users),
            "data": data_fingerprint(split, source_checkpoint(config, start)),
        }
    if resume:
        folder.write_config(config)
    else:
        claim_new(folder.lock)
        folder.create(config)
    study = SearchStudy(
        folder.journal,
        SearchSpace(config.tune.parameters),
        config.tune.trials,
        config.tune.seed,
        smaller_is_better(config.train.monitor),
    )
    if study.first_value("hashes", hashes) != hashes:
        raise InputError(
            f"the data is not the data that the search in {folder.path} began with: start another "
            "search"
        )
    say(f"{model_class.__name__}, {study.trials} trials, search {folder.path}")
    # The first trial chooses how many users all of them are ranked for.
    users = None if ranks else ValidationUsers(split, config.train, say)
    if users is not None:
        users.number = study.stored_value("validated_users") or users.number
    inputs, stopped = (data, split, start, users), False
    try:
        while (trial := study.next_trial()) is not None:
            _run_trial(trial, study, config, folder.path, inputs, say, note, progress)
            if users is not None and users.number is not None:
                study.first_value("validated_users", users.number)
    except KeyboardInterrupt:
        stopped = True
    results = _results(study, folder, config, stopped)
    if results["best"] is None:
        if stopped:
            raise KeyboardInterrupt
        raise InputError(f"no trial was complete: {results['trials'][0]['error']}")
    folder.write_tuned(change(config, results["best"]["values"]), results, command)
    folder.write_results(results)
    return results


def _run_trial(trial, study, config, folder, inputs, say, note, progress):
    """Fits one trial, or takes the result of an equal one, and records it in the study."""
    before = study.finished()
    values = study.space.values(trial.params)
    same = next((one for one in before if one["params"] == trial.params), None)
    if same:
        # The seed is the same, so the result would be.
        copied = {key: same[key] for key in ("best_epoch", "epochs", "error") if key in same}
        value = same["value"] if same["state"] == "complete" else None
        study.record(trial, same["state"], value, seconds=0.0, same_as=same["number"], **copied)
        say(f"trial {len(before) + 1}: same values as trial {same['number']}")
        return
    started = time.perf_counter()
    prune = PruneTrial(trial, config.train.monitor)
    best = format_score(config.train.monitor, study.best())
    bar = SearchBar(len(before) + 1, study.trials, best)
    state, value, more = "complete", None, {}
    try:
        with bar if progress else contextlib.nullcontext():
            changed = change(config, values)
            callbacks = make_callbacks(changed, folder / f"trial-{len(before) + 1}")
            value, more["best_epoch"], more["epochs"] = fit_trial(
                changed,
                *inputs,
                callbacks=[*callbacks, prune, *([bar] if progress else [])],
                # What `init_from` was trained on is the same for all trials: written once.
                **({} if before else {"say": say}),
            )
        if prune.pruned:
            state, value = "pruned", None
    except JournalError:
        raise
    except Exception as error:
        # Such as a lack of memory: other trials may succeed. An unforeseen error is shown in full.
        if not isinstance(error, InputError):
            note(traceback.format_exc())
        state, more = "failed", {"error": str(error) or type(error).__name__}
    except KeyboardInterrupt:
        study.discard(trial)
        raise
    study.record(trial, state, value, seconds=time.perf_counter() - started, **more)
    finished = study.finished()[-1]
    is_best = finished["number"] == (study.best() or {}).get("number")
    (note if state == "failed" else say)(format_trial(finished, config.train.monitor, is_best))


def _results(study, folder, config, stopped):
    trials = study.finished()
    for trial in trials:
        del trial["params"]
    states = [trial["state"] for trial in trials]
    return {
        "folder": str(folder.path),
        "tuned": str(folder.tuned),
        "monitor": config.train.monitor,
        "best": study.best(),
        "trials": trials,
        "states": {state: states.count(state) for state in STATES},
        "importances": study.importances() if len(trials) >= TRIALS_OF_IMPORTANCES else {},
        "minutes": sum(trial["seconds"] for trial in trials) / 60,
        "stopped": stopped,
    }


def _folder(config, run_dir, resume):
    """The `SearchFolder`, and whether there is a search in it to resume."""
    if config.tune is None:
        raise InputError(
            "the config has no tune node: give it one, such as "
            "tune: {trials: 20, parameters: {model.dim: [32, 64, 128]}}"
        )
    if run_dir is None:
        return SearchFolder.to_resume(config) if resume else SearchFolder.fresh(config), resume
    folder = SearchFolder(run_dir)
    if resume and folder.path.is_dir() and is_unused(folder.path):
        resume = False  # the search was killed before it wrote anything
    if resume and (different := folder.differences(config)):
        raise InputError(
            f"{folder.config} differs from this config in {', '.join(different)}: a search is "
            "resumed with the same config (only tune.trials may change)"
        )
    if not resume:
        check_unused(folder.path)
    return folder, resume
