"""What every zoo model answers somebody of whom it knows nothing."""

import contextlib

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec.models.contract.models_of import models_of

MODELS = models_of(kerasrec_zoo)
BLANKS = ["", None, np.nan, "  "]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("without_graphs"),
    pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__),
    pytest.mark.filterwarnings("ignore:[1-9] unknown user id"),
]


def test_an_unknown_user_is_not_shown_the_catalogue_in_its_order(cls, trained):
    answer = trained(cls).model.recommend(users=["nobody"], k=14, repeats="allow")
    assert answer["score"].nunique() > 1
    if not trained(cls).model.predicts_values:
        # 98 and 99 are the two items that nobody has touched.
        assert "popular" not in answer.attrs["notes"][0] or {*answer["item"][-2:]} == {"98", "99"}


def test_blank_users_are_unknown_ones(cls, trained):
    model = trained(cls).model
    answer = model.recommend(users=["nobody", *BLANKS], k=3)
    assert answer.attrs["notes"][0].startswith("5 unknown user ids, answered ")
    # Of the last one as many rows as of the first: NaN is equal to nothing.
    items, scores = (answer[name].to_numpy().reshape(5, 3) for name in ("item", "score"))
    assert (items == items[:1]).all()
    np.testing.assert_allclose(scores, np.tile(scores[:1], (5, 1)), atol=1e-6)


def test_no_history_is_not_answered_with_the_catalogue_in_its_order(cls, trained):
    model = trained(cls).model
    if "histories" not in model.capabilities:
        pytest.skip("answers known users only")
    with pytest.warns(UserWarning) if "history" in model.query_inputs else contextlib.nullcontext():
        answer = model.recommend(histories=[[], ["", None]], k=14)
    items, scores = (answer[name].to_numpy().reshape(2, 14) for name in ("item", "score"))
    assert len(set(scores[0])) > 1
    assert items[0].tolist() == items[1].tolist()
