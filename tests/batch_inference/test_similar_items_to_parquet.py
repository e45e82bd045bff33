import pandas as pd
import pytest

from kerasrec.batch_inference import similar_items_to_parquet
from kerasrec.errors import InputError


@pytest.mark.parametrize("limits", [{}, {"exclude": ["i3"]}, {"allow": ["i2", "i5"], "k": 1}])
def test_all_items_get_what_similar_items_answers(factors, tmp_path, small_parts, limits):
    path = tmp_path / "out.parquet"
    limits = {"k": 4, **limits}
    report = similar_items_to_parquet(factors, path, **limits)
    found = pd.read_parquet(path)
    assert list(found) == ["item", "rank", "similar_item", "score"]
    items = factors.items.vocabulary.ids.tolist()
    expected = factors.similar_items(items, **limits)
    for column, name in zip(found, ["of", "rank", "item", "score"], strict=True):
        if column == "score":
            assert found[column].tolist() == pytest.approx(expected[name].tolist(), abs=1e-6)
        else:
            assert found[column].tolist() == expected[name].tolist()
    assert report["queries"] == 10 and report["notes"] == []


def test_a_model_without_vectors_is_refused(knn, tmp_path):
    with pytest.raises(InputError, match="ItemKNN has no item vectors to compare"):
        similar_items_to_parquet(knn, tmp_path / "out.parquet")
    assert not list(tmp_path.iterdir())
