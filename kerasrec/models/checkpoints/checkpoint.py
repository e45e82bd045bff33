"""A checkpoint is a directory of plain files: config, weights, vocabularies, histories, card.

    config.json          class by dotted name, constructor arguments, format number
    model.weights.h5     all weights, including the tables of the catalogue; no optimizer
    users/, items/       vocabularies, encoders of features, titles; NAME.keras: the network of the
                         pictures of a feature, where it has a backbone
    behaviors.json       vocabulary of behaviors, where the data has them
    context.json         encoders of the features of a request, where the data has them
    histories.npz        the history of each known user, in time order
    trained_on.npz       hashes of the pairs that the weights were trained on, see `TrainedOn`
    metadata.json        versions, date, size and SHA-256 of every file above
    README.md            the card: facts about this model and its run only

Loading a checkpoint runs no code from it. The size, type and shape of each file are checked against
the other files before it is read; see `CheckpointFiles`. Files with other names are ignored. The
class name comes from whoever wrote the checkpoint, so a class from outside kerasrec is loaded only
with `trust=True`.
"""

import datetime
import json
import pathlib

import keras
import numpy as np

import kerasrec
from kerasrec.config.argument_problems import argument_problems
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing
from kerasrec.models.checkpoints.card import card
from kerasrec.models.checkpoints.check_rows import check_rows
from kerasrec.models.checkpoints.checkpoint_files import FORMAT, CheckpointFiles, file_records
from kerasrec.models.checkpoints.saved_catalogs import (
    SavedCatalogs,
    read_behaviors,
    read_catalog,
    read_context,
    read_histories,
)
from kerasrec.models.checkpoints.weights_file import WeightsFile
from kerasrec.models.checkpoints.write_weights import without_optimizer, write_weights
from kerasrec.models.nested_model import nested_classes
from kerasrec.models.trained_on import TrainedOn
from kerasrec.tables.bounded_weights import bounded_weights
from kerasrec.tables.rows import vocabulary_of

# Keys of `get_config` that every model has, besides the arguments of its class.
COMMON_ARGUMENTS = {"schema", "name", "repeats", "scores_are_logits", "dtype"}


def save(model, directory, overwrite=False, run=None):
    """Writes `model` to `directory`, completely or not at all.

    Args:
        model: An adapted `Recommender`.
        directory: Folder to write.
        overwrite: Replace an existing folder.
        run: Data, training and metrics for the card, see `kerasrec.models.checkpoints.card`.

    Raises:
        InputError: if the directory exists and `overwrite` is False, or the disk is full. An
            existing checkpoint is then unchanged.
    """
    directory = pathlib.Path(directory)
    if directory.exists() and not overwrite:
        raise InputError(f"{directory} exists already: choose another folder or overwrite=True")
    with replacing(directory) as partial:
        partial.mkdir()
        _write(model, partial, run)


def load(directory, trust=False):
    """Loads the model of a checkpoint, ready to recommend or to continue training.

    All other files are checked before the model is built, and the model may not be larger than its
    weights file. So a damaged or forged checkpoint takes no more time and memory than its files do.

    Args:
        directory: Folder that `save` wrote.
        trust: Also import a model class from outside kerasrec, which runs its code.

    Raises:
        InputError: if the checkpoint is missing, damaged, of another format, or of a class from
            outside kerasrec without `trust`.
    """
    directory = pathlib.Path(directory)
    if directory.is_file():
        raise InputError(
            f"{directory} is a file, and a checkpoint is a folder: load a .keras file by "
            "keras.models.load_model, after import kerasrec_zoo"
        )
    files = CheckpointFiles(directory)
    directory = files.directory
    name, arguments, schema = files.config()
    model_class = find_model_class(name, trust)
    for nested in nested_classes(arguments):
        find_model_class(nested, trust)
    files.verified(*files.metadata.files)
    catalogs = SavedCatalogs.read(directory, schema, files.holds("behaviors.json"))
    weights = WeightsFile(directory / "model.weights.h5")
    model = _build_model(model_class, arguments, weights, directory / "config.json")
    weights.load_into(model, files.metadata.kerasrec)
    if model.count_params() != files.metadata.parameters:
        raise InputError(
            f"{directory / 'metadata.json'} is damaged: it names {files.metadata.parameters:,} "
            f"parameters, the model has {model.count_params():,}"
        )
    check_rows(model, weights.path)
    catalogs.assign_to(model)
    return model


def load_weights(model, directory):
    """Gives a model the weights that a checkpoint of this very model holds, and nothing else of it.

    Its optimizer, if it is compiled, and its data stay as they are.

    Args:
        model: An adapted `Recommender`.
        directory: Folder that `save` wrote.

    Raises:
        InputError: for a missing or damaged checkpoint, or one of another model.
    """
    files = CheckpointFiles(directory)
    weights = WeightsFile(files.verified("model.weights.h5") / "model.weights.h5")
    with without_optimizer(model):
        weights.load_into(model, files.metadata.kerasrec)
    check_rows(model, weights.path)


def load_catalogs(directory):
    """The user and item `Catalog`s of a checkpoint: `base` for data whose vocabularies grow."""
    files = CheckpointFiles(directory)
    _, _, schema = files.config()
    files.verified(*(name for name in files.metadata.files if "/" in name))
    return tuple(read_catalog(files.directory, side, schema) for side in ("users", "items"))


def load_behaviors(directory):
    """The `Vocabulary` of behaviors of a checkpoint, for new data to use the same rows, or None."""
    files = CheckpointFiles(directory)
    if not files.holds("behaviors.json"):
        return None
    _, _, schema = files.config()
    return read_behaviors(files.verified("behaviors.json"), schema)


def load_context(directory):
    """The `FeatureEncoder`s of a request of a checkpoint, by name, for new data to continue."""
    files = CheckpointFiles(directory)
    if not files.holds("context.json"):
        return {}
    _, _, schema = files.config()
    return read_context(files.verified("context.json"), schema)


def load_histories(directory):
    """The `Histories` of a checkpoint, by user row."""
    behaviors = load_behaviors(directory)
    files = CheckpointFiles(directory)
    _, _, schema = files.config()
    return read_histories(files.verified("histories.npz"), schema, behaviors)


def load_trained_on(directory):
    """The `TrainedOn` of a checkpoint."""
    files = CheckpointFiles(directory)
    return TrainedOn.load(files.verified("trained_on.npz", "trained_on.json"))


def load_class_name(directory):
    """The dotted name of a checkpoint's model class, without importing it."""
    return CheckpointFiles(directory).config()[0]


def copy_rows(old, new):
    """Copies the weights of `old` into `new`, whose vocabularies may have grown.

    Tables with a vocabulary (`kerasrec.tables.rows.declare_vocabulary`) keep their old rows, and
    the new rows keep the values of `new`, so old users score old items as before. Rows that move,
    those of pairs of values, go with their pair. All other weights
    must have equal shapes. `candidate_weights` are not copied, nor any weight of a model without
    trainable weights: these describe the data of `new`. The histories of `old` are put before those
    of `new`. The record `trained_on` is merged when weights are copied.

    Raises:
        InputError: if the models differ in anything but the size of their vocabularies.
    """
    if type(old) is not type(new):
        raise InputError(
            f"init_from holds a {type(old).__name__}, and the new model is a "
            f"{type(new).__name__}: start from a checkpoint of the same class"
        )
    for name, *catalogs in (("users", old.users, new.users), ("items", old.items, new.items)):
        before, after = (catalog.vocabulary.ids for catalog in catalogs)
        if not np.array_equal(before, after[: len(before)]):
            raise InputError(
                f"the {name} of the checkpoint are not the first {len(before)} of the new data: "
                "read the data with base=load_catalogs(checkpoint)"
            )
    if old.behaviors != new.behaviors:
        raise InputError(
            f"the behaviors of the checkpoint are {_names(old.behaviors)}, those of the new data "
            f"{_names(new.behaviors)}: read the data with behaviors=load_behaviors(checkpoint)"
        )
    _check_context(old, new)
    new.histories = new.histories.after(old.histories)
    if not new.trainable_weights:
        return
    sources, targets = _weights_to_copy(old), _weights_to_copy(new)
    if len(sources) != len(targets):
        raise InputError(
            f"the checkpoint's model has {len(sources)} weights, the new one {len(targets)}: use "
            "the checkpoint's model arguments"
        )
    pairs, moved = list(zip(sources, targets, strict=True)), new.moved_rows(old)
    for source, target in pairs:
        if id(target) in moved:
            continue
        if source.shape != target.shape and not _may_grow(source, target):
            raise InputError(
                f"weight {target.path} is {tuple(source.shape)} in the checkpoint, "
                f"{tuple(target.shape)} in this model: use the checkpoint's model arguments; a "
                'table of your own whose rows may grow needs EmbeddingTable(rows_of="items")'
            )
    for source, target in pairs:
        value = keras.ops.convert_to_numpy(source)
        if id(target) in moved:
            value = _moved(value, keras.ops.convert_to_numpy(target), moved[id(target)])
        elif source.shape != target.shape:
            grown = np.array(keras.ops.convert_to_numpy(target))
            grown[: len(value)] = value
            value = grown
        target.assign(value)
    new.trained_on = new.trained_on.after(old.trained_on)


def _moved(source, target, rows):
    """`target` with the rows of `source` at their new places; those of UNKNOWN are left out."""
    grown = np.array(target)
    grown[: UNKNOWN + 1] = source[: UNKNOWN + 1]
    kept = np.flatnonzero(rows >= FIRST)
    grown[rows[kept]] = source[kept]
    return grown


def _check_context(old, new):
    """InputError unless the features of requests that are read continue those of `old`."""
    for name in {**old.context, **new.context}:
        if name not in (*old.query_inputs, *new.query_inputs):
            continue
        before, after = old.context.get(name), new.context.get(name)
        if before is None or after is None or not after.continues(before):
            raise InputError(
                f"context {name}: the checkpoint and the new data encode it differently: declare "
                "the features of requests that the checkpoint has, and read the data with "
                "encoders=load_context(checkpoint)"
            )


def _names(vocabulary):
    return "none" if vocabulary is None else ", ".join(map(str, vocabulary.ids))


def _may_grow(source, target):
    """Whether `target` is a table with a vocabulary and at least as many rows as `source`."""
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
            "files": file_records(directory),
        },
    )


def _weights_to_copy(model):
    skipped = {id(weight) for weight in model.candidate_weights}
    return [weight for weight in model.weights if id(weight) not in skipped]


def _build_model(model_class, arguments, weights, path):
    """A model from the arguments of config.json, which the class has not checked yet."""
    own = {key: value for key, value in arguments.items() if key not in COMMON_ARGUMENTS}
    wrong = list(argument_problems((), model_class, own, supplied=COMMON_ARGUMENTS))
    if wrong:
        raise InputError(f"{path} is damaged: {wrong[0][1]}")
    too_large = (
        f"{path} is damaged: {weights.path.name} holds {weights.num_arrays:,} weights with "
        f"{weights.num_numbers:,} numbers, and the arguments make"
    )
    try:
        with bounded_weights(weights.num_arrays, weights.num_numbers, too_large):
            return model_class.from_config(arguments)
    except InputError as error:
        if str(error).startswith(too_large):
            raise
        raise _build_error(model_class, path, error) from error
    except Exception as error:  # any layer may fail on a value of another type
        raise _build_error(model_class, path, error) from error


def _build_error(model_class, path, error):
    return InputError(
        f"{path} is damaged or was written by another version of {model_class.__name__}: the model "
        f"cannot be built from it: {first_line(error)}"
    )


def _write_json(path, value):
    try:
        text = json.dumps(value, indent=2, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path.name} cannot hold an argument of the model: {error}") from error
    path.write_text(text + "\n", encoding="utf-8")
