"""A checkpoint is a directory of plain files: config, weights, vocabularies, histories, card.

    config.json          class by dotted name, constructor arguments, format number
    model.weights.h5     all weights, the catalogue's tables among them; no optimizer
    users/, items/       vocabularies, encoders of features, titles
    behaviors.json       vocabulary of behaviors, where the data has them
    histories.npz        what each known user did, in time order
    trained_on.npz       hashes of the pairs that the weights were trained on, see `TrainedOn`
    metadata.json        versions, date, size and SHA-256 of every file above
    README.md            the card, which tells of this model and its run alone

Nothing in it can execute, and each file is held against the sizes, types and shapes that the others
say before it is read; see `CheckpointFiles`. Files of other names are left alone. A class outside
kerasrec is named by its writer, so loading one needs `trust=True`.
"""

import datetime
import json
import pathlib

import keras
import numpy as np

import kerasrec
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.config.problems import argument_problems
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing
from kerasrec.models.checkpoints.bounded_weights import bounded_weights
from kerasrec.models.checkpoints.card import card
from kerasrec.models.checkpoints.check_rows import check_rows
from kerasrec.models.checkpoints.checkpoint_files import FORMAT, CheckpointFiles, recorded
from kerasrec.models.checkpoints.saved_catalogs import (
    SavedCatalogs,
    read_behaviors,
    read_catalog,
    read_histories,
)
from kerasrec.models.checkpoints.weights_file import WeightsFile
from kerasrec.models.checkpoints.write_weights import write_weights
from kerasrec.models.trained_on import TrainedOn
from kerasrec.tables.rows import vocabulary_of

# What `get_config` of every model has, beside the arguments of its class.
EVERY_MODEL = {"schema", "name", "repeats", "dtype"}


def save(model, directory, overwrite=False, run=None):
    """Writes `model` to `directory`, whole or not at all.

    Args:
        model: An adapted `Recommender`.
        directory: Folder to write.
        overwrite: Replace what is there.
        run: What the card says of data, training and metrics, see
            `kerasrec.models.checkpoints.card`.

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

    Everything else is checked before the model is built, and the model may not be larger than its
    weights: one that was damaged or made up costs time and memory in proportion to its files.

    Args:
        directory: Folder that `save` wrote.
        trust: Also import a model class from outside kerasrec, which runs its code.

    Raises:
        InputError: for a missing, damaged or foreign checkpoint, or one of another format.
    """
    directory = pathlib.Path(directory)
    if directory.is_file():
        raise InputError(
            f"{directory} is a file and a checkpoint a folder: what model.save wrote as .keras is "
            "read by keras.models.load_model, after import kerasrec_zoo"
        )
    files = CheckpointFiles(directory)
    directory = files.directory
    name, arguments, schema = files.config()
    model_class = find_model_class(name, trust)
    files.verified(*files.metadata.files)
    catalogs = SavedCatalogs.read(directory, schema, files.holds("behaviors.json"))
    weights = WeightsFile(directory / "model.weights.h5")
    model = _built(model_class, arguments, weights, directory / "config.json")
    weights.give(model, files.metadata.kerasrec)
    if model.count_params() != files.metadata.parameters:
        raise InputError(
            f"{directory / 'metadata.json'} is damaged: it says {files.metadata.parameters:,} "
            f"parameters, the model has {model.count_params():,}"
        )
    check_rows(model, weights.path)
    catalogs.give(model)
    return model


def load_catalogs(directory):
    """The user and item catalogues of a checkpoint: the base on which a vocabulary grows."""
    files = CheckpointFiles(directory)
    _, _, schema = files.config()
    files.verified(*(name for name in files.metadata.files if "/" in name))
    return tuple(read_catalog(files.directory, side, schema) for side in ("users", "items"))


def load_behaviors(directory):
    """The `Vocabulary` of behaviors of a checkpoint: those of new data get its rows; or None."""
    files = CheckpointFiles(directory)
    if not files.holds("behaviors.json"):
        return None
    _, _, schema = files.config()
    return read_behaviors(files.verified("behaviors.json"), schema)


def load_histories(directory):
    """The `Histories` of a checkpoint: what its users did, by user row."""
    behaviors = load_behaviors(directory)
    files = CheckpointFiles(directory)
    _, _, schema = files.config()
    return read_histories(files.verified("histories.npz"), schema, behaviors)


def load_trained_on(directory):
    """The `TrainedOn` of a checkpoint."""
    files = CheckpointFiles(directory)
    return TrainedOn.load(files.verified("trained_on.npz", "trained_on.json"))


def load_class_name(directory):
    """The dotted name of a checkpoint's model class, which is not imported."""
    return CheckpointFiles(directory).config()[0]


def copy_rows(old, new):
    """Copies the weights of `old` into `new`, whose vocabularies may have grown.

    Tables with a vocabulary (`kerasrec.tables.rows.declare_vocabulary`) keep the old rows, and the
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
        vocabulary_of(target) is not None
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
    SavedCatalogs.write(model, directory)
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
            "files": recorded(directory),
        },
    )


def _own_weights(model):
    skipped = {id(weight) for weight in model.candidate_weights}
    return [weight for weight in model.weights if id(weight) not in skipped]


def _built(model_class, arguments, weights, path):
    """A model from the arguments of config.json, which say nothing yet of being fit for it."""
    own = {key: value for key, value in arguments.items() if key not in EVERY_MODEL}
    wrong = list(argument_problems((), model_class, own, given=EVERY_MODEL))
    if wrong:
        raise InputError(f"{path} is damaged: {wrong[0][1]}")
    said = (
        f"{path} is damaged: {weights.path.name} holds {weights.arrays:,} weights of "
        f"{weights.numbers:,} numbers, and the arguments make"
    )
    try:
        with bounded_weights(weights.arrays, weights.numbers, said):
            return model_class.from_config(arguments)
    except InputError as error:
        raise error if str(error).startswith(said) else _unfit(model_class, path, error) from error
    except Exception as error:  # of whatever layer got a value of another type
        raise _unfit(model_class, path, error) from error


def _unfit(model_class, path, error):
    return InputError(
        f"{path} is damaged, or of another version of {model_class.__name__}, which cannot be "
        f"built from it: {first_line(error)}"
    )


def _write_json(path, value):
    try:
        text = json.dumps(value, indent=2, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path.name} cannot hold an argument of the model: {error}") from error
    path.write_text(text + "\n", encoding="utf-8")
