"""A checkpoint is a directory of plain files: config, weights, vocabularies, histories, card.

    config.json          class by dotted name, constructor arguments, format number
    model.weights.h5     all weights, the catalogue's tables among them; no optimizer
    users/, items/       vocabularies, encoders of features, titles
    behaviors.json       vocabulary of behaviors, where the data has them
    histories.npz        what each known user did, in time order
    trained_on.npz       hashes of the pairs that the weights were trained on, see `TrainedOn`
    metadata.json        versions, date, SHA-256 of every file above
    README.md            the card, which tells of this model and its run alone

Nothing in it can execute. A class outside kerasrec is named by its writer, so loading one needs
`trust=True`.
"""

import datetime
import json
import pathlib

import keras
import numpy as np

import kerasrec
from kerasrec.config.model_class import find_model_class
from kerasrec.data.catalog import Catalog
from kerasrec.data.histories import Histories
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError
from kerasrec.file_hash import file_hash
from kerasrec.models.card import card
from kerasrec.models.trained_on import TrainedOn
from kerasrec.models.write_weights import write_weights
from kerasrec.replacing import replacing, whole
from kerasrec.rows import declared

FORMAT = 1


def save(model, directory, overwrite=False, run=None):
    """Writes `model` to `directory`, whole or not at all.

    Args:
        model: An adapted `Recommender`.
        directory: Folder to write.
        overwrite: Replace what is there.
        run: What the card says of data, training and metrics, see `kerasrec.models.card`.

    Raises:
        InputError: if the directory exists and `overwrite` is False, or the disk is full; an
            earlier checkpoint is as it was then.
    """
    directory = pathlib.Path(directory)
    if directory.exists() and not overwrite:
        raise InputError(f"{directory} exists already: choose another folder or overwrite=True")
    with replacing(directory) as partial:
        partial.mkdir()
        _write(model, partial, run)


def load(directory, trust=False):
    """The model of a checkpoint, ready to recommend or to train on.

    Args:
        directory: Folder that `save` wrote.
        trust: Also import a model class from outside kerasrec, which runs its code.

    Raises:
        InputError: for a missing, damaged or foreign checkpoint, or one of another format.
    """
    directory = whole(directory)
    if directory.is_file():
        raise InputError(
            f"{directory} is a file and a checkpoint a folder: what model.save wrote as .keras is "
            "read by keras.models.load_model, after import kerasrec_zoo"
        )
    metadata = _read_json(directory, "metadata.json")
    if metadata.get("format") != FORMAT:
        raise InputError(
            f"{directory} has checkpoint format {metadata.get('format')!r}; this kerasrec "
            f"({kerasrec.__version__}) reads format {FORMAT}: load it with the version that wrote "
            f"it, {metadata.get('kerasrec', 'unknown')}"
        )
    _check_files(directory, metadata.get("sha256", {}))
    config = _read_json(directory, "config.json")
    model = find_model_class(config["class"], trust).from_config(config["config"])
    try:
        model.load_weights(directory / "model.weights.h5")
    except ValueError as error:
        raise InputError(
            f"{directory} was written by another version of {type(model).__name__} (kerasrec "
            f"{metadata.get('kerasrec', 'unknown')}): its weights do not fit this one's layers"
        ) from error
    read_catalogs(model, directory)
    return model


def write_catalogs(model, directory):
    """Writes what a model knows besides its weights: vocabularies, histories, trainings."""
    model.users.save(directory / "users")
    model.items.save(directory / "items")
    if model.behaviors is not None:
        model.behaviors.save(directory / "behaviors.json")
    model.histories.save(directory / "histories.npz")
    model.trained_on.save(directory)


def read_catalogs(model, directory):
    """Gives a model what `write_catalogs` wrote."""
    model.users = Catalog.load(directory / "users")
    model.items = Catalog.load(directory / "items")
    model.behaviors = load_behaviors(directory)
    model.histories = Histories.load(directory / "histories.npz")
    model.trained_on = TrainedOn.load(directory)


def load_catalogs(directory):
    """The user and item catalogues of a checkpoint: the base on which a vocabulary grows."""
    directory = whole(directory)
    _check_files(directory, _read_json(directory, "metadata.json").get("sha256", {}))
    return Catalog.load(directory / "users"), Catalog.load(directory / "items")


def load_behaviors(directory):
    """The `Vocabulary` of behaviors of a checkpoint: those of new data get its rows; or None."""
    path = whole(directory) / "behaviors.json"
    return Vocabulary.load(path) if path.exists() else None


def copy_rows(old, new):
    """Copies the weights of `old` into `new`, whose vocabularies may have grown.

    Tables that declare whose rows they have (`kerasrec.rows.declare`) keep the old rows, and the
    new model's own values in the rows that are new, so old users score old items as before. All
    other weights must have the shape they had. What belongs to the choice of candidates is not
    copied, and nothing of a model without trainable weights: it describes the data of `new`. What
    users did before stays in front of what `new` knows of them; with weights comes what they were
    trained on.

    Raises:
        InputError: if the two models differ in more than their vocabularies.
    """
    if type(old) is not type(new):
        raise InputError(
            f"init_from holds a {type(old).__name__}, the config builds a {type(new).__name__}"
        )
    for name in ("users", "items"):
        before, after = (getattr(model, name).vocabulary.ids for model in (old, new))
        if not np.array_equal(before, after[: len(before)]):
            raise InputError(
                f"the {name} of the checkpoint are not the first {len(before)} of the new data: "
                "read the data with base=load_catalogs(checkpoint)"
            )
    if old.behaviors != new.behaviors:
        raise InputError(
            f"the behaviors of the checkpoint are {_names(old.behaviors)}, those of the new data "
            f"{_names(new.behaviors)}: expected no others, read with "
            "behaviors=load_behaviors(checkpoint)"
        )
    new.histories = new.histories.after(old.histories)
    if not new.trainable_weights:
        return
    pairs = list(zip(_own_weights(old), _own_weights(new), strict=False))
    if len(_own_weights(old)) != len(_own_weights(new)):
        raise InputError("the checkpoint's model has other layers than the config's")
    for source, target in pairs:
        if source.shape != target.shape and not _has_grown(source, target):
            raise InputError(
                f"weight {target.path} is {tuple(source.shape)} in the checkpoint, "
                f"{tuple(target.shape)} in this model: use the checkpoint's model arguments, and "
                'in a block of your own EmbeddingTable(rows_of="items") for rows that may grow'
            )
    for source, target in pairs:
        value = keras.ops.convert_to_numpy(source)
        if source.shape != target.shape:
            grown = np.array(keras.ops.convert_to_numpy(target))
            grown[: len(value)] = value
            value = grown
        target.assign(value)
    new.trained_on = new.trained_on.after(old.trained_on)


def _names(vocabulary):
    return "none" if vocabulary is None else ", ".join(map(str, vocabulary.ids))


def _has_grown(source, target):
    """Whether a weight is a table of users, items or a feature's values, and has more rows now."""
    return (
        declared(target) is not None
        and source.shape[1:] == target.shape[1:]
        and source.shape[0] <= target.shape[0]
    )


def _write(model, directory, run):
    cls = type(model)
    package = cls.__module__.partition(".")[0]
    module = package if package == "kerasrec_zoo" else cls.__module__
    config = {"class": f"{module}.{cls.__qualname__}", "config": model.get_config()}
    _write_json(directory / "config.json", config)
    write_weights(model, directory / "model.weights.h5")
    write_catalogs(model, directory)
    text = card(model, config["class"], run)
    (directory / "README.md").write_text(text, encoding="utf-8")
    _write_json(
        directory / "metadata.json",
        {
            "format": FORMAT,
            "kerasrec": kerasrec.__version__,
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "saved": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "parameters": int(model.count_params()),
            "users": len(model.users.vocabulary.ids),
            "items": len(model.items.vocabulary.ids),
            "sha256": {
                str(path.relative_to(directory).as_posix()): file_hash(path)
                for path in sorted(directory.rglob("*"))
                if path.is_file()
            },
        },
    )


def _own_weights(model):
    skipped = {id(weight) for weight in model.candidate_weights}
    return [weight for weight in model.weights if id(weight) not in skipped]


def _check_files(directory, digests):
    if not digests:
        raise InputError(f"{directory}/metadata.json lists no files: the checkpoint is damaged")
    for name, digest in digests.items():
        path = directory / name
        if ".." in pathlib.PurePosixPath(name).parts or not path.is_file():
            raise InputError(f"{path} is missing: the checkpoint is damaged, fetch it again")
        if file_hash(path) != digest:
            raise InputError(f"{path} is damaged (SHA-256 differs): fetch the checkpoint again")


def _read_json(directory, name):
    path = directory / name
    if not path.is_file():
        raise InputError(f"{directory} is not a checkpoint: it has no {name}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}") from error


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
