import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest

from kerasrec import metrics
from kerasrec.data import Interactions, Split, splits
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate as evaluate_beside_baselines

USERS, ITEMS = 60, 40

evaluate = functools.partial(evaluate_beside_baselines, baselines=())


@pytest.fixture
def split():
    """Random data with categories: cold and warm items, users without history."""
    rng = np.random.default_rng(0)
    user = rng.integers(0, USERS, 1500)
    item = (rng.power(0.4, 1500) * ITEMS).astype(int)
    frame = pd.DataFrame({"user": user, "item": item}).drop_duplicates()
    items = pd.DataFrame({"item": np.arange(ITEMS), "genre": np.arange(ITEMS) % 5})
    data = Interactions.from_frame(
        frame, item_frame=items, item_features={"genre": {"kind": "category"}}
    )
    test = (data.user % 3 == 0) & (rng.random(len(data)) < 0.3) | (data.item > ITEMS - 3)
    test |= data.user < 6
    empty = data.select(np.zeros(len(data), bool))
    return Split(data.select(~test), empty, data.select(test), "planted")


@pytest.fixture
def model(split, scripted):
    scores = np.random.default_rng(1).normal(size=(USERS + 2, ITEMS + 2))
    return scripted(split.train, scores)


def known_items(part, user):
    return part.item[part.user == user]


def brute_force(model, split, k):
    """Per user: the list, the truths. One user at a time, sets and sorting only."""
    lists = {}
    for user in sorted(set(split.test.user.tolist())):
        seen = set(known_items(split.train, user).tolist())
        rows = [i for i in range(2, ITEMS + 2) if i not in seen]
        rows.sort(key=lambda i: -model.scores[user, i])
        lists[user] = rows[:k], set(known_items(split.test, user).tolist())
    return lists


def test_default_cutoffs_are_cut_to_the_items_and_written_ones_refused(scripted):
    frame = pd.DataFrame({"user": list("uvuuvwwwww"), "item": list("aebcaabcde")})
    data = Interactions.from_frame(frame)
    split = Split(data.select(slice(0, 2)), data.select(slice(0, 0)), data.select([2, 4]), "few")
    model = scripted(data, np.zeros((5, 7)))
    found = evaluate(model, split)
    assert found.ks == (5,) and "recall@5" in found.rows[0]["metrics"]
    assert found.notes[-1] == "The catalogue has 5 items: the cut-offs are (5,), not (5, 10, 20)."
    with pytest.raises(InputError, match="ks must be between 1 and the catalogue's 5 items"):
        evaluate(model, split, ks=(5, 10, 20))


def test_a_sample_of_users_has_the_numbers_of_these_users_alone(split, model):
    whole = evaluate(model, split, ks=(5,), bootstrap=0)
    found = evaluate(model, split, ks=(5,), bootstrap=100, users=20, seed=3)
    assert found.n_queries == 20 < whole.n_queries
    note = f"Ranked for 20 of {whole.n_queries} users, drawn at random with seed 3."
    assert note in found.notes
    index = np.random.default_rng([3, 1]).choice(whole.n_queries, 20, replace=False)
    users = np.unique(split.test.user)[index]
    test = split.test.select(np.isin(split.test.user, users))
    alone = evaluate(model, dataclasses.replace(split, test=test), ks=(5,), bootstrap=100, seed=3)
    for name in ("groups", "deciles"):
        assert found.to_dict()[name] == alone.to_dict()[name]
    ours, theirs = found.to_dict()["rows"][0], alone.to_dict()["rows"][0]
    assert ours["metrics"] == theirs["metrics"]
    recall, mean = (
        found.rows[0]["metrics"]["recall@5"],
        whole.rows[0]["metrics"]["recall@5"]["mean"],
    )
    assert recall["low"] < mean < recall["high"]


def test_a_sample_of_more_users_than_there_are_is_all(split, model):
    whole = evaluate(model, split, ks=(5,), bootstrap=0)
    found = evaluate(model, split, ks=(5,), bootstrap=0, users=10_000)
    assert (found.n_queries, found.notes) == (whole.n_queries, whole.notes)
    with pytest.raises(InputError, match="users"):
        evaluate(model, split, ks=(5,), users=0)


def test_a_ranking_worked_by_hand(scripted):
    # u took a; then b and c. Ranked: a (masked) d b e c: hits at 2 and 4.
    # v took nothing known; then a. Ranked: a: a hit at 1.
    frame = pd.DataFrame({"user": list("uvuuvwwwww"), "item": list("aebcaabcde")})
    data = Interactions.from_frame(frame)
    part = np.array([0, 1, 2, 2, 2, 0, 0, 0, 0, 0])
    split = Split(*(data.select(part == i) for i in range(3)), "by hand")
    rank = {name: i for i, name in enumerate("adbec")}
    order = [rank.get(name, 9) for name in data.items.vocabulary.lookup(np.arange(7))]
    model = scripted(data, np.tile(-np.array(order, dtype=float), (5, 1)))
    found = evaluate(model, split, ks=(1, 2, 4))
    value = {name: each["mean"] for name, each in found.rows[0]["metrics"].items()}
    expected = {
        "recall@1": (0 + 1) / 2,
        "recall@2": (1 / 2 + 1) / 2,
        "recall@4": (1 + 1) / 2,
        "precision@4": (2 / 4 + 1 / 4) / 2,
        "hit_rate@1": 1 / 2,
        "mrr@4": (1 / 2 + 1) / 2,
        "map@4": ((1 / 2 + 2 / 4) / 2 + 1) / 2,
        "ndcg@2": (1 / np.log2(3) / (1 + 1 / np.log2(3)) + 1) / 2,
        # d, a; then b, d and e, b are added: all but c at 4
        "coverage@1": 2 / 5,
    }
    assert {name: value[name] for name in expected} == pytest.approx(expected)
    assert found.n_queries == 2 and found.part == "test" and found.protocol == "by hand"


def test_metrics_are_those_of_a_loop_over_users(model, split):
    k = 7
    found = evaluate(model, split, ks=(3, k), batch_size=16)
    lists = brute_force(model, split, k)
    assert found.n_queries == len(lists)
    recalls = [len(truth & set(rows)) / len(truth) for rows, truth in lists.values()]
    ndcgs = []
    for rows, truth in lists.values():
        gain = sum(1 / np.log2(i + 2) for i, row in enumerate(rows) if row in truth)
        ndcgs.append(gain / sum(1 / np.log2(i + 2) for i in range(min(k, len(truth)))))
    value = found.rows[0]["metrics"]
    assert value["recall@7"]["mean"] == pytest.approx(np.mean(recalls))
    assert value["ndcg@7"]["mean"] == pytest.approx(np.mean(ndcgs))
    for each in value.values():
        if not np.isnan(each["low"]):
            assert each["low"] <= each["mean"] <= each["high"]


def test_groups_are_those_of_a_loop_over_users(model, split):
    found = evaluate(model, split, ks=(7,))
    counts = split.train.item_counts()
    lists = brute_force(model, split, 7)
    group = {(each["by"], each["group"]): each for each in found.groups}
    assert len(found.groups) == 6
    for name, low, high in (("cold", 0, 1), ("warm", 1, 10), ("hot", 10, 10**9)):
        recalls = []
        for rows, truth in lists.values():
            wanted = {row for row in truth if low <= counts[row] < high}
            if wanted:
                recalls.append(len(wanted & set(rows)) / len(wanted))
        assert recalls and group["item", name]["n"] == len(recalls)
        mean = group["item", name]["metrics"]["recall@7"]["mean"]
        assert mean == pytest.approx(np.mean(recalls))
        recalls = [
            len(truth & set(rows)) / len(truth)
            for user, (rows, truth) in lists.items()
            if low <= len(known_items(split.train, user)) < high
        ]
        assert group["user", name]["n"] == len(recalls)
        if recalls:
            mean = group["user", name]["metrics"]["recall@7"]["mean"]
            assert mean == pytest.approx(np.mean(recalls))
    assert group["user", "cold"]["n"] > 0
    for by in ("item", "user"):
        pairs = sum(each["pairs"] for each in found.groups if each["by"] == by)
        assert pairs == len(split.test)


def test_recall_by_decile_of_popularity(model, split):
    found = evaluate(model, split, ks=(3, 7)).deciles
    counts, lists = split.train.item_counts(), brute_force(model, split, 7)
    assert [each["decile"] for each in found] == list(range(1, 11))
    assert sum(each["truths"] for each in found) == len(split.test)
    known = [each for each in found if each["truths"]]
    for lower, higher in zip(known, known[1:], strict=False):
        assert lower["most"] <= higher["fewest"]
    hits = sum(len(truth & set(rows)) for rows, truth in lists.values())
    assert sum(each["truths"] * each["recall"]["recall@7"] for each in known) == pytest.approx(hits)
    last = known[-1]
    wanted = [
        (row in rows) for rows, truth in lists.values() for row in truth
        if last["fewest"] <= counts[row]
    ]  # fmt: skip
    if last["fewest"] > known[-2]["most"]:
        assert last["recall"]["recall@7"] == pytest.approx(np.mean(wanted))


def test_beyond_accuracy_on_the_same_lists(model, split):
    found = evaluate(model, split, ks=(3, 7)).rows[0]["metrics"]
    lists = brute_force(model, split, 7)
    rows, counts = np.array([rows for rows, _ in lists.values()]), split.train.item_counts()
    assert found["coverage@7"]["mean"] == metrics.coverage(rows, ITEMS)
    assert found["novelty@3"]["mean"] == pytest.approx(metrics.novelty(rows[:, :3], counts).mean())
    known = np.array(
        [counts[items].mean() if len(items) else np.nan
         for items in (known_items(split.train, user) for user in lists)]
    )  # fmt: skip
    lift = metrics.popularity_lift(metrics.average_popularity(rows, counts), known)
    assert found["popularity_lift@7"]["mean"] == pytest.approx(lift)
    genre = split.train.items.columns["genre"]
    alike = [(genre[row][:, None] == genre[row])[np.triu_indices(7, 1)].mean() for row in rows]
    assert found["diversity@7"]["mean"] == pytest.approx(1 - np.mean(alike), abs=1e-6)


def test_seen_items_are_masked_and_repeats_reported(scripted):
    # u took a, b, c; the test asks for b again and for d
    frame = pd.DataFrame(
        {"user": list("uuuuuv"), "item": list("abcbda"), "timestamp": range(6)}
    )  # fmt: skip
    data = Interactions.from_frame(frame)
    part = np.array([0, 0, 0, 2, 2, 0])
    split = Split(*(data.select(part == i) for i in range(3)), "repeat")
    model = scripted(data, np.tile(-np.arange(6.0), (4, 1)))
    found = evaluate(model, split, ks=(1, 4))
    assert found.rows[0]["metrics"]["recall@4"]["mean"] == 0.5
    assert found.rows[0]["metrics"]["recall@1"]["mean"] == 0.5
    told = "1 of 2 truths were in the user's history (50%); seen items are masked"
    assert any(note.startswith(told) for note in found.notes)
    assert any("evaluate.repeats: allow" in note for note in found.notes)
    assert found.to_table().title.endswith("1 users, seen items masked")


def test_repeats_are_ranked_where_the_model_or_the_caller_allows_them(scripted):
    # The scores say a, b, c, d, e, f: of b and d the first two of all items hold b, the first four
    # both, and without a, b and c the first one is d.
    frame = pd.DataFrame({"user": list("uuuuuv"), "item": list("abcbda"), "timestamp": range(6)})
    data = Interactions.from_frame(frame)
    part = np.array([0, 0, 0, 2, 2, 0])
    split = Split(*(data.select(part == i) for i in range(3)), "repeat")
    model = scripted(data, np.tile(-np.arange(6.0), (4, 1)))
    for repeats, recalls in (("mask", [0.5, 0.5, 0.5]), ("allow", [0.0, 0.5, 1.0])):
        model.repeats = repeats
        for given in (None, repeats):
            found = evaluate(model, split, ks=(1, 2, 4), baselines=(model,), repeats=given)
            for row in found.rows:
                assert [row["metrics"][f"recall@{k}"]["mean"] for k in (1, 2, 4)] == recalls
            assert found.repeats == found.to_dict()["repeats"] == repeats
    assert found.to_table().title.endswith("1 users, seen items ranked")
    told = "1 of 2 truths were in the user's history (50%); seen items are ranked as all others."
    assert told in found.notes
    with pytest.raises(InputError, match="repeats must be one of mask, allow: got True"):
        evaluate(model, split, ks=(1,), repeats=True)


def test_an_invalid_bootstrap_is_refused_before_anything_is_ranked(model, split):
    with pytest.raises(InputError, match="bootstrap, 0 for no intervals"):
        evaluate(model, split, bootstrap=1)
    assert not model.asked


def test_allowing_repeats_without_any_is_noted(model, split):
    found = evaluate(model, split, bootstrap=0, repeats="allow")
    assert any(note.startswith("No truth was in the user's history") for note in found.notes)


def test_the_batch_size_does_not_change_results(model, split):
    whole = evaluate(model, split, bootstrap=50).to_dict()
    one_by_one = evaluate(model, split, bootstrap=50, batch_size=1).to_dict()
    for part in ("groups", "deciles"):
        assert one_by_one[part] == whole[part]
    assert one_by_one["rows"][0]["metrics"] == whole["rows"][0]["metrics"]
    assert model.encoded == 2


def test_a_history_model_gets_the_last_known_items(split, scripted):
    class FollowsTheLast(scripted):
        query_inputs = ("history",)

        def score(self, inputs):
            history = inputs["history"]
            last = history[np.arange(len(history)), np.maximum((history > 0).sum(axis=1) - 1, 0)]
            return self.scores[last]

    model = FollowsTheLast(split.train, np.random.default_rng(2).normal(size=(ITEMS + 2,) * 2))
    evaluate(model, split, bootstrap=0, batch_size=1)
    asked = [inputs["history"][0] for inputs, _ in model.asked]
    assert all(set(inputs) == {"history"} for inputs, _ in model.asked)
    users = np.unique(split.test.user)
    expected = []
    for items in (known_items(split.train, user)[-3:] for user in users):
        expected.append(tuple(np.pad(items, (0, 3 - len(items))).tolist()))
    assert sorted(tuple(row.tolist()) for row in asked) == sorted(expected)


def test_validation_does_not_know_the_test_part(scripted):
    frame = pd.DataFrame({"user": list("uuuuvvvv"), "item": list("abcdacbe")})
    data = Interactions.from_frame(frame)
    split = splits.next_item(data)
    model = scripted(data, np.zeros((4, 7)))
    for part, known in (("validation", 2), ("test", 3)):
        evaluate(model, split, part=part, ks=(1,), bootstrap=0)
        assert (model.asked[-1][1] > 0).sum(axis=1).tolist() == [known, known]


def test_baselines_are_measured_on_the_same_queries(model, split, scripted):
    reports = []
    other = scripted(split.train, -model.scores)
    found = evaluate(
        model, split, baselines=[other], progress=lambda *numbers: reports.append(numbers)
    )
    assert [row["model"] for row in found.rows] == ["ScriptedModel", "ScriptedModel 2"]
    alone = evaluate(other, split)
    for name, value in alone.rows[0]["metrics"].items():
        assert found.rows[1]["metrics"][name] == pytest.approx(value, rel=1e-5, nan_ok=True), name
    n = found.n_queries
    assert reports == [(n, 2 * n), (2 * n, 2 * n)]


def test_the_difference_to_a_baseline_is_paired_by_user(model, split, scripted):
    same = scripted(split.train, model.scores)
    other = scripted(split.train, -model.scores)
    found = evaluate(model, split, baselines=[same, other])
    ours, _, theirs = (row["metrics"]["ndcg@10"]["mean"] for row in found.rows)
    equal, above = (row["metrics"]["ndcg@10"] for row in found.above)
    # The same lists differ in no resample, however much users do.
    assert equal == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert above["mean"] == pytest.approx((ours - theirs) / theirs, rel=1e-5)
    assert above["low"] < above["mean"] < above["high"]
    assert [row["model"] for row in found.above] == ["ScriptedModel 2", "ScriptedModel 3"]
    assert evaluate(model, split).above == []


def test_data_that_has_grown_since(model, split):
    late = pd.DataFrame({"user": ["0", "new", "new", "0"], "item": ["new", "1", "2", "newer"]})
    data = Interactions.from_frame(late, base=(split.train.users, split.train.items))
    empty = data.select(np.zeros(len(data), bool))
    part = np.array([0, 0, 2, 2])
    grown = Split(data.select(part == 0), empty, data.select(part == 2), "late")
    assert len(data.items.vocabulary) == ITEMS + 4
    found = evaluate(model, grown, ks=(ITEMS + 2,), bootstrap=0).rows[0]["metrics"]
    inputs, exclude = model.asked[-1]
    assert set(inputs["user"].tolist()) == {1, split.train.users.vocabulary.rows("0").item()}
    assert exclude.max() < ITEMS + 2
    # the known user asks for an item the model has no row for, the unknown one for an old item
    assert found[f"recall@{ITEMS + 2}"]["mean"] == 0.5


def test_items_the_model_does_not_know_are_left_out_of_histories(split, scripted):
    class Follows(scripted):
        query_inputs = ("history",)

        def score(self, inputs):
            return np.zeros((len(inputs["history"]), ITEMS + 2))

    model = Follows(split.train, [[0.0]])
    late = pd.DataFrame({"user": list("aaaaaabb"), "item": list("0?12x3x0")})
    data = Interactions.from_frame(late, base=(split.train.users, split.train.items))
    unknown = data.items.vocabulary.rows("?").item()
    data = dataclasses.replace(data, item=np.where(data.item == unknown, 1, data.item))
    last = np.array([0, 0, 0, 0, 0, 1, 0, 1], bool)
    grown = Split(data.select(~last), data.select(slice(0, 0)), data.select(last), "late")
    evaluate(model, grown, ks=(1,), bootstrap=0)
    inputs, exclude = model.asked[-1]
    known = data.items.vocabulary.rows(["0", "1", "2"]).tolist()
    # The last three of what the model knows, as `recommend` and the export read a history.
    assert inputs["history"].tolist() == [[0, 0, 0], known]
    assert set(exclude[1].tolist()) <= {0, 1, *known}


@pytest.mark.parametrize("ks", [(), (0, 5), (5, ITEMS + 1)])
def test_wrong_cut_offs(model, split, ks):
    with pytest.raises(InputError, match=f"catalogue's {ITEMS} items|at least 1: got 0"):
        evaluate(model, split, ks=ks)


def test_wrong_models(model, split):
    with pytest.raises(InputError, match="batch_size must be at least 1, received -1"):
        evaluate(model, split, batch_size=-1)
    renamed = dataclasses.replace(split.train, items=split.train.users)
    with pytest.raises(InputError, match="adapted to other items"):
        evaluate(model, dataclasses.replace(split, train=renamed), ks=(1,))
    model.query_inputs = ("user", "hour")
    with pytest.raises(InputError, match="query input 'hour'"):
        evaluate(model, split)
    model.items = None
    with pytest.raises(InputError, match="call model.adapt"):
        evaluate(model, split)


def test_the_popularity_model_through_the_real_top_k(split):
    from kerasrec_zoo import Popularity

    model = Popularity(split.train.schema())
    model.adapt(split.train)
    found = evaluate(model, split, ks=(5,), bootstrap=0).rows[0]["metrics"]
    counts, recalls = split.train.item_counts(), []
    for user in np.unique(split.test.user):
        seen = known_items(split.train, user)
        rows = [i for i in np.argsort(-counts, kind="stable") if i > 1 and i not in seen][:5]
        recalls.append(np.isin(known_items(split.test, user), rows).mean())
    assert found["recall@5"]["mean"] == pytest.approx(np.mean(recalls))


def test_popularity_and_item_knn_are_the_default_baselines(split):
    from kerasrec_zoo import Popularity

    model = Popularity(split.train.schema())
    model.adapt(split.train)
    rows = evaluate_beside_baselines(model, split, ks=(5,), bootstrap=0).rows
    assert [row["model"] for row in rows] == ["Popularity", "ItemKNN"]
    again = evaluate_beside_baselines(model, split, ks=(5,), baselines=("ItemKNN",), bootstrap=0)
    for one, other in zip(again.rows, rows, strict=True):
        assert one["metrics"]["ndcg@5"]["mean"] == other["metrics"]["ndcg@5"]["mean"]


def test_sampled_split_ranks_the_candidates_alone(scripted):
    frame = pd.DataFrame({"user": list("uuuvvv"), "item": list("abcabd")})
    extra = pd.DataFrame({"user": ["w"] * 4, "item": list("efgh")})
    data = Interactions.from_frame(pd.concat([frame, extra]))
    split = splits.sampled(data, negatives=3, seed=1)
    scores = np.random.default_rng(2).normal(size=(len(data.users), len(data.items)))
    found = evaluate(scripted(split.train, scores), split, ks=(1, 2))
    queries = split.queries("test")
    for k in (1, 2):
        expected = []
        for n, user in enumerate(queries.users):
            among = queries.candidates[n]
            best = among[np.argsort(-scores[user, among])][:k]
            expected.append(bool(set(best) & set(queries.truth[n])))
        name = f"sampled_recall@{k}"
        assert found.rows[0]["metrics"][name]["mean"] == pytest.approx(np.mean(expected))
    assert all(name.startswith("sampled_") for name in found.rows[0]["metrics"])
    assert found.deciles == []
    assert any("published" in note or "drawn" in note for note in found.notes)
    found.to_table()


def test_only_the_ranked_items_of_a_part_are_in_its_lists(scripted):
    # The model likes a most, but only d and e are ranked: e before d.
    frame = pd.DataFrame({"user": list("uuvvu"), "item": list("abacd"), "fold": [0, 0, 0, 0, 2]})
    more = pd.DataFrame({"user": ["v", "v"], "item": ["e", "f"], "fold": [2, 1]})
    data = Interactions.from_frame(pd.concat([frame, more]))
    split = splits.cold_items(data, among="cold", given=True)
    scores = dict(zip("abcdef", [5.0, 4.0, 3.0, 1.0, 2.0, 6.0], strict=True))
    ids = data.items.vocabulary.lookup(np.arange(8))
    model = scripted(data, np.tile([scores.get(name, -9.0) for name in ids], (4, 1)))
    found = evaluate(model, split, ks=(1, 2)).rows[0]["metrics"]
    assert found["recall@1"]["mean"] == 0.5 and found["recall@2"]["mean"] == 1.0


def test_a_user_of_very_many_events_widens_the_rows_of_no_other(scripted):
    """Padded to its 100,000 events, the seen items of all would be 40 million numbers."""
    user = np.r_[np.repeat(np.arange(400), 3), np.full(100_000, 400)]
    item = np.random.default_rng(0).integers(0, 30, len(user))
    frame = pd.DataFrame({"user": user, "item": item, "timestamp": np.arange(len(user))})
    split = splits.next_item(Interactions.from_frame(frame))
    model = scripted(split.train, np.random.default_rng(1).normal(size=(403, 32)))
    found = evaluate(model, split, bootstrap=0, ks=(3,))
    assert found.n_queries == 401 == sum(len(exclude) for _, exclude in model.asked)
    assert len(model.asked) == 2 and max(exclude.size for _, exclude in model.asked) < 200_000
