"""A purchase as a click times a purchase after it."""

import dataclasses

import keras
import numpy as np
import pytest

from kerasrec.data.datasets import FilmShop
from kerasrec.errors import InputError
from kerasrec.models.ranker import product_logit
from kerasrec_zoo import ESMM

SHOP = FilmShop(users=10, items=12, requests=3)


def test_the_logit_of_a_product_is_exact_where_probabilities_round():
    # In float64 with log1p; in float32 sigmoid(30) is 1, and its logit infinite.
    first, second = np.meshgrid([-80.0, -3.0, 0.0, 2.0, 30.0], [-60.0, -1.0, 0.0, 5.0, 30.0])
    expected = first + second - np.logaddexp(np.logaddexp(first, second), 0.0)
    found = product_logit(first.astype("float32"), second.astype("float32"))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-5, atol=1e-5)


def test_levels_start_at_the_share_of_clicks_and_of_purchases():
    data = SHOP.impressions(("click", "purchase"))
    model = ESMM(data.schema(), dim=2, mlp=(2,))
    model.adapt(data)
    for name in ("click", "purchase"):
        kernel = model.get_layer(f"{name}_logit").kernel
        kernel.assign(np.zeros(kernel.shape))
    inputs = {"user": data.user[:1], **{name: x[:1] for name, x in data.context.items()}}
    for name, found in model.predict_tasks(inputs, data.item[:1]).items():
        assert found[0] == pytest.approx(data.labels[name].mean(), rel=1e-5)


def test_other_tasks_are_refused():
    for labels in (("click",), ("click", "seconds"), ("click", "seconds", "purchase")):
        with pytest.raises(InputError, match="two labels of kind binary, a click and what may"):
            ESMM(SHOP.impressions(labels).schema())


def test_a_purchase_only_follows_a_click():
    data = SHOP.impressions(("click", "purchase"))
    model, click = ESMM(data.schema(), dim=2, mlp=(2,)), data.labels["click"]
    other = {"click": click, "purchase": 1 - click}
    with pytest.raises(InputError, match=f"purchase is 1 in {int((1 - click).sum())} rows without"):
        model.adapt(dataclasses.replace(data, labels=other))
    clicks_only = {"click": click, "purchase": np.where(click == 1, click, np.nan)}
    with pytest.raises(InputError, match="purchase is missing in .* it must be 0 there"):
        model.adapt(dataclasses.replace(data, labels=clicks_only))
