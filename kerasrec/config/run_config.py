"""The keys of a run config and the values they take."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kerasrec.config.check_parameter import check_parameter
from kerasrec.config.data_node import DataNode
from kerasrec.config.node import Count, Node, OpenNode, Seed
from kerasrec.config.train_node import TrainNode


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

    `init_from` names a run of the same model whose weights training starts from; with
    `init_optimizer` the state of its optimizer goes on as well. `content_from`
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
    init_optimizer: bool = False
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
        if self.init_optimizer and not self.init_from:
            raise PydanticCustomError(
                "start", "init_optimizer goes on with that of init_from: give that too"
            )
        if self.init_optimizer and self.data.ranks:
            raise PydanticCustomError(
                "start", "init_optimizer is not for rankers, whose tables of values move"
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
