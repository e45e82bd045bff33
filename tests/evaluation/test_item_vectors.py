import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Catalog
from kerasrec.evaluation.item_vectors import item_vectors

FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "genres": ["War|Drama", "War", None],
        "year": [1990.0, 2000.0, 2010.0],
        "kind": ["film", "film", "series"],
    }
)


def test_cosine_is_the_mean_over_the_features():
    features = {"genres": {"kind": "categories"}, "kind": {"kind": "category"}}
    features["year"] = {"kind": "number"}
    vectors, names = item_vectors(Catalog.from_frame(FRAME, "id", features))
    assert names == ("genres", "kind")
    cosine = vectors @ vectors.T / 2
    assert cosine[2, 3] == pytest.approx((np.sqrt(0.5) + 1) / 2)
    assert cosine[2, 4] == 0.0
    assert not vectors[:2].any()


def test_nothing_to_go_by():
    features = {"year": {"kind": "number"}}
    assert item_vectors(Catalog.from_frame(FRAME, "id", features)) == (None, ())


def test_too_many_categories_say_nothing(monkeypatch):
    monkeypatch.setattr("kerasrec.evaluation.item_vectors._WIDEST", 3)
    features = {"kind": {"kind": "category"}}
    assert item_vectors(Catalog.from_frame(FRAME, "id", features)) == (None, ())
