"""The folder of a search: its paths and small files."""

import json
import os
import pathlib

import yaml

from kerasrec.config.differing_keys import differing_keys
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.files.replacing import replacing
from kerasrec.training.runs.claim_folder import check_unused
from kerasrec.training.runs.run_folder import config_stem, fresh_path

# A resumed search may have more trials and another name.
RESUMABLE = ("tune.trials", "name")


class SearchFolder:
    """Paths and small files of one search.

        search.yaml      the config with every default written out, and what is tried
        journal.log      Optuna's record of every trial, read by `--resume`
        search.json      trials, best values, importances
        tuned.yaml       the config with the best values, for `kerasrec fit`
        trial-1/, ...    what `train.callbacks` of a trial write
        .lock            while a process works in it, see `FolderLock`

    Args:
        path: The folder; it need not exist yet.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config = self.path / "search.yaml"
        self.journal = self.path / "journal.log"
        self.results = self.path / "search.json"
        self.tuned = self.path / "tuned.yaml"
        self.lock = FolderLock(self.path)

    @classmethod
    def fresh(cls, config, root="runs"):
        """The folder of a new search: `<root>/tune-<dataset>-<model>-<time>`."""
        return cls(fresh_path(pathlib.Path(root) / f"tune-{config_stem(config)}"))

    @classmethod
    def to_resume(cls, config, root="runs"):
        """The newest search with the same config, whatever its number of trials.

        Raises:
            InputError: if there is none.
        """
        paths = pathlib.Path(root).glob(f"tune-{config_stem(config)}-*/search.yaml")
        for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True):
            folder = cls(path.parent)
            if not folder.differences(config):
                return folder
        raise InputError(
            f"there is nothing to resume: no search of this config is below {root}; "
            "name its folder with --run-dir, or leave out --resume"
        )

    def create(self, config):
        """Makes the folder, with the config inside.

        Raises:
            InputError: if it is used already, or the disk cannot be written.
        """
        check_unused(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path} cannot be made: {error.strerror}") from error
        self.write_config(config)

    def write_config(self, config):
        """Writes the resolved config."""
        with replacing(self.config) as partial:
            partial.write_text(
                yaml.safe_dump(_search_config(config), sort_keys=False), encoding="utf-8"
            )

    def differences(self, config):
        """Dotted keys in which `config` is not the folder's, apart from `RESUMABLE`.

        Raises:
            InputError: if the folder has no config, or a damaged one.
        """
        try:
            here = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(
                f"{self.path} is not the folder of a search: it has no {self.config.name}"
            ) from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(f"{self.config} is damaged: {error}") from error
        if not isinstance(here, dict):
            raise InputError(f"{self.config} is damaged: it holds {here!r}, not a config")
        return [key for key in differing_keys(here, _search_config(config)) if key not in RESUMABLE]

    def write_results(self, results):
        """Writes the results of the search as JSON."""
        with replacing(self.results) as partial:
            text = json.dumps(results, indent=2, allow_nan=False)
            partial.write_text(text + "\n", encoding="utf-8")

    def write_tuned(self, config, results, command):
        """Writes a config with a heading that says where its values come from.

        Args:
            config: `RunConfig` with the best values.
            results: What `tune` returns.
            command: The command of the search.
        """
        best, states = results["best"], results["states"]
        counts = ", ".join(f"{count} {state}" for state, count in states.items() if count)
        head = [
            f"The best of {sum(states.values())} trials ({counts}), seed {config.tune.seed}:",
            f"  {command}",
            f"Validation {results['monitor']} {best['value']:.4f} in trial {best['number']}; the "
            f"search took {results['minutes']:.1f} minutes on {os.cpu_count()} CPU cores and did",
            "not read the test part. Measure it on that with",
            f"  kerasrec fit {self.tuned}",
        ]
        written = config.model_dump(
            by_alias=True,
            exclude_unset=True,
            exclude={"model": {"trust"}, "tune": True, "name": True},
        )
        text = yaml.safe_dump(written, sort_keys=False, default_flow_style=None, width=100)
        with replacing(self.tuned) as partial:
            partial.write_text("".join(f"# {line}\n" for line in head) + text, encoding="utf-8")


def _search_config(config):
    """Plain values of a config, its `tune` node included."""
    return {**config.to_dict(), "tune": config.tune.model_dump()}
