"""MovieLens 1M as the NCF paper splits it (He et al., 2017, Neural collaborative filtering)."""

import dataclasses

import numpy as np
import pandas as pd

from kerasrec.data.datasets.movielens import MOVIES, separated
from kerasrec.data.datasets.sources import Source, find, open_text
from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.errors import InputError

ADVICE = "It is one of the data files in the public code of the paper."
TRAIN = Source("ml1m/ncf", "ml-1m.train.rating", advice=ADVICE)
TEST = Source("ml1m/ncf", "ml-1m.test.rating", advice=ADVICE)
NEGATIVES = Source("ml1m/ncf", "ml-1m.test.negative", advice=ADVICE)
MAP = Source("ml1m/ncf", "item_map.tsv", advice="It has the columns ncf_item and movie.")


def load(base=None):
    """MovieLens 1M, NCF split: 6,040 users, 3,706 items; fold 0 = 994,169 train pairs, fold 1 =
    each user's last one, with 99 published items to rank it among (`splits.sampled`).

    All values are 1, ids are those of the paper's files, and there are no times: train pairs are in
    the order of the file. Titles are MovieLens's; those of 328 rare items are a guess.

    Args:
        base: (users, items) catalogs to continue.

    Raises:
        InputError: a file that is not there.
    """
    parts, path = [], find(TRAIN)
    for fold, source in enumerate((TRAIN, TEST)):
        with open_text(find(source)) as file:
            part = pd.read_csv(file, sep="\t", header=None, usecols=[0, 1])
        parts.append(part.set_axis(["user", "item"], axis=1).assign(fold=fold))
    frame = pd.concat(parts, ignore_index=True).astype({"user": str, "item": str})
    movies = separated(find(MOVIES), ["item", "title", "genres"]).set_index("item")["title"]
    items = pd.read_csv(find(MAP), sep="\t", dtype=str).rename(columns={"ncf_item": "item"})
    items["title"] = items["movie"].map(movies)
    data = Interactions.from_frame(
        frame,
        item_frame=items[["item", "title"]],
        item_title="title",
        base=base,
        name="ml-1m-ncf",
        where=str(path),
    )
    return dataclasses.replace(data, negatives=_negatives(data))


def _negatives(data):
    """Lines `(user,item) <tab> 99 items` by user row."""
    path, users, items = find(NEGATIVES), [], []
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            pair, *others = line.split()
            user = pair.strip("()").partition(",")[0]
            if not (user.isdecimal() and others and all(map(str.isdecimal, others))):
                raise InputError(
                    f"{path}, row {number}: expected `(user,item) item item ...`, got "
                    f"{line[:40]!r}."
                )
            users += [user] * len(others)
            items += others
    rows = [
        side.vocabulary.rows(np.array(ids, dtype=object))
        for side, ids in ((data.users, users), (data.items, items))
    ]
    return Histories.from_pairs(*rows, len(data.users))
