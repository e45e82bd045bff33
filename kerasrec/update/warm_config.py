"""The config of an update: that of the serving version's run, on other rows and shorter."""

import math

from kerasrec.config.factories import optimizer_class
from kerasrec.config.load import load_config
from kerasrec.config.model_class import find_model_class
from kerasrec.config.validate import validate
from kerasrec.errors import InputError
from kerasrec.models import Blend

SHARE = 0.34  # of the epochs that the first run needed
RATE = 0.1  # times its learning rate: the weights are near where they should be


def warm_config(run, rows, warm, epochs=None, first_epochs=None):
    """The `RunConfig` of an update.

    All rows are trained on (`split: none`), for the gate judges with later ones. A model with
    weights starts from those of the run, with the state of its optimizer, and trains a third of the
    epochs of the first run at a tenth of its learning rate.

    Args:
        run: `RunFolder` of the serving version.
        rows: Parquet file of interactions.
        warm: Whether to start from the weights of the run.
        epochs: Number of epochs; None for a third of `first_epochs`.
        first_epochs: The number that the first run needed.
    """
    plain = load_config(run.config).to_dict()
    kept = ("items", "users", "history_length")
    plain["data"] = {"path": str(rows), **{key: plain["data"][key] for key in kept}}
    plain["split"] = {"protocol": "none"}
    plain["name"] = None
    plain["init_from"] = str(run.path) if warm else None
    plain["init_optimizer"] = warm
    plain["content_from"], plain["freeze_content"] = None, False
    plain["train"]["optimizer"] = _slower(plain["train"]["optimizer"])
    plain["train"] |= {
        "epochs": epochs or max(1, math.ceil(SHARE * (first_epochs or plain["train"]["epochs"]))),
        "monitor": None,
        "patience": None,
        "callbacks": [],
    }
    config, problems = validate(plain)
    if problems:
        raise InputError("; ".join(f"{'.'.join(keys)}: {text}" for keys, text in problems))
    return config


def _slower(optimizer):
    """The `optimizer` of a config with `RATE` times its learning rate."""
    found = {"class": optimizer} if isinstance(optimizer, str) else dict(optimizer)
    made = optimizer_class(found["class"])()
    rate = found.get("learning_rate", float(made.learning_rate))
    return {**found, "learning_rate": RATE * rate}


def check_updatable(run):
    """Raises an `InputError` for a run that an update cannot go on from."""
    if not run.is_finished():
        raise InputError(f"{run.path} is not a finished run: `kerasrec fit` writes one")
    config = load_config(run.config)
    if config.data.ranks:
        raise InputError(
            f"{run.path} is a run of a ranker, which learns from what was shown: fit a new run "
            "with init_from on the grown table of impressions"
        )
    if issubclass(find_model_class(config.model.class_), Blend):
        raise InputError(
            f"{run.path} is a run of a Blend: update the runs of its parts, and fit its weights "
            "again"
        )
    if config.data.context:
        raise InputError(
            f"{run.path} reads features of requests, which events do not carry yet: fit a new run "
            "with init_from on the grown table"
        )
