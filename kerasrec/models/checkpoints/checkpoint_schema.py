"""What metadata.json and config.json of a checkpoint must hold, key by key."""

from typing import Annotated, Any, Literal

import pydantic

from kerasrec.data.schema import KINDS, LONGEST_HISTORY
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
# There only where the data has behaviors.
OPTIONAL = ("behaviors.json",)

Text = Annotated[str, pydantic.Field(max_length=200)]
# Rows are int32.
Rows = Annotated[int, pydantic.Field(ge=1, lt=2**31)]
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


class _Node(pydantic.BaseModel):
    # As they are: neither "3" nor 3.0 nor true is the number that was written.
    model_config = pydantic.ConfigDict(strict=True, extra="forbid", frozen=True)


class Recorded(_Node):
    """What is known of one file."""

    bytes: Count
    sha256: Annotated[str, pydantic.Field(pattern="^[0-9a-f]{64}$")]


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
    files: dict[Literal[(*FILES, *OPTIONAL)], Recorded]

    @pydantic.field_validator("files")
    @classmethod
    def _whole(cls, files):
        missing = [name for name in FILES if name not in files]
        if missing:
            raise InputError(f"{missing[0]} is not in the list")
        return files


class FeatureNode(_Node):
    """One feature of a schema."""

    name: Text
    kind: Literal[KINDS]
    size: Rows
    length: Rows


class SchemaNode(_Node):
    """The schema of a model."""

    num_users: Rows
    num_items: Rows
    history_length: Annotated[int, pydantic.Field(ge=1, le=LONGEST_HISTORY)]
    user_features: list[FeatureNode]
    item_features: list[FeatureNode]
    num_behaviors: Annotated[int, pydantic.Field(ge=0, lt=2**31)]
    timed: bool


class Arguments(_Node):
    """What `Recommender.get_config` gives; what the class itself takes is checked by the class."""

    model_config = pydantic.ConfigDict(strict=True, extra="allow", frozen=True)

    schema_: SchemaNode = pydantic.Field(alias="schema")
    # A class of one's own may leave these to the defaults.
    name: Text | None = None
    repeats: Literal[REPEATS] = REPEATS[0]
    dtype: Literal[POLICIES] | None = None


class Config(_Node):
    """config.json."""

    class_: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z_][\w.]{0,200}$")] = pydantic.Field(
        alias="class"
    )
    config: Arguments


def checked(node, plain, path):
    """`plain` as a `node`, one of these classes.

    Raises:
        InputError: with the first key that is wrong.
    """
    try:
        return node.model_validate(plain)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
    said = f"{_place(first)}{_wrong(first)}"
    raise InputError(f"{path} is damaged: {said}; fetch the checkpoint again")


def _place(error):
    keys = ".".join(str(key) for key in error["loc"] if key != "[key]")
    return f"{keys:.120}: " if keys else ""


def _wrong(error):
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] in ("missing", "value_error"):
        return said
    return f"{said}, got {_shown(error['input'])}"


def _shown(value: Any):
    # The text of a list of a million places is not made to be cut.
    return f"a {type(value).__name__}" if isinstance(value, (list, dict)) else f"{value!r:.60}"
