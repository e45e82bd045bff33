"""The folder of a run: where everything of it lies."""

import json
import pathlib
import time

import yaml

from kerasrec.config.differing_keys import differing_keys
from kerasrec.errors import InputError
from kerasrec.replacing import replacing


class RunFolder:
    """Paths and small files of one run.

        config.yaml                  the config with every default written out
        history.csv                  loss and validation metrics by epoch
        metrics.json                 the test metrics; it exists when the run is finished
        loss.png, metrics.png, recall_by_popularity.png
        checkpoint/                  the best epoch's model
        state.npz                    what `--resume` needs

    Args:
        path: The folder; it need not exist yet.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.yaml"
        self.history = self.path / "history.csv"
        self.metrics = self.path / "metrics.json"
        self.state = self.path / "state.npz"
        self.checkpoint = self.path / "checkpoint"

    @classmethod
    def fresh(cls, config, root="runs"):
        """The folder of a new run: `<root>/<dataset>-<model>-<config.name or the time>`."""
        prefix = pathlib.Path(root) / config_stem(config)
        if config.name:
            return cls(prefix.with_name(f"{prefix.name}-{config.name}"))
        return cls(fresh_path(prefix))

    @classmethod
    def to_resume(cls, config, root="runs"):
        """The newest run of the same config that is not finished.

        Raises:
            InputError: if there is none.
        """
        damaged = []
        folders = sorted(
            pathlib.Path(root).glob(f"{config_stem(config)}-*/config.yaml"), reverse=True
        )
        for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True):
            folder = cls(path.parent)
            try:
                if not folder.is_finished() and folder.differences(config) == []:
                    return folder
            except InputError as error:
                damaged.append(f" ({error})")
        raise InputError(
            f"there is nothing to resume: no unfinished run of this config is below {root}; "
            "name its folder with --run-dir, or leave out --resume" + "".join(damaged)
        )

    def create(self, config):
        """Makes the folder, with the config inside.

        Raises:
            InputError: if it exists already, or the disk cannot be written.
        """
        if self.path.exists():
            raise InputError(
                f"{self.path} exists already: choose another folder, or go on in it with --resume"
            )
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"{self.path} cannot be made: {error.strerror}") from error
        try:
            self.write_config(config)
        except InputError:
            self.remove_unstarted()
            raise

    def remove_unstarted(self):
        """Removes the folder if it holds nothing but the config: no epoch was finished."""
        if {path.name for path in self.path.iterdir()} <= {self.config.name}:
            self.config.unlink(missing_ok=True)
            self.path.rmdir()

    def write_config(self, config):
        """Writes the resolved config."""
        with replacing(self.config) as partial:
            partial.write_text(yaml.safe_dump(config.to_dict(), sort_keys=False), encoding="utf-8")

    def write_metrics(self, metrics):
        """Writes the results; the run is finished then."""
        with replacing(self.metrics) as partial:
            text = json.dumps(metrics, indent=2, allow_nan=False)
            partial.write_text(text + "\n", encoding="utf-8")

    def read_metrics(self):
        """The results, None where the run is not finished."""
        if not self.is_finished():
            return None
        try:
            return json.loads(self.metrics.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{self.metrics} is damaged: {error}") from error

    def is_finished(self):
        """Whether the run has been evaluated."""
        return self.metrics.exists()

    def differences(self, config, apart=("train.epochs", "train.patience")):
        """Dotted keys in which `config` is not the folder's.

        Args:
            config: `RunConfig`.
            apart: Keys that do not count; by default those that a resumed run may change.

        Raises:
            InputError: if the folder's config is damaged.
        """
        try:
            here = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(f"{self.config} is damaged: {error}") from error
        if not isinstance(here, dict):
            raise InputError(f"{self.config} is damaged: it holds {here!r}, not a config")
        return [key for key in differing_keys(here, config.to_dict()) if key not in apart]


def config_stem(config):
    """`<dataset>-<model>`, the beginning of the names of a config's folders."""
    return f"{dataset_stem(config)}-{config.model.class_.rpartition('.')[2].lower()}"


def dataset_stem(config):
    """The data set's name, or that of the table's file."""
    return config.data.name or pathlib.Path(config.data.path).name.partition(".")[0]


def fresh_path(prefix):
    """`<prefix>-<time>`, with a number behind it where there is one already."""
    stem = prefix.with_name(f"{prefix.name}-{time.strftime('%Y%m%d-%H%M%S')}")
    path, number = stem, 2
    while path.exists():
        path, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    return path
