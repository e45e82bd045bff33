"""Every zoo model on the backend that KERAS_BACKEND names, in a process of its own.

python train_zoo.py FOLDER: fits, asks, saves and loads each model, and writes `answers.json`: by
name what went wrong (null if nothing), and the answers. With JAX and PyTorch
TensorFlow cannot be imported, whether it is installed or not.
"""

import inspect
import json
import os
import pathlib
import sys
import time
import traceback

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Compiling is all that takes time here.
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
if os.environ["KERAS_BACKEND"] != "tensorflow":
    sys.modules["tensorflow"] = None

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

import kerasrec_zoo  # noqa: E402
from kerasrec import models, optimizers  # noqa: E402
from kerasrec.data import Impressions, Interactions, batches, impression_batches  # noqa: E402
from kerasrec.losses import (  # noqa: E402
    MaskedBinaryCrossentropy,
    MeanSquaredError,
    Softmax,
    WatchTimeLoss,
)
from kerasrec.models.contract.models_of import models_of  # noqa: E402

LENGTH = 6
SMALL = {"dim": 8, "num_blocks": 1, "hidden_dim": 8, "filters": (4,), "num_neighbours": 4}
SMALL |= {"rank": 2, "num_negatives": 4}
ASKED = ["0", "1", "2"]


def interactions():
    """12 users with the same number of items each: few shapes are compiled."""
    user, step = np.divmod(np.arange(60), 5)
    item = (user * 3 + step * 7) % 16
    frame = pd.DataFrame({"user": user, "item": item, "timestamp": 1.6e9 + 3600 * np.arange(60)})
    frame["value"] = 1.0 + (user + 2 * item) % 5
    frame["behavior"] = np.where(item % 3, "read", "bought")
    items = pd.DataFrame({"item": range(16), "colour": ["red", "blue"] * 8})
    items["text"] = [f"word{n % 3} and word{n % 5}" for n in range(16)]
    people = pd.DataFrame({"user": range(12), "friends": [f"{(n + 1) % 12}" for n in range(12)]})
    return Interactions.from_frame(
        frame,
        item_frame=items,
        item_features={"text": {"kind": "text", "length": 4}, "colour": {"kind": "category"}},
        user_frame=people,
        user_features={"friends": {"kind": "users"}},
    )


def made(cls, train):
    keras.utils.set_random_seed(0)
    names = [name for name in inspect.signature(cls).parameters if name in SMALL]
    model = cls(train.schema(history_length=LENGTH), **{name: SMALL[name] for name in names})
    model.adapt(train)
    return model


def data_of(model, train, **options):
    return batches(
        train,
        model.train_inputs,
        steps=model.steps,
        horizon=model.horizon,
        history_length=LENGTH,
        **{"batch_size": 4, **options},
    )


def compiled(model, optimizer):
    model.compile(optimizer, MeanSquaredError() if model.predicts_values else Softmax())
    return model


def check(cls, train, folder):
    """Raises what goes wrong; gives answers that another backend has to repeat."""
    model = made(cls, train)
    if model.trainable_weights:
        compiled(model, optimizers.SparseSGD(0.05))
        before = model.get_weights()
        model.fit(data_of(model, train), steps_per_epoch=2, verbose=0)
        assert not all(map(np.array_equal, before, model.get_weights()))
    model.save(folder)
    again = models.load(folder)
    for old, new in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    # By the loaded model alone: what is compiled for one model is of no use to the other.
    answer = again.recommend(users=ASKED, k=3)
    assert len(answer) == 3 * len(ASKED)
    return answer[["item", "score"]].to_dict("list")


def impressions(train):
    """What the same users were shown, with the crosses of item and hour, two tasks and a past."""
    n = np.arange(64)
    frame = pd.DataFrame({"user": n % 12, "item": (n * 5) % 16, "hour": n % 3, "price": n % 7 / 2})
    frame["timestamp"] = 1.6e9 + 3600 * 70
    frame["click"] = (n * 7 % 3 == 0).astype(int)
    frame["stay"] = 3.0 * frame["click"]
    return Impressions.from_frame(
        frame,
        labels={"click": {}, "stay": {"kind": "seconds"}},
        context={"hour": {"kind": "category"}, "price": {"kind": "number"}},
        crosses={
            "when": {"columns": ["item", "hour"]},
            "often": {"columns": ["item", "hour"], "label": "click"},
        },
        past=train,
        base=(train.users, train.items),
    )


def check_ranker(cls, shown, folder):
    """As `check`, of a ranker: 64 rows in batches of 16."""
    keras.utils.set_random_seed(0)
    ranker = cls(shown.schema(history_length=LENGTH), dim=4)
    ranker.adapt(shown)
    losses = {"click": MaskedBinaryCrossentropy(), "stay": WatchTimeLoss()}
    ranker.compile(optimizers.SparseSGD(0.05), losses)
    before = ranker.get_weights()
    data = impression_batches(
        shown, inputs=ranker.train_inputs, batch_size=16, history_length=LENGTH, buckets=False
    )
    ranker.fit(data, verbose=0)
    assert not all(map(np.array_equal, before, ranker.get_weights()))
    ranker.histories = shown.past.histories
    ranker.save(folder)
    again = models.load(folder)
    for old, new in zip(ranker.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    answer = again.recommend(users=ASKED, k=3, context={"hour": 1, "price": 0.5})
    assert len(answer) == 3 * len(ASKED)
    return answer[["item", "score"]].to_dict("list")


def check_optimizers(train):
    """Those of kerasrec, and the order of epochs of one batch, which Keras reads ahead."""
    for name in ("LazyAdam", "RowwiseAdagrad", "SparseAdagrad"):
        options = {"gradient_accumulation_steps": 2} if name == "LazyAdam" else {}
        model = made(kerasrec_zoo.MatrixFactorization, train)
        compiled(model, getattr(optimizers, name)(learning_rate=0.01, **options))
        data, begun = data_of(model, train, batch_size=64), []
        if hasattr(data, "_order"):
            order = data._order
            data._order = lambda epoch, order=order, begun=begun: (
                begun.append(epoch) or order(epoch)
            )
        losses = model.fit(data, epochs=3, verbose=0).history["loss"]
        assert losses[-1] < losses[0] and data.epochs.next == 3
        assert begun in ([], [0, 1, 2]), begun


def main(folder):
    train = interactions()
    names = {cls.__name__: cls for cls in models_of(kerasrec_zoo)}
    jobs = {name: (check, cls, train, folder / name) for name, cls in names.items()}
    jobs["optimizers"] = (check_optimizers, train)
    # Crosses and their rates; attention over a history; a network of experts for each task.
    shown = impressions(train)
    for cls in (kerasrec_zoo.DeepFM, kerasrec_zoo.DIN, kerasrec_zoo.MMoE):
        jobs[cls.__name__] = (check_ranker, cls, shown, folder / cls.__name__)
    found = {}
    for name, (job, *arguments) in jobs.items():
        began, answers, error = time.process_time(), None, None
        try:
            answers = job(*arguments)
        except Exception:
            error = traceback.format_exc()
        found[name] = {"error": error, "answers": answers, "seconds": time.process_time() - began}
    (folder / "answers.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.run_functions_eagerly(True)  # graphs are made in tests/zoo
    main(pathlib.Path(sys.argv[1]))
