"""The folder of a run: its paths and small files."""

import contextlib
import json
import pathlib
import time

import yaml

from kerasrec.config.cutoffs import monitors, with_default, with_train_defaults
from kerasrec.config.differing_keys import differing_keys
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock, is_unused
from kerasrec.files.replacing import replacing
from kerasrec.files.saved_json import read_json
from kerasrec.training.runs.claim_folder import check_unused

# What a resumed run may change: how long it trains, and what is measured in the end.
RESUMABLE = (
    "train.epochs",
    "train.patience",
    "evaluate.ks",
    "evaluate.baselines",
    "evaluate.users",
)


class RunFolder:
    """Paths and small files of one run.

        config.yaml                  the config with every default written out
        data.json                    hashes of the training data, see `data_fingerprint`
        history.csv                  loss and validation metrics by epoch
        metrics.json                 the test metrics; written last, when the run is finished
        loss.png, metrics.png, recall_by_popularity.png
        checkpoint/                  the best epoch's model
        ranker/                      of a run of two stages, the best epoch's ranker
        state.npz                    what `--resume` needs
        logs/, ...                   what `train.callbacks` write
        .lock                        while a process works in it, see `FolderLock`

    Args:
        path: The folder; it need not exist yet.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.yaml"
        self.data = self.path / "data.json"
        self.history = self.path / "history.csv"
        self.metrics = self.path / "metrics.json"
        self.state = self.path / "state.npz"
        self.checkpoint = self.path / "checkpoint"
        self.lock = FolderLock(self.path)

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
                if not folder.is_finished() and not folder.resume_conflicts(config):
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
            InputError: if it is used already, or the disk cannot be written.
        """
        check_unused(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path} cannot be made: {error.strerror}") from error
        try:
            self.write_config(config)
        except InputError:
            self.remove_unstarted()
            raise

    def remove_unstarted(self):
        """Removes the folder if it holds nothing but the config: no epoch was finished."""
        if is_unused(self.path, ignored=(self.config.name, self.data.name)):
            # The config last: without it there is no run to resume.
            self.data.unlink(missing_ok=True)
            self.config.unlink(missing_ok=True)
            self.lock.release()
            with contextlib.suppress(OSError):
                self.path.rmdir()

    def write_config(self, config):
        """Writes the resolved config; results of a different config are removed first."""
        if self.is_finished() and self.differences(config):
            self.metrics.unlink()
        with replacing(self.config) as partial:
            partial.write_text(yaml.safe_dump(config.to_dict(), sort_keys=False), encoding="utf-8")

    def write_data(self, fingerprint):
        """Writes the hashes of the training data."""
        _write_json(self.data, fingerprint)

    def read_data(self):
        """The hashes of the training data, None where a run has none."""
        return _read_json(self.data)

    def write_metrics(self, metrics):
        """Writes the results, which marks the run as finished."""
        _write_json(self.metrics, metrics)

    def read_metrics(self):
        """The results, None where the run is not finished."""
        return _read_json(self.metrics)

    def is_finished(self):
        """Whether the run has been evaluated."""
        return self.metrics.exists()

    def differences(self, config, ignored=()):
        """Dotted keys in which `config` differs from the folder's, without the keys `ignored`.

        Raises:
            InputError: if the folder's config is damaged.
        """
        here = self._read_config()
        return [key for key in differing_keys(here, config.to_dict()) if key not in ignored]

    def resume_conflicts(self, config):
        """Dotted keys in which `config` differs from the folder's and must not, in a resumed run.

        `RESUMABLE` may differ. Cut-offs and a monitor that were not written are the folder's.

        Raises:
            InputError: if the folder's config is damaged.
        """
        return self.differences(self.resumed(config), RESUMABLE)

    def resumed(self, config):
        """The config with the folder's cut-offs and monitor where others were not written."""
        here = self._read_config()
        ks = (here.get("evaluate") or {}).get("ks")
        if ks and "ks" not in config.evaluate.model_fields_set:
            config = with_train_defaults(with_default(config, "evaluate", ks=ks))
        monitor = (here.get("train") or {}).get("monitor")
        if "monitor" in config.train.model_fields_set or monitor is None:
            return config
        if monitor not in monitors(config):
            raise InputError(
                f"evaluate.ks {config.evaluate.ks} leaves out what {self.path} chooses its epoch "
                f"by, {monitor}: add its cut-off"
            )
        return with_default(config, "train", monitor=monitor)

    def _read_config(self):
        try:
            here = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(f"{self.config} is damaged: {error}") from error
        if not isinstance(here, dict):
            raise InputError(f"{self.config} is damaged: it holds {here!r}, not a config")
        return here


def _write_json(path, value):
    with replacing(path) as partial:
        text = json.dumps(value, indent=2, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8")


def _read_json(path):
    return read_json(path) if path.exists() else None


def config_stem(config):
    """`<dataset>-<model>`, the beginning of the names of a config's folders."""
    return f"{dataset_stem(config)}-{config.model.class_.rpartition('.')[2].lower()}"


def dataset_stem(config):
    """The data set's name, or that of the table's file."""
    return config.data.label


def fresh_path(prefix):
    """`<prefix>-<time>`, with a number behind it where there is one already."""
    stem = prefix.with_name(f"{prefix.name}-{time.strftime('%Y%m%d-%H%M%S')}")
    path, number = stem, 2
    while path.exists():
        path, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    return path
