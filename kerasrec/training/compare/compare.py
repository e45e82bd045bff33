"""Several models on one split: what `kerasrec compare` does."""

import contextlib
import dataclasses
import traceback

import keras

from kerasrec.config.cutoffs import with_cutoffs
from kerasrec.config.differing_keys import differing_keys
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.training.compare.comparison import Comparison
from kerasrec.training.compare.finished_runs import finished_runs
from kerasrec.training.compare.plot_comparison import plot_comparison
from kerasrec.training.compare.ranker_differences import ranker_differences
from kerasrec.training.compare.ranker_runs import RankerRuns
from kerasrec.training.read_data import read_split
from kerasrec.training.run import run
from kerasrec.training.runs.claim_folder import check_unused, claim_new
from kerasrec.training.runs.data_fingerprint import changed, data_fingerprint
from kerasrec.training.runs.find_start import find_start, source_checkpoint, start_catalogs
from kerasrec.training.runs.query_fingerprint import query_fingerprint
from kerasrec.training.stored_defaults import with_stored_defaults

PICTURE = "comparison.png"


def compare(configs, folder, runs=(), say=print, note=print, progress=True):
    """Fits every config as `run` does, on one split, and compares the results.

    The split is read once, of rankers by each for itself. A config that fails is noted and left
    out. After Ctrl-C the finished runs are compared.

    Args:
        configs: Dict of a name for the table -> `RunConfig`; see `check_comparable`.
        folder: New folder for `comparison.json` and `comparison.png`; every run has a folder of its
            own below `runs/`.
        runs: Run folders, or folders of them. A config is not fitted again where one of them is
            finished and has the same config, test queries and training data: interactions,
            features, and the checkpoint it started from.
        say, note: Called with lines for people, and with what goes wrong.
        progress: Show progress bars on stderr.

    Returns:
        A `Comparison`.

    Raises:
        InputError: for configs that cannot be compared, an existing folder, wrong data, or if no
            model could be fitted.
        KeyboardInterrupt: after Ctrl-C before any model was fitted.
    """
    check_comparable(configs)
    lock, unused = FolderLock(folder), {"ignored": (PICTURE,), "advice": "choose another folder"}
    check_unused(folder, **unused)
    first = next(iter(configs.values()))
    if first.data.ranks:
        shared = RankerRuns()
    else:
        shared = _Shared(first)
        # As a run writes them to its folder, so that finished runs are found.
        configs = {name: with_cutoffs(config, shared.items) for name, config in configs.items()}
    reused = shared.reusable(finished_runs(configs, runs, note), configs, note)
    claim_new(lock, **unused)
    try:
        comparison = _compare(configs, shared, reused, say, note, progress)
        plot_comparison(lock.folder / PICTURE, comparison)
        # Last, for it says that the comparison is finished.
        comparison.write(lock.folder / "comparison.json")
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            lock.folder.rmdir()  # where nothing was written
    return comparison


def _compare(configs, shared, reused, say, note, progress):
    done, failed, stopped = {}, {}, False
    first = next(iter(configs.values()))
    for name, config in configs.items():
        if name in reused:
            say(f"{name}: fitted before, {reused[name].path}")
            done[name] = reused[name]
            continue
        say(f"{name}:")
        keras.utils.clear_session()
        try:
            done[name] = shared.run(config, say, progress)
        except KeyboardInterrupt:
            stopped = True
            break
        except Exception as error:
            # Other models may be worth hours. An unforeseen error is shown in full.
            if not isinstance(error, InputError):
                note(traceback.format_exc())
            failed[name] = str(error) or type(error).__name__
            note(f"{name} failed: {failed[name]}")
    if not done:
        if stopped:
            raise KeyboardInterrupt
        raise InputError(f"no model could be fitted: {'; '.join(failed.values())}")
    found = Comparison.of(configs, done, failed, stopped)
    if not first.data.ranks or stopped:
        return found
    try:
        differences = ranker_differences(configs, done, found.quality)
    except Exception as error:
        # All else is measured, and the models may be worth hours.
        note(f"the differences of the rankers could not be measured: {first_line(error)}")
        return found
    return dataclasses.replace(found, differences=differences)


def check_comparable(configs):
    """Raises an `InputError` unless the configs have the same data, split, cut-offs and repeats.

    They may differ in `data.history_length`, how much of a history a model reads: the test queries
    are the same.
    """
    for name, config in configs.items():
        if not config.split.holds_out:
            raise InputError(
                f"{name} has the split none, which leaves nothing to measure, and a comparison is "
                "of metrics: give it another split, such as split.protocol=next-item"
            )
    (first, reference), *others = configs.items()
    for name, config in others:
        keys = differing_keys(_compared(reference), _compared(config))
        if keys:
            raise InputError(
                f"{first} and {name} differ in {', '.join(keys)}: only models of the same data, "
                "split, evaluate.ks, evaluate.repeats and evaluate.users can be compared; "
                f"{keys[0]}=... on the command line sets it for all of them"
            )


def _compared(config):
    whole = config.to_dict()
    data = {key: value for key, value in whole["data"].items() if key != "history_length"}
    evaluate = {key: whole["evaluate"][key] for key in ("ks", "repeats", "users")}
    return {"data": data, "split": whole["split"], "evaluate": evaluate}


class _Shared:
    """The data and split that all models share; its remarks are printed once."""

    def __init__(self, config):
        self._data, self._split = read_split(config)
        users = with_stored_defaults(config, self._split).evaluate.users
        self._queries = query_fingerprint(self._split, "test", users)
        self._printed = set()
        self.items = len(self._data.items) - FIRST

    def reusable(self, runs, configs, note):
        """Those of a dict of run folders with the same test queries and training data."""
        same = {}
        for name, folder in runs.items():
            metrics = folder.read_metrics()
            if metrics["queries"] != self._queries:
                note(f"{folder.path} has other test queries, so {name} is fitted again")
            elif words := changed(metrics["given"], self._data_hashes(configs[name])):
                note(f"{words} changed since {folder.path}, so {name} is fitted again")
            else:
                same[name] = folder
        return same

    def _data_hashes(self, config):
        start, split = None, self._split
        if config.init_from:
            start = find_start(
                config.init_from, find_model_class(config.model.class_, config.model.trust)
            )
            # `init_from` orders the rows of the vocabularies, so it has a split of its own.
            _, split = read_split(config, start_catalogs(start))
        return data_fingerprint(split, source_checkpoint(config, start))

    def run(self, config, say, progress):
        """Fits a config; its finished run folder."""

        def read(config, base):
            # `init_from` orders the rows of the vocabularies, so it has a split of its own.
            return read_split(config, base) if base else (self._data, self._split)

        def say_once(line):
            if line not in self._printed:
                self._printed.add(line)
                say(line)

        folder, _, _ = run(config, say=say_once, progress=progress, read=read)
        if folder.read_metrics()["queries"] != self._queries:
            raise InputError(
                f"{folder.path} has other test queries than the other models: its init_from orders "
                "the rows differently"
            )
        return folder
