"""Adult: income and marital status in the census of 1994 (Becker, Kohavi, UCI, CC BY 4.0)."""

import numpy as np
import pandas as pd

from kerasrec.data.datasets.sources import Source, find
from kerasrec.data.impressions import Impressions
from kerasrec.errors import InputError

ADVICE = (
    "It has a header and the columns of UCI's file of the same name; put it into the folder adult "
    "of KERASREC_DATA."
)
NUMBERS = ("age", "education-num", "capital-gain", "capital-loss", "hoursperweek")
CATEGORIES = ("workclass", "education", "occupation", "relationship", "race", "sex")
CATEGORIES += ("nativecountry",)
# Nine in ten capital gains are 0, so few quantiles are left for the others.
BUCKETS = 500


def load(base=None, validation=0.1, seed=0):
    """People with two labels, `income` above 50,000 and `single` (never married).

    The test part is UCI's own; a share of the train file is validation, drawn with `seed`. There
    are no users and no items: every column is a feature of the request.

    Args:
        base: As for `kerasrec.data.load`.
        validation: Share of the train file.
        seed: Of that share.
    """
    if base is not None:
        raise InputError("adult has no users and no items: there is nothing to continue")
    train, test = (
        pd.read_csv(find(Source("adult", name, advice=ADVICE)), skipinitialspace=True)
        for name in ("adult.data.csv", "adult.test.csv")
    )
    drawn = np.random.default_rng(seed).random(len(train)) < validation
    frame = pd.concat([train, test], ignore_index=True)
    frame["fold"] = np.concatenate([drawn.astype(int), np.full(len(test), 2)])
    frame["income"] = frame["incomes"].str.strip().str.startswith(">50K").astype(int)
    frame["single"] = (frame["marital-status"].str.strip() == "Never-married").astype(int)
    context = {_name(column): {"kind": "category", "column": column} for column in CATEGORIES}
    for column in NUMBERS:
        context[_name(column)] = {"kind": "number", "column": column}
        context[f"{_name(column)}_bucket"] = {
            "kind": "number",
            "column": column,
            "buckets": BUCKETS,
        }
    return Impressions.from_frame(
        frame, labels={"income": {}, "single": {}}, context=context, name="adult"
    )


def _name(column):
    return column.replace("-", "_")
