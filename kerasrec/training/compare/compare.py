"""Several models on one split: what `kerasrec compare` does."""

import contextlib
import traceback

import keras

from kerasrec.config.cutoffs import with_cutoffs
from kerasrec.config.differing_keys import differing_keys
from kerasrec.config.model_class import find_model_class
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.training.compare.comparison import Comparison
from kerasrec.training.compare.finished_runs import finished_runs
from kerasrec.training.compare.plot_comparison import plot_comparison
from kerasrec.training.run import read_split, run
from kerasrec.training.runs.data_fingerprint import changed, data_fingerprint
from kerasrec.training.runs.find_start import find_start, start_catalogs, start_checkpoint
from kerasrec.training.runs.held_folder import begin, check_unused
from kerasrec.training.runs.query_fingerprint import query_fingerprint

PICTURE = "comparison.png"


def compare(configs, folder, runs=(), say=print, note=print, progress=True):
    """Fits every config as `run` does, on one split that is read once, and compares the results.

    A config that fails is noted and the others go on. After Ctrl-C, what is finished is compared.

    Args:
        configs: Dict of a name for the table -> `RunConfig`; see `check_comparable`.
        folder: New folder for `comparison.json` and `comparison.png`; every run has a folder of its
            own below `runs/`.
        runs: Run folders, or folders of them. A config is not fitted again where one of them is
            finished, has the same config, was asked the same queries and learned from the same
            data: interactions, features, and what it was started from.
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
    shared = _Shared(next(iter(configs.values())))
    # As a run writes them down, to find it again.
    configs = {name: with_cutoffs(config, shared.items) for name, config in configs.items()}
    kept = shared.reusable(finished_runs(configs, runs, note), configs, note)
    begin(lock, **unused)
    try:
        comparison = _compare(configs, shared, kept, say, note, progress)
        plot_comparison(lock.folder / PICTURE, comparison)
        # Last, for it says that the comparison is finished.
        comparison.write(lock.folder / "comparison.json")
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            lock.folder.rmdir()  # where nothing was written
    return comparison


def _compare(configs, shared, kept, say, note, progress):
    done, failed, stopped = {}, {}, False
    for name, config in configs.items():
        if name in kept:
            say(f"{name}: fitted before, {kept[name].path}")
            done[name] = kept[name]
            continue
        say(f"{name}:")
        keras.utils.clear_session()
        try:
            done[name] = shared.run(config, say, progress)
        except KeyboardInterrupt:
            stopped = True
            break
        except Exception as error:
            # The others are worth hours; what was not foreseen is shown with its place.
            if not isinstance(error, InputError):
                note(traceback.format_exc())
            failed[name] = str(error) or type(error).__name__
            note(f"{name} failed: {failed[name]}")
    if not done:
        if stopped:
            raise KeyboardInterrupt
        raise InputError(f"no model could be fitted: {'; '.join(failed.values())}")
    return Comparison.of(configs, done, failed, stopped)


def check_comparable(configs):
    """Raises an `InputError` unless the configs have the same data, split, cut-offs and repeats.

    How much of a history a model reads (`data.history_length`) is its own affair: the questions
    stay the same.
    """
    (first, reference), *others = configs.items()
    for name, config in others:
        keys = differing_keys(_compared(reference), _compared(config))
        if keys:
            raise InputError(
                f"{first} and {name} differ in {', '.join(keys)}: only models of the same data, "
                f"split, evaluate.ks and evaluate.repeats can be compared; {keys[0]}=... on the "
                "command line sets it for all of them"
            )


def _compared(config):
    whole = config.to_dict()
    data = {key: value for key, value in whole["data"].items() if key != "history_length"}
    evaluate = {key: whole["evaluate"][key] for key in ("ks", "repeats")}
    return {"data": data, "split": whole["split"], "evaluate": evaluate}


class _Shared:
    """One split for all, and what is to be said of it said once."""

    def __init__(self, config):
        self._data, self._split = read_split(config)
        self._asked = query_fingerprint(self._split, "test")
        self._said = set()
        self.items = len(self._data.items) - FIRST

    def reusable(self, runs, configs, note):
        """Those of a dict of run folders that were asked and given what is now."""
        same = {}
        for name, folder in runs.items():
            metrics = folder.read_metrics()
            if metrics["queries"] != self._asked:
                note(f"{folder.path} was asked other queries, so {name} is fitted again")
            elif words := changed(metrics["given"], self._given(configs[name])):
                note(f"{words} changed since {folder.path}, so {name} is fitted again")
            else:
                same[name] = folder
        return same

    def _given(self, config):
        start, split = None, self._split
        if config.init_from:
            start = find_start(
                config.init_from, find_model_class(config.model.class_, config.model.trust)
            )
            # Rows of a grown vocabulary are its own.
            _, split = read_split(config, start_catalogs(start))
        return data_fingerprint(split, start_checkpoint(config, start))

    def run(self, config, say, progress):
        """The finished run folder of a config."""

        def read(config, base):
            # Rows of a grown vocabulary are its own.
            return read_split(config, base) if base else (self._data, self._split)

        def once(line):
            if line not in self._said:
                self._said.add(line)
                say(line)

        folder, _, _ = run(config, say=once, progress=progress, read=read)
        if folder.read_metrics()["queries"] != self._asked:
            raise InputError(f"{folder.path} was asked other queries, by the rows of its init_from")
        return folder
