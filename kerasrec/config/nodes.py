"""The keys of a run config and the values they take."""

import datetime
import importlib
import pathlib
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kerasrec.config.check_parameter import check_parameter
from kerasrec.config.nearest import nearest

Count = Annotated[int, Field(strict=True, ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(strict=True, ge=0)]


def _auto_or_count(value):
    # One message, where pydantic has one for each member of a union.
    if value == "auto" or (type(value) is int and value >= 1):
        return value
    raise PydanticCustomError("count", "should be auto or a whole number of at least 1")


def _some_users(value):
    if value in ("auto", "all") or (type(value) is int and value >= 1):
        return value
    raise PydanticCustomError("count", "should be auto, all or a whole number of at least 1")


class Node(BaseModel):
    """A mapping in the file. An unknown key is an error, it is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_key(cls, data):
        if isinstance(data, dict) and cls.model_config["extra"] == "forbid":
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in known:
                    message = f"unknown key {key}{nearest(key, known)}".replace("{", "{{")
                    raise PydanticCustomError("unknown_key", message, {"key": key})
        return data

    @property
    def arguments(self):
        """The keys that are arguments of the class or split that the node names."""
        return dict(self.model_extra or {})


class OpenNode(Node):
    """A node whose other keys are arguments of what it names; `problems.py` checks them."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)


class FeatureNode(OpenNode):
    """A feature column: its kind, and arguments of `FeatureEncoder.fit`."""

    kind: Literal["category", "categories", "number", "text", "vector", "users", "time"]
    column: str | list[str] | None = None


class TableNode(Node):
    """A table of items or users beside the interactions."""

    path: str
    id: str | None = None
    title: str | None = None
    features: dict[str, FeatureNode] = {}


def _keys_as_text(values):
    # In YAML a word may be a number or a bool.
    return {str(key): one for key, one in values.items()} if isinstance(values, dict) else values


class CleanNode(Node):
    """What is left out of a table, and how it is written; `kerasrec.data.clean.Clean` checks it."""

    min_user_events: Count | None = None
    min_item_events: Count | None = None
    k_core: bool = False
    max_events_per_user: Count | None = None
    max_events_per_minute: Count | None = None
    start: str | int | None = None
    end: str | int | None = None
    values: dict[str, float] | None = None
    time_format: str | None = None
    decimal: str | None = None
    item_lists: bool = False

    @field_validator("start", "end", mode="before")
    @classmethod
    def _date(cls, value):
        # YAML makes dates of them.
        return value.isoformat() if isinstance(value, datetime.date) else value

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, values):
        return _keys_as_text(values)


class LabelNode(Node):
    """A label of impressions, see `Impressions.from_frame`."""

    kind: Literal["binary", "count", "seconds", "rating"] = "binary"
    column: str | None = None
    values: dict[str, float] | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, values):
        return _keys_as_text(values)


class CrossNode(Node):
    """A feature of two columns, or the rate of a label; see `Cross`."""

    columns: Annotated[list[str], Field(min_length=1, max_length=2)]
    min_count: Count = 1
    label: str | None = None
    prior: Positive = 20.0


class ImpressionsNode(Node):
    """The table of what was shown: a file by its path, or the result of an SQL query.

    With `negatives` it is made of what users did: so many items not taken are drawn for each
    interaction, see `drawn_impressions`.
    """

    path: str | None = None
    sql: str | None = None
    negatives: Count | None = None
    separator: str = ","
    negative_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    columns: dict[
        Literal["user", "item", "request", "timestamp", "position", "weight", "propensity", "fold"],
        str,
    ] = {}

    @model_validator(mode="after")
    def _one_source(self):
        given = [one for one in (self.path, self.sql, self.negatives) if one is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "source",
                "give one of path (a table), sql (a query) and negatives (items that are drawn)",
            )
        # By value: the config of a run folder has all keys.
        others = self.model_dump(exclude={"negatives"}, exclude_defaults=True)
        if self.negatives is not None and others:
            raise PydanticCustomError(
                "source",
                "with negatives there is no table of impressions: leave out separator, columns and "
                "negative_rate",
            )
        return self


class DataNode(Node):
    """A data set by name, a table by its path, or the result of an SQL query.

    `out_of_core` says whether the table is prepared on disk, in the folder `prepared`, instead of
    read into memory; `auto` does so with Parquet that does not fit. `prepared` alone names a folder
    that is there already.

    With `impressions` a ranker is trained: `labels`, `context` and `crosses` are columns of theirs,
    and the table by its path, where one is given, is what users did: the histories. Without,
    `context` are columns of the table of `path` or `sql`: of the request of each interaction.
    `out_of_core` and `prepared` are then of the table of impressions; what users did is in memory.
    """

    name: str | None = None
    options: dict[str, Any] = {}
    path: str | None = None
    sql: str | None = None
    separator: str = ","
    columns: dict[Literal["user", "item", "timestamp", "value", "behavior", "fold"], str] = {}
    items: TableNode | None = None
    users: TableNode | None = None
    on_error: Literal["raise", "drop"] = "raise"
    clean: CleanNode = CleanNode()
    out_of_core: Literal["auto", "always", "never"] = "auto"
    prepared: str | None = None
    history_length: Count = 50
    impressions: ImpressionsNode | None = None
    labels: dict[str, LabelNode] = {}
    context: dict[str, FeatureNode] = {}
    crosses: dict[str, CrossNode] = {}

    @model_validator(mode="after")
    def _one_source(self):
        sources = [one for one in (self.name, self.path, self.sql) if one is not None]
        if self.impressions is None and (self.labels or self.crosses):
            raise PydanticCustomError(
                "source", "labels and crosses are of impressions: give impressions too"
            )
        if self.impressions is None and self.context:
            if self.path is None and self.sql is None:
                raise PydanticCustomError(
                    "source", "context is columns of a table: give path or sql with it"
                )
            if self.out_of_core == "always" or self.prepared is not None:
                raise PydanticCustomError(
                    "source",
                    "context is read into memory, and a table on disk keeps no features of "
                    "requests: leave context out, or out_of_core and prepared",
                )
        if self.impressions is not None:
            if self.name is not None or len(sources) > 1:
                raise PydanticCustomError(
                    "source",
                    "beside impressions give path or sql, what users did, or neither, and no name",
                )
            if not sources and (self.columns or self.clean != CleanNode()):
                raise PydanticCustomError(
                    "source",
                    "columns and clean are of the interactions of path or sql: the columns of what "
                    "was shown belong into impressions.columns",
                )
            if self.options:
                raise PydanticCustomError(
                    "source", "options are not for impressions: leave them out"
                )
            if self.impressions.negatives is not None and (
                self.out_of_core == "always" or self.prepared is not None
            ):
                raise PydanticCustomError(
                    "source",
                    "out_of_core and prepared are for a table of impressions, and with "
                    "impressions.negatives there is none: leave them out",
                )
            if self.prepared is not None and self.out_of_core == "never":
                raise PydanticCustomError(
                    "source",
                    "prepared is the folder of a table that is read from disk: leave it out, or "
                    "set out_of_core to always or auto",
                )
            if self.impressions.negatives is not None and not sources:
                raise PydanticCustomError(
                    "source", "impressions.negatives needs what users did: give path or sql too"
                )
            if self.impressions.negatives is not None and (self.labels or self.crosses):
                raise PydanticCustomError(
                    "source",
                    "labels and crosses are of a table of impressions, and with "
                    "impressions.negatives there is none: the label is click, leave them out",
                )
            return self
        if len(sources) != 1 and not self.is_prepared:
            raise PydanticCustomError(
                "source",
                "give one of name (a data set), path (a table of your own), sql (a query) and "
                "prepared (a folder of a table that is split already)",
            )
        if self.is_prepared and (
            self.columns or self.items or self.users or self.clean != CleanNode()
        ):
            raise PydanticCustomError(
                "source",
                "columns, items, users and clean are for a table that is read: give path and not "
                "prepared alone, whose folder has ids and interactions",
            )
        if self.name is None and self.options:
            raise PydanticCustomError("source", "options belong to a data set by name")
        if self.name is not None and (self.columns or self.items or self.users):
            raise PydanticCustomError(
                "source", "columns, items and users describe a table: give path, not name"
            )
        if self.name is not None and self.on_error != "raise":
            raise PydanticCustomError("source", "on_error is for a table: give path, not name")
        if self.name is not None and self.clean != CleanNode():
            raise PydanticCustomError("source", "clean is for a table: give path, not name")
        if self.name is not None and self.out_of_core == "always":
            raise PydanticCustomError("source", "out_of_core is for a table: give path, not name")
        if self.prepared is not None and (self.name is not None or self.out_of_core == "never"):
            raise PydanticCustomError(
                "source",
                "prepared is the folder of a table that is read from disk: leave it out, or give "
                "path, and out_of_core always or auto",
            )
        if self.users is not None and self.users.title is not None:
            raise PydanticCustomError("source", "users have no title")
        return self

    @property
    def ranks(self):
        """Whether the data is impressions, for a ranker."""
        if self.impressions is not None:
            return True
        return self.name in importlib.import_module("kerasrec.data.datasets").IMPRESSIONS

    @property
    def is_prepared(self):
        """Whether a prepared folder alone is given, such as one that another job has written."""
        given = self.name or self.path or self.sql or self.impressions
        return self.prepared is not None and given is None

    @property
    def label(self):
        """A name for tables, plots and folders."""
        path = self.prepared if self.is_prepared else self.path
        if self.impressions is not None and self.impressions.negatives is None:
            path = self.impressions.path
        if path is None:
            return self.name or "sql"
        # A pattern such as logs/2024-*.csv is named after its letters.
        stem = pathlib.PurePath(path).name.partition(".")[0]
        return re.sub(r"[*?\[\]]+", "", stem).strip("-_") or "data"


class SplitNode(OpenNode):
    """How the data is split into train, validation and test, with the protocol's arguments."""

    protocol: str = "next-item"

    @property
    def holds_out(self):
        """Whether something is kept out of train, to choose an epoch by and to test on."""
        return self.protocol != "none"


class ModelNode(OpenNode):
    """The class, by its name in `kerasrec_zoo` or by dotted path, and its arguments.

    `trust` allows a class from outside kerasrec; it is given on the command line only.
    """

    class_: str = Field(alias="class")
    trust: bool = False


class OptimizerNode(OpenNode):
    """An optimizer by name, of Keras or `kerasrec.optimizers`, or `auto`, with its arguments."""

    class_: str = Field(alias="class")


class CallbackNode(OpenNode):
    """A Keras callback, by its name in `keras.callbacks` or by dotted path, with its arguments."""

    class_: str = Field(alias="class")


class TrainNode(Node):
    """How the model is fitted.

    The validation part is measured after every `validate_every`-th epoch and after the last one.
    `monitor` chooses the best of these epochs; `patience` is the number of validations in a row
    without a better one that ends the training. Both are None where the split holds nothing out.
    `validate_users` is how many users a validation ranks for: "auto", "all" or a number, drawn with
    `seed`; see `ValidationUsers`.
    `callbacks` are called after each epoch is validated and before its state is saved. With
    `decay: linear` the learning rate falls by the same amount every epoch, to 0 at the end.
    `gbce_t` is the calibration of the loss gbce, see `kerasrec.losses.GBCE`. `l1` and `l2` penalize
    the weight matrices of the networks, see `kerasrec.training.penalize`.

    Of a ranker, `loss` is a dict of names by label, where the one of the label's kind is not meant,
    `loss_weights` weighs the labels, and `inverse_propensity` weighs each row by 1 / its
    propensity. `calibrate` fits the probabilities to the validation part after the training.
    """

    epochs: Count = 20
    batch_size: Count = 1024
    optimizer: str | OptimizerNode = "auto"
    decay: Literal["none", "linear"] = "none"
    loss: str | dict[str, str] = "softmax"
    loss_weights: dict[str, Annotated[float, Field(ge=0)]] | None = None
    inverse_propensity: bool = False
    calibrate: Literal["none", "platt", "isotonic"] = "none"
    gbce_t: Annotated[float, Field(ge=0, le=1)] | None = None
    l1: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    l2: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    seed: Seed = 0
    patience: Count | None = 3
    monitor: str | None = "ndcg@10"
    validate_every: Count = 1
    validate_users: Annotated[int | str, PlainValidator(_some_users)] = "auto"
    callbacks: list[str | CallbackNode] = []
    steps_per_execution: Annotated[int | str, PlainValidator(_auto_or_count)] = "auto"
    strategy: Literal["none", "cpu", "gpu", "mirrored", "tpu"] = "none"

    @model_validator(mode="after")
    def _known_to_work(self):
        if self.strategy in ("mirrored", "tpu") and self.steps_per_execution not in ("auto", 1):
            raise PydanticCustomError(
                "strategy",
                "Keras cannot run several steps per execution under strategy {strategy}: "
                "leave out steps_per_execution",
                {"strategy": self.strategy},
            )
        if self.gbce_t is not None and self.loss != "gbce":
            raise PydanticCustomError(
                "gbce_t",
                "gbce_t is read by the loss gbce alone, and loss is {loss}: leave it out, or set "
                "loss to gbce",
                {"loss": self.loss},
            )
        return self


class EvaluateNode(Node):
    """What is measured on the test part, and which baselines are measured beside the model.

    `repeats: allow` also ranks the items of a user's history, for data in which people take items
    again: in the evaluation, for the monitored metric, and in what the model recommends. `users`
    ranks for so many users, drawn at random, instead of for all.
    """

    ks: Annotated[list[Count], Field(min_length=1)] = [5, 10, 20]
    baselines: list[str] = ["Popularity", "ItemKNN"]
    repeats: Literal["mask", "allow"] = "mask"
    users: Count | None = None


class TuneNode(Node):
    """What `kerasrec tune` tries: values or a range for dotted keys of this config."""

    trials: Count = 20
    seed: Seed = 0
    parameters: Annotated[
        dict[str, Annotated[Any, AfterValidator(check_parameter)]], Field(min_length=1)
    ]


class RunConfig(Node):
    """A run: data, split, model, training and evaluation; and the search space of `kerasrec tune`.

    `init_from` names a run of the same model whose weights training starts from. `content_from`
    names a run over other items whose text encoder it starts from; `freeze_content` does not train
    that encoder.
    """

    name: str | None = None
    data: DataNode
    split: SplitNode = SplitNode()
    model: ModelNode
    train: TrainNode = TrainNode()
    evaluate: EvaluateNode = EvaluateNode()
    init_from: str | None = None
    content_from: str | None = None
    freeze_content: bool = False
    tune: TuneNode | None = None

    @field_validator("name")
    @classmethod
    def _one_folder(cls, name):
        if name is not None and (not name or name.startswith(".") or set(name) & set("/\\")):
            raise PydanticCustomError(
                "name",
                "expected a name for a folder, without / or \\ and without a dot in front; "
                "--run-dir takes a path",
            )
        return name

    @model_validator(mode="after")
    def _one_start(self):
        if self.init_from and self.content_from:
            raise PydanticCustomError(
                "start", "init_from has its own encoder of texts: leave out content_from"
            )
        if self.freeze_content and not self.content_from:
            raise PydanticCustomError(
                "start",
                "freeze_content freezes what content_from names: give that too, or leave it out",
            )
        return self

    def to_dict(self):
        """Plain values with every default written out: what `config.yaml` of a run holds.

        Without `model.trust`, which a file must not grant, and `tune`, which a run does not read.
        """
        return self.model_dump(by_alias=True, exclude={"model": {"trust"}, "tune": True})
