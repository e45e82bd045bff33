import pandas as pd
import pytest

from kerasrec.data import Interactions, splits
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec_zoo import ItemKNN


@pytest.fixture(scope="module")
def split():
    pairs = [(f"u{u}", f"i{(u + n) % 6}") for u in range(6) for n in range(4)]
    return splits.next_item(Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item"])))


@pytest.mark.parametrize(
    "given,words",
    [
        ({"baselines": "Popularity"}, "baselines must be a list of models or names"),
        ({"ks": 5}, "ks must be a list"),
        ({"ks": "5"}, "ks must be a list"),
        ({"baselines": ["SASRec"]}, "baseline SASRec must be trained"),
    ],
)
def test_invalid_baselines_and_cutoffs_are_refused(split, given, words):
    model = ItemKNN(split.train.schema())
    model.adapt(split.train)
    with pytest.raises(InputError, match=words):
        evaluate(model, split, **{"ks": (3,), **given})


def test_evaluation_without_baselines(split):
    model = ItemKNN(split.train.schema())
    model.adapt(split.train)
    assert [row["model"] for row in evaluate(model, split, ks=(3,), baselines=None).rows] == [
        "ItemKNN"
    ]
