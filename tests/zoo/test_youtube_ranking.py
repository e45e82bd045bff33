"""YouTubeRanking learns watch time by weighted logistic regression."""

import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

from kerasrec.data import impression_batches
from kerasrec.data.datasets import FilmShop
from kerasrec.losses import WatchTimeLoss
from kerasrec_zoo import YouTubeRanking


@pytest.mark.slow
def test_the_prediction_is_the_odds_of_the_watch_time():
    shop = FilmShop(users=100, items=60, requests=20)
    data = shop.impressions(("seconds",))
    keras.utils.set_random_seed(0)
    model = YouTubeRanking(data.schema(8), dim=8, mlp=(32,))
    model.adapt(data)
    model.compile(keras.optimizers.Adam(0.003), {"seconds": WatchTimeLoss()})
    names = model.train_inputs
    batches = impression_batches(data, inputs=names, batch_size=64, history_length=8, buckets=False)
    model.fit(batches.repeat(3), verbose=0)
    asked = impression_batches(
        data, inputs=names, batch_size=len(data), history_length=8, shuffle=False
    )
    inputs = {name: np.asarray(x) for name, x in next(iter(asked))[0].items()}
    found = model.predict_tasks(inputs, inputs["item"])["seconds"]
    # E[T] / (1 - P), see `WatchTimeLoss`.
    expected = shop.truth["seconds"] / (1 - shop.truth["click"])
    assert spearmanr(found, expected).statistic > 0.7
    logs = np.log(found).mean(), np.log(expected).mean()
    assert logs[0] == pytest.approx(logs[1], abs=0.5)
