import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Catalog
from kerasrec.evaluation.item_vectors import ItemVectors

FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "genres": ["War|Drama", "War", None],
        "year": [1990.0, 2000.0, 2010.0],
        "kind": ["film", "film", "series"],
        "plot": [[3.0, 4.0], [0.0, 0.0], [-2.0, 0.0]],
    }
)
KINDS = {"genres": "categories", "kind": "category", "year": "number", "plot": "vector"}


def catalog(*names):
    return Catalog.from_frame(FRAME, "id", {name: {"kind": KINDS[name]} for name in names})


def test_cosine_is_the_mean_over_the_features():
    items = ItemVectors(catalog("genres", "kind", "year"))
    assert items.names == ("genres", "kind")
    vectors = items[np.arange(5)]
    assert vectors.shape == items.shape and vectors.dtype == np.float32
    cosine = vectors @ vectors.T / 2
    assert cosine[2, 3] == pytest.approx((np.sqrt(0.5) + 1) / 2)
    assert cosine[2, 4] == 0.0
    assert not vectors[:2].any()


def test_each_feature_has_length_one():
    items = ItemVectors(catalog("plot", "kind"))
    vectors = items[np.array([4, 2, 3, 2])]
    film, series = (items.shape[1] - 2, items.shape[1] - 1)
    expected = np.zeros((4, items.shape[1]))
    expected[:, :2] = [[-1, 0], [0.6, 0.8], [0, 0], [0.6, 0.8]]
    expected[[1, 2, 3], film] = expected[0, series] = 1.0
    np.testing.assert_allclose(vectors, expected, atol=1e-7)


def test_a_catalog_without_usable_features():
    items = ItemVectors(catalog("year"))
    assert items.names == () and items.shape == (5, 0)


def test_a_feature_of_too_many_categories_is_left_out(monkeypatch):
    monkeypatch.setattr("kerasrec.evaluation.item_vectors._MAX_CATEGORIES", 3)
    assert ItemVectors(catalog("kind")).names == ()


def test_memory_does_not_grow_with_catalogue_times_categories():
    import tracemalloc

    count, width = 200_000, 500  # 400 MB of indicators
    ids = [str(number) for number in range(count)]
    frame = pd.DataFrame({"id": ids, "genre": [f"g{number % width}" for number in range(count)]})
    large = Catalog.from_frame(frame, "id", {"genre": {"kind": "category"}})
    tracemalloc.start()
    try:
        rows = np.arange(2, 102)
        vectors = ItemVectors(large)[rows]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert vectors.sum() == 100 and peak < 10 * vectors.nbytes
