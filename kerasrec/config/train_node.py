"""The keys of `train` in a run config and the values they take."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    PlainValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kerasrec.config.node import Count, Node, OpenNode, Seed


def _auto_or_count(value):
    # One message, where pydantic has one for each member of a union.
    if value == "auto" or (type(value) is int and value >= 1):
        return value
    raise PydanticCustomError("count", "should be auto or a whole number of at least 1")


def _some_users(value):
    if value in ("auto", "all") or (type(value) is int and value >= 1):
        return value
    raise PydanticCustomError("count", "should be auto, all or a whole number of at least 1")


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

    Of a `Blend`, `refit` adapts the parts to train and validation once the weights are found.
    """

    epochs: Count = 20
    batch_size: Count = 1024
    optimizer: str | OptimizerNode = "auto"
    decay: Literal["none", "linear"] = "none"
    loss: str | dict[str, str] = "softmax"
    loss_weights: dict[str, Annotated[float, Field(ge=0)]] | None = None
    inverse_propensity: bool = False
    calibrate: Literal["none", "platt", "isotonic"] = "none"
    refit: bool = False
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
