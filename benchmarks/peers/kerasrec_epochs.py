"""kerasrec's SASRec, trained one epoch at a time."""

import time

import keras
import numpy as np
import pandas as pd

from kerasrec.data import Interactions, batches
from kerasrec.losses import Softmax
from kerasrec_zoo import SASRec


def setup(case):
    """Makes a function that trains n epochs, writes the best items of all users, returns seconds.

    Case: `data`, `answers` (files of `time_to_quality`), `arguments` of the model, `length`,
    `batch`, `learning_rate`, `k`.
    """
    keras.utils.set_random_seed(0)
    with np.load(case["data"]) as file:
        frame = pd.DataFrame({"user": file["user"], "item": file["item"]})
    frame["timestamp"] = np.arange(len(frame))
    train = Interactions.from_frame(frame)
    model = SASRec(train.schema(history_length=case["length"]), **case["arguments"])
    model.adapt(train)
    model.compile(keras.optimizers.Adam(case["learning_rate"]), Softmax(), steps_per_execution=16)
    dataset = batches(
        train, model.train_inputs, batch_size=case["batch"], history_length=case["length"]
    )
    users = list(dict.fromkeys(frame["user"]))
    done = 0

    def run(epochs):
        nonlocal done
        start = time.perf_counter()
        model.fit(dataset, initial_epoch=done, epochs=done + epochs, verbose=0, shuffle=False)
        seconds = time.perf_counter() - start
        done += epochs
        found = model.recommend(users=users, k=case["k"])["item"].to_numpy().astype(str)
        np.savez(case["answers"], user=np.array(users), item=found.reshape(len(users), case["k"]))
        return seconds

    return run
