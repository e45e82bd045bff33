"""RecTools' SASRec with a softmax over all items, one epoch at a time."""

import logging
import time
import warnings

import numpy as np
import pandas as pd
from pytorch_lightning import Trainer, seed_everything
from rectools.dataset import Dataset
from rectools.models import SASRecModel


def trainer():
    """RecTools' default trainer without log files."""
    return Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )


def setup(case):
    """Makes a function that trains n epochs, writes the best items of all users, returns seconds.

    Case: as for `kerasrec_epochs`, with the sizes `dim`, `num_blocks`, `num_heads`, `dropout`.
    """
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    seed_everything(0)
    with np.load(case["data"]) as file:
        frame = pd.DataFrame({"user_id": file["user"], "item_id": file["item"]})
    frame["weight"] = 1.0
    frame["datetime"] = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(len(frame)), "s")
    dataset = Dataset.construct(frame)
    model = SASRecModel(
        n_factors=case["dim"],
        n_blocks=case["num_blocks"],
        n_heads=case["num_heads"],
        dropout_rate=case["dropout"],
        session_max_len=case["length"],
        lr=case["learning_rate"],
        batch_size=case["batch"],
        loss="softmax",
        get_trainer_func=trainer,
    )
    users = frame["user_id"].unique()

    def run(epochs):
        start = time.perf_counter()
        model.fit_partial(dataset, min_epochs=epochs, max_epochs=epochs)
        seconds = time.perf_counter() - start
        answers = model.recommend(users, dataset, k=case["k"], filter_viewed=True)
        order = answers.sort_values(["user_id", "rank"])
        user_ids = order["user_id"].to_numpy(str).reshape(len(users), case["k"])[:, 0]
        found = order["item_id"].to_numpy(str).reshape(len(users), case["k"])
        np.savez(case["answers"], user=user_ids, item=found)
        return seconds

    return run
