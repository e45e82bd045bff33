"""A mapping of a run config: the base class of all others."""

from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kerasrec.config.nearest import nearest

Count = Annotated[int, Field(strict=True, ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(strict=True, ge=0)]


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
