"""MovieLens 1M as clicks, as AutoInt (Song et al., CIKM 2019) was evaluated."""

import numpy as np
import pandas as pd

from kerasrec.data.datasets.movielens import MOVIES, PEOPLE, RATINGS
from kerasrec.data.datasets.sources import find, open_text
from kerasrec.data.impressions import Impressions


def load(base=None, seed=0):
    """Ratings of 4 and 5 are clicks, of 1 and 2 none; those of 3 are left out.

    The split is random by row, 8:1:1, as published; `given` reads it.

    Args:
        base: As for `kerasrec.data.load`.
        seed: Of the split.
    """
    frame = pd.read_csv(find(RATINGS))
    frame = frame[frame["rating"] != 3].reset_index(drop=True)
    frame["click"] = (frame["rating"] > 3).astype(int)
    rank = np.random.default_rng(seed).permutation(len(frame))
    frame["fold"] = np.digitize(rank, [0.8 * len(frame), 0.9 * len(frame)])
    return Impressions.from_frame(
        frame[["user", "movie", "click", "fold"]],
        {"item": "movie"},
        labels={"click": {}},
        user_frame=_table(PEOPLE, ["user", "gender", "age", "occupation", "zip"]),
        user_features={
            name: {"kind": "category"} for name in ("gender", "age", "occupation", "zip")
        },
        item_frame=_table(MOVIES, ["item", "title", "genres"]),
        item_features={
            "genres": {"kind": "categories"},
            "year": {"kind": "category"},
        },
        item_title="title",
        base=base,
        name="ml-1m-clicks",
    )


def _table(source, columns):
    with open_text(find(source)) as file:
        rows = [line.rstrip("\n").split("::") for line in file if line.strip()]
    frame = pd.DataFrame([row[: len(columns)] for row in rows], columns=columns)
    if "title" in columns:
        frame["year"] = frame["title"].str.extract(r"\((\d{4})\)\s*$")[0]
    return frame
