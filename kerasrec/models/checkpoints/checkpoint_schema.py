"""The keys and types of metadata.json and config.json of a checkpoint."""

import re
from typing import Annotated, Any, Literal

import pydantic

from kerasrec.data.schema import KINDS, LONGEST_HISTORY, TASKS
from kerasrec.errors import InputError
from kerasrec.models.precision import POLICIES
from kerasrec.models.requests.repeats import REPEATS

CATALOG = ("vocabulary.json", "encoders.json", "titles.json")
FILES = (
    "config.json",
    "model.weights.h5",
    *(f"{side}/{name}" for side in ("users", "items") for name in CATALOG),
    "histories.npz",
    "trained_on.npz",
    "trained_on.json",
)
# Written only if the data has behaviors, or features of requests.
OPTIONAL = ("behaviors.json", "context.json")
# The frozen network of each feature that has one.
BACKBONES = ("users/*.keras", "items/*.keras")

Text = Annotated[str, pydantic.Field(max_length=200)]
# Rows are int32.
Rows = Annotated[int, pydantic.Field(ge=1, lt=2**31)]
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


class _Node(pydantic.BaseModel):
    # Strict: neither "3" nor 3.0 nor true is accepted as the number 3.
    model_config = pydantic.ConfigDict(strict=True, extra="forbid", frozen=True)


class FileRecord(_Node):
    """Size and hash of one file."""

    bytes: Count
    sha256: Annotated[str, pydantic.Field(pattern="^[0-9a-f]{64}$")]


def _file_name(name):
    is_backbone = re.fullmatch(r"(users|items)/[^\W\d]\w{0,100}\.keras", name)
    if name not in (*FILES, *OPTIONAL) and not is_backbone:
        raise InputError("no file of a checkpoint")
    return name


class Metadata(_Node):
    """metadata.json."""

    format: int
    kerasrec: Text
    keras: Text
    backend: Text
    saved: Text
    parameters: Count
    users: Count
    items: Count
    files: dict[Annotated[str, pydantic.AfterValidator(_file_name)], FileRecord]

    @pydantic.field_validator("files")
    @classmethod
    def _all_listed(cls, files):
        missing = [name for name in FILES if name not in files]
        if missing:
            raise InputError(f"{missing[0]} is not listed")
        return files


class FeatureNode(_Node):
    """One feature of a schema."""

    name: Text
    kind: Literal[KINDS]
    size: Rows
    length: Rows


class TaskNode(_Node):
    """One task of a schema."""

    name: Text
    kind: Literal[TASKS]


class CrossNode(_Node):
    """One cross of a schema."""

    name: Text
    columns: list[Text]
    size: Rows
    min_count: Rows
    label: Text | None
    prior: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]


class SchemaNode(_Node):
    """The schema of a model."""

    num_users: Rows
    num_items: Rows
    history_length: Annotated[int, pydantic.Field(ge=1, le=LONGEST_HISTORY)]
    user_features: list[FeatureNode]
    item_features: list[FeatureNode]
    num_behaviors: Annotated[int, pydantic.Field(ge=0, lt=2**31)]
    timed: bool
    context_features: list[FeatureNode] = []
    tasks: list[TaskNode] = []
    crosses: list[CrossNode] = []


class Arguments(_Node):
    """The dict of `Recommender.get_config`; the class checks its own arguments."""

    model_config = pydantic.ConfigDict(strict=True, extra="allow", frozen=True)

    schema_: SchemaNode = pydantic.Field(alias="schema")
    # A class from outside kerasrec may leave these out.
    name: Text | None = None
    repeats: Literal[REPEATS] = REPEATS[0]
    scores_are_logits: bool = False
    dtype: Literal[POLICIES] | None = None


class Config(_Node):
    """config.json."""

    class_: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z_][\w.]{0,200}$")] = pydantic.Field(
        alias="class"
    )
    config: Arguments


def validate(node, value, path):
    """`value`, read from the JSON file `path`, as a `node`, one of the classes of this module.

    Raises:
        InputError: names the first wrong key.
    """
    try:
        return node.model_validate(value)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
    problem = f"{_keys(first)}{_problem(first)}"
    raise InputError(f"{path} is damaged: {problem}; fetch the checkpoint again")


def _keys(error):
    keys = ".".join(str(key) for key in error["loc"] if key != "[key]")
    return f"{keys:.120}: " if keys else ""


def _problem(error):
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] in ("missing", "value_error"):
        return message
    return f"{message}, got {_shorten(error['input'])}"


def _shorten(value: Any):
    # A list may be long: its text is not made only to be cut.
    return f"a {type(value).__name__}" if isinstance(value, (list, dict)) else f"{value!r:.60}"
