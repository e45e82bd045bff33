"""Frappe: which apps were used in which context (Baltrunas et al., 2015)."""

import pandas as pd

from kerasrec.data.datasets.sources import Source, find
from kerasrec.data.impressions import Impressions

ADVICE = (
    "It is the file of the reczoo board Frappe_x1, with the columns label,user,item and eight of "
    "the context; put it into the folder frappe of KERASREC_DATA."
)
# The board's train file cannot be had: its positives are exact, its negatives were drawn anew.
PARTS = {0: "train_redrawn.csv", 1: "valid.csv", 2: "test.csv"}
CONTEXT = ("daytime", "weekday", "isweekend", "homework", "cost", "weather", "country", "city")
# A pair of a user and an item nearly always has one label, so a rate may trust few examples.
RATE = {"label": "label", "prior": 1.0}
CROSSES = {
    "user_item_rate": {"columns": ["user", "item"], **RATE},
    "item_rate": {"columns": ["item"], **RATE},
    "user_rate": {"columns": ["user"], **RATE},
    **{f"{name}_item_rate": {"columns": [name, "item"], **RATE} for name in CONTEXT},
}


def load(base=None, rates=False):
    """The three parts of the board as impressions, split by `given`.

    Args:
        base: As for `kerasrec.data.load`.
        rates: With counts and rates of users, items and pairs of the item with the user or one
            feature of the context, see `Cross`.
    """
    frames = []
    for fold, name in PARTS.items():
        path = find(Source("frappe", name, advice=ADVICE))
        frames.append(pd.read_csv(path).assign(fold=fold))
    frame = pd.concat(frames, ignore_index=True)
    return Impressions.from_frame(
        frame,
        labels={"label": {}},
        context={name: {"kind": "category"} for name in CONTEXT},
        crosses=CROSSES if rates else None,
        base=base,
        name="frappe",
    )
