"""What a model knows besides its weights, as files: vocabularies, histories, trainings."""

import dataclasses
import pathlib

import numpy as np

from kerasrec.data.catalog import Catalog
from kerasrec.data.histories import Histories
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError
from kerasrec.models.trained_on import TrainedOn


@dataclasses.dataclass(frozen=True)
class SavedCatalogs:
    """All of it, read and held against the schema of the model.

    Args:
        users, items: `Catalog`s without columns, which are weights of the model.
        behaviors: `Vocabulary`, None where the data has none.
        histories: `Histories` by user row.
        trained_on: `TrainedOn`.
    """

    users: Catalog
    items: Catalog
    behaviors: Vocabulary | None
    histories: Histories
    trained_on: TrainedOn

    @staticmethod
    def write(model, directory):
        """Writes what an adapted model knows into a folder that is there."""
        model.users.save(directory / "users")
        model.items.save(directory / "items")
        if model.behaviors is not None:
            model.behaviors.save(directory / "behaviors.json")
        model.histories.save(directory / "histories.npz")
        model.trained_on.save(directory)

    @classmethod
    def read(cls, directory, schema, has_behaviors):
        """Reads what `write` wrote.

        Args:
            directory: The folder.
            schema: `Schema` of the model.
            has_behaviors: Whether there is a file of behaviors.

        Raises:
            InputError: for a damaged file, and for one that does not belong to the schema.
        """
        users, items = (read_catalog(directory, side, schema) for side in ("users", "items"))
        behaviors = read_behaviors(directory, schema) if has_behaviors else None
        if schema.num_behaviors and not has_behaviors:
            raise InputError(
                f"{directory}: the model reads {schema.num_behaviors} rows of behaviors, and there "
                "is no behaviors.json"
            )
        histories = read_histories(directory, schema, behaviors)
        return cls(users, items, behaviors, histories, TrainedOn.load(directory))

    def give(self, model):
        """Gives it to a model of the schema."""
        for field in dataclasses.fields(self):
            setattr(model, field.name, getattr(self, field.name))


def read_catalog(directory, side, schema):
    """The `Catalog` of "users" or "items"; an InputError where it is not the schema's."""
    path = pathlib.Path(directory) / side
    catalog = Catalog.load(path)
    rows = {"users": schema.num_users, "items": schema.num_items}[side]
    features = {"users": schema.user_features, "items": schema.item_features}[side]
    if len(catalog) != rows:
        raise InputError(
            f"{path / 'vocabulary.json'} has {len(catalog):,} rows, and the schema of the model "
            f"{rows:,}: they are not of one checkpoint, fetch it again"
        )
    if catalog.features != features:
        raise InputError(
            f"{path / 'encoders.json'} and the schema of the model differ in their features: they "
            "are not of one checkpoint, fetch it again"
        )
    return catalog


def read_behaviors(directory, schema):
    """The `Vocabulary` of behaviors; an InputError where it is not the schema's."""
    path = pathlib.Path(directory) / "behaviors.json"
    behaviors = Vocabulary.load(path)
    # A model may leave out what the data says of a step.
    if schema.num_behaviors not in (0, len(behaviors)):
        raise InputError(
            f"{path} has {len(behaviors)} rows, and the schema of the model "
            f"{schema.num_behaviors}: they are not of one checkpoint, fetch it again"
        )
    return behaviors


def read_histories(directory, schema, behaviors):
    """The `Histories`; an InputError for a row that is none of the schema's."""
    path = pathlib.Path(directory) / "histories.npz"
    histories = Histories.load(path)
    if len(histories) != schema.num_users or histories.indptr[FIRST] != 0:
        raise InputError(
            f"{path} is damaged: expected one history for each of {schema.num_users - FIRST:,} "
            f"users, got {len(histories) - FIRST:,}, {histories.indptr[FIRST]} items before them"
        )
    _check_rows(path, "items", histories.items, FIRST, schema.num_items)
    if histories.behavior is not None:
        rows = 0 if behaviors is None else len(behaviors)
        _check_rows(path, "behavior", histories.behavior, 0, rows)
    return histories


def _check_rows(path, name, rows, low, high):
    if len(rows) and not (low <= np.min(rows) and np.max(rows) < high):
        raise InputError(
            f"{path} is damaged: {name} must be rows from {low} to {high - 1}, got "
            f"{np.min(rows)} to {np.max(rows)}"
        )
