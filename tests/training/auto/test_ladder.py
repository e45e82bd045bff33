import pytest

from kerasrec.config.validate import validate
from kerasrec.training.auto.ladder import counted_rungs, trained_rungs
from kerasrec.training.auto.rung import Rung
from kerasrec.training.auto.table_facts import TableFacts


def facts(**values):
    given = {"users": 6040, "items": 3416, "num_items": 3418, "interactions": 988_000}
    given |= {"mean_length": 163.6, "history_length": 200}
    return TableFacts(**(given | values))


def classes(rungs):
    return [rung.class_ for rung in rungs]


def test_content_models_need_features():
    full = facts(item_features=("text",), words=("title",), user_features=("category",))
    bare = facts()
    assert "ContentKNN" not in classes(counted_rungs(bare))
    assert classes(counted_rungs(full)).count("ContentKNN") == 2
    sources = [rung.arguments.get("sources") for rung in counted_rungs(full)]
    assert ["transitions", "cooccurrence", "title"] in sources
    # BM25 reads words, and vectors have none.
    assert classes(counted_rungs(facts(item_features=("vector",)))).count("ContentKNN") == 1
    assert classes(trained_rungs(bare, True)) == ["MatrixFactorization", "SASRec"]
    assert classes(trained_rungs(full, True)) == [
        "MatrixFactorization",
        "TwoTower",
        "Hybrid",
        "SASRec",
    ]


def test_time_goes_to_order_where_it_matters():
    factorization, sasrec = trained_rungs(facts(), True)
    assert (factorization.weight, sasrec.weight) == (1, 4)
    factorization, sasrec = trained_rungs(facts(), False)
    assert (factorization.weight, sasrec.weight) == (3, 1)


def test_settings_follow_the_size():
    dense = trained_rungs(facts(), True)[-1]
    assert dense.arguments["gated"] and dense.arguments["candidates"] == "all"
    assert dense.train["batch_size"] == 32 and dense.train["epochs"] == 40
    sparse = trained_rungs(facts(mean_length=8.9, num_items=12_103), True)[-1]
    assert sparse.arguments["dropout"] == 0.5 and sparse.train["batch_size"] == 16
    many = trained_rungs(facts(num_items=60_000, items=59_000), True)[-1]
    assert many.arguments["candidates"] == "sampled"
    few = trained_rungs(facts(items=5), True)[0]
    assert few.arguments["num_negatives"] == 4


def test_ease_is_left_out_where_it_takes_too_long_or_too_much_memory():
    ease = next(r for r in counted_rungs(facts(num_items=40_000)) if r.class_ == "EASE")
    # 40,000^3 / 1.6e10 seconds, and 24 x 40,000^2 bytes.
    assert ease.seconds == 4000 and ease.bytes == 3.84e10
    assert ease.refusal(80_001, 1e12) is None
    assert ease.refusal(700, 1e12) == (
        "needs about 4000 s, and 700 s are left, of which a twentieth may be taken"
    )
    assert ease.refusal(80_001, 7e10).startswith("needs 35.8 GiB, and 65.2 GiB are free")
    assert Rung("Popularity", "Popularity").refusal(0, 0) is None


@pytest.mark.parametrize("size", [{}, {"num_items": 60_000}, {"users": 60, "interactions": 400}])
def test_every_rung_is_a_config_that_fit_takes(size):
    given = facts(item_features=("text",), user_features=("category",), **size)
    for rung in [*counted_rungs(given), *trained_rungs(given, True)]:
        plain = {"data": {"name": "synthetic"}, "model": {"class": rung.class_, **rung.arguments}}
        config, problems = validate({**plain, "train": rung.train or {}})
        assert not problems, rung.name
