import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, candidate_impressions
from kerasrec.data.retriever_scores import RETRIEVER_SCORE, with_retriever_scores
from kerasrec.errors import InputError
from kerasrec_zoo import ItemKNN, Popularity


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    # Item i0 is the most popular one, i1 the next, and so on.
    item = np.minimum(random.geometric(0.12, 600) - 1, 19)
    frame = pd.DataFrame({"user": random.integers(0, 60, 600), "item": item}).drop_duplicates()
    return Interactions.from_frame(frame.astype(str).assign(item=lambda f: "i" + f["item"]))


@pytest.fixture(scope="module")
def popularity(data):
    model = Popularity(data.schema())
    model.adapt(data)
    return model


def best(data, event, k):
    """The k most popular items that the user of an event had not taken before it."""
    seen = data.item[:event][data.user[:event] == data.user[event]]
    counts = data.item_counts()
    order = np.lexsort((np.arange(len(counts)), -counts))
    return [row for row in order if row not in seen and row >= 2][:k]


def test_negatives_are_other_candidates_of_the_event(data, popularity):
    events = np.arange(100, len(data))
    found = candidate_impressions(popularity, data, events, num_candidates=8, negatives=3)
    kept = [event for event in events if data.item[event] in best(data, event, 8)]
    assert 0 < len(kept) < len(events)
    assert found.request.tolist() == np.repeat(kept, 4).tolist()
    for event, items in zip(kept, found.item.reshape(-1, 4), strict=True):
        assert items[0] == data.item[event] and len(set(items)) == 4
        assert set(items) <= set(best(data, event, 8))
    assert found.labels["click"].tolist() == [1, 0, 0, 0] * len(kept)
    assert found.negative_rate == pytest.approx(3 / 7)
    assert f"{len(kept):,} of {len(events):,} events" in found.report.notes[0]


def test_scores_are_those_of_each_pair_at_its_time(data):
    model = ItemKNN(data.schema())
    model.adapt(data)
    events = data.user_counts()[data.user] > 3
    found = candidate_impressions(model, data, events, num_candidates=10, negatives=4)
    encoder = found.encoders[RETRIEVER_SCORE]
    again = with_retriever_scores(found, model, encoder)
    np.testing.assert_allclose(
        found.context[RETRIEVER_SCORE], again.context[RETRIEVER_SCORE], atol=1e-5
    )


def test_few_candidates_are_all_taken(data, popularity):
    event = int(np.argmax(data.user_counts()[data.user] * (np.arange(len(data)) > 400)))
    found = candidate_impressions(popularity, data, [event], num_candidates=19, negatives=18)
    assert set(found.item) == set(best(data, event, 19))
    assert found.negative_rate == 1.0


def test_events_whose_item_is_never_found_are_an_error(data, popularity):
    rarest = np.flatnonzero(data.item == np.argmin(np.append([99, 99], data.item_counts()[2:])))
    with pytest.raises(InputError, match="none of .* items is among the 2 candidates"):
        candidate_impressions(popularity, data, rarest[:1], num_candidates=2, negatives=1)
