"""The data of a model besides its weights, as files: vocabularies, histories, training pairs."""

import dataclasses
import json
import pathlib

import numpy as np

from kerasrec.data.catalog import Catalog, read_encoders
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.histories import Histories
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError
from kerasrec.models.trained_on import TrainedOn


@dataclasses.dataclass(frozen=True)
class SavedCatalogs:
    """Catalogs, histories and training record of a model, checked against its schema.

    Args:
        users, items: `Catalog`s without columns: these are weights of the model.
        behaviors: `Vocabulary`, or None if the data has no behaviors.
        context: `FeatureEncoder`s of the features of a request, by name.
        histories: `Histories` by user row.
        trained_on: `TrainedOn`.
    """

    users: Catalog
    items: Catalog
    behaviors: Vocabulary | None
    context: dict[str, FeatureEncoder]
    histories: Histories
    trained_on: TrainedOn

    @staticmethod
    def write(model, directory):
        """Writes the data of an adapted model into an existing folder."""
        model.users.save(directory / "users")
        model.items.save(directory / "items")
        if model.behaviors is not None:
            model.behaviors.save(directory / "behaviors.json")
        if model.context:
            encoders = [encoder.to_dict() for encoder in model.context.values()]
            text = json.dumps(encoders, indent=0)
            (directory / "context.json").write_text(text, encoding="utf-8")
        model.histories.save(directory / "histories.npz")
        model.trained_on.save(directory)

    @classmethod
    def read(cls, directory, schema, has_behaviors):
        """Reads the files of `write`.

        Args:
            directory: The folder.
            schema: `Schema` of the model.
            has_behaviors: Whether the folder holds behaviors.json.

        Raises:
            InputError: if a file is damaged or does not fit the schema.
        """
        users, items = (read_catalog(directory, side, schema) for side in ("users", "items"))
        behaviors = read_behaviors(directory, schema) if has_behaviors else None
        if schema.num_behaviors and not has_behaviors:
            raise InputError(
                f"{directory}: the model reads {schema.num_behaviors} rows of behaviors, and "
                "behaviors.json is missing"
            )
        histories = read_histories(directory, schema, behaviors)
        context = read_context(directory, schema)
        return cls(users, items, behaviors, context, histories, TrainedOn.load(directory))

    def assign_to(self, model):
        """Sets all of it as attributes of a model with this schema."""
        for field in dataclasses.fields(self):
            setattr(model, field.name, getattr(self, field.name))


def read_catalog(directory, side, schema):
    """The `Catalog` of "users" or "items"; an `InputError` if it does not fit the schema."""
    path = pathlib.Path(directory) / side
    catalog = Catalog.load(path)
    rows = {"users": schema.num_users, "items": schema.num_items}[side]
    features = {"users": schema.user_features, "items": schema.item_features}[side]
    if len(catalog) != rows:
        raise InputError(
            f"{path / 'vocabulary.json'} has {len(catalog):,} rows, expected {rows:,} as in the "
            "schema of the model: fetch the checkpoint again"
        )
    if catalog.features != features:
        raise InputError(
            f"{path / 'encoders.json'} and the schema of the model differ in their features: fetch "
            "the checkpoint again"
        )
    return catalog


def read_behaviors(directory, schema):
    """The `Vocabulary` of behaviors; an `InputError` if it does not fit the schema."""
    path = pathlib.Path(directory) / "behaviors.json"
    behaviors = Vocabulary.load(path)
    # A model may ignore the behaviors of the data: its schema then has 0.
    if schema.num_behaviors not in (0, len(behaviors)):
        raise InputError(
            f"{path} has {len(behaviors)} rows, expected {schema.num_behaviors} as in the schema "
            "of the model: fetch the checkpoint again"
        )
    return behaviors


def read_context(directory, schema):
    """The `FeatureEncoder`s of a request by name; an `InputError` if they do not fit the schema."""
    if not schema.context_features:
        return {}
    path = pathlib.Path(directory) / "context.json"
    if not path.exists():
        raise InputError(
            f"{directory}: the model reads features of a request, and context.json is missing"
        )
    encoders = read_encoders(path, None)
    if tuple(encoder.feature for encoder in encoders.values()) != schema.context_features:
        raise InputError(
            f"{path} and the schema of the model differ in their features: fetch the checkpoint "
            "again"
        )
    return encoders


def read_histories(directory, schema, behaviors):
    """The `Histories`; an `InputError` for a row that is outside the schema."""
    path = pathlib.Path(directory) / "histories.npz"
    histories = Histories.load(path)
    if len(histories) != schema.num_users or histories.indptr[FIRST] != 0:
        raise InputError(
            f"{path} is damaged: expected one history for each of {schema.num_users - FIRST:,} "
            f"users, got {len(histories) - FIRST:,} and {histories.indptr[FIRST]} items before them"
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
