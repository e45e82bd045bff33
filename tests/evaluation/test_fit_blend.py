"""The weights of a blend, where the right ones are known."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.splits import next_item
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate, fit_blend
from kerasrec.evaluation.pool_weights import PoolExamples, gated_weights, pool_weights
from kerasrec.models import Blend
from kerasrec_zoo import ContentKNN, Markov, Popularity, RandomWalk

RNG = np.random.default_rng(0)


def examples(number=400, weights=(1.5, 0.0, 0.5), groups=None):
    """Pools of six items, whose truth is drawn by a softmax of weighted features."""
    features = RNG.normal(size=(number, 6, np.shape(weights)[-1]))
    if groups is None:
        groups = np.zeros(number, "int32")
    weights = np.broadcast_to(weights, (number, features.shape[2]))
    logits = np.einsum("nmp,np->nm", features, weights)
    choice = (logits + RNG.gumbel(size=logits.shape)).argmax(axis=1)
    truth = np.arange(6) == choice[:, None]
    items = np.zeros((number, 6), "int32")
    return PoolExamples.of(features, np.ones((number, 6), bool), truth, groups, items)


def plain_loss(pools, weights):
    total = 0.0
    for features, present, truth in zip(pools.features, pools.present, pools.truth, strict=True):
        x = features @ weights
        others = np.exp(x[present & ~truth]).sum()
        total += np.mean([np.log(np.exp(x[t]) + others) - x[t] for t in np.flatnonzero(truth)])
    return total / len(pools)


def test_the_weights_that_drew_the_truths_are_found():
    found, _ = pool_weights(examples(20_000))
    np.testing.assert_allclose(found, [1.5, 0.0, 0.5], atol=0.05)


def test_no_weights_nearby_are_better_and_the_loss_is_that_of_a_plain_loop():
    pools = examples(60)
    # Some queries have two truths, some places are empty.
    pools.truth[:20, 0], pools.present[30:, 5] = True, False
    pools = PoolExamples.of(
        pools.features, pools.present, pools.truth, pools.query_group, pools.item_group
    )
    found, loss = pool_weights(pools)
    assert loss == pytest.approx(plain_loss(pools, found))
    for step in 0.05 * np.vstack([np.eye(3), -np.eye(3)]):
        assert plain_loss(pools, np.maximum(found + step, 0.0)) >= loss - 1e-7


def test_a_query_without_a_truth_in_its_pool_does_not_count():
    pools = examples(50)
    truth = pools.truth.copy()
    truth[:10] = False
    fewer = PoolExamples.of(
        pools.features, pools.present, truth, pools.query_group, pools.item_group
    )
    assert len(fewer) == 40


def test_pools_of_other_widths_are_joined():
    one, other = examples(30), examples(40)
    narrow = PoolExamples(
        other.features[:, :4], other.present[:, :4], other.truth[:, :4], other.query_group,
        other.item_group[:, :4],
    )  # fmt: skip
    joined = PoolExamples.joined([one, narrow])
    assert joined.present.sum() == 30 * 6 + 40 * 4


def test_gated_weights_find_what_each_group_follows():
    groups = RNG.integers(0, 2, 20_000).astype("int32")
    weights = np.where(groups[:, None] == 0, [2.0, 0.2], [0.2, 2.0])
    pools = examples(20_000, weights, groups)
    for_all, loss = pool_weights(pools)
    found, _, gated_loss = gated_weights(pools, for_all, (2, 1))
    np.testing.assert_allclose(found[:, 0], [[2.0, 0.2], [0.2, 2.0]], atol=0.1)
    assert gated_loss < loss - 0.1


def planted(users=300):
    """Half of the users go from i to i + 1 around a circle, the others stay with one theme.

    A theme has eight items and few users, so that counts do not know it.
    """
    rows = []
    for user in range(users):
        start, theme = RNG.integers(0, 40), RNG.integers(0, 70)
        stays = 40 + 8 * theme + RNG.permutation(8)
        for step in range(6):
            item = (start + step) % 40 if user % 2 else stays[step]
            rows.append((f"u{user}", f"i{item}", step))
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    themes = pd.DataFrame({"item": [f"i{n}" for n in range(600)]})
    # The items of the circle have no theme in common.
    themes["theme"] = [f"t{n}" if n < 40 else f"t{40 + (n - 40) // 8}" for n in range(600)]
    features = {"theme": {"kind": "category"}}
    return next_item(Interactions.from_frame(table, item_frame=themes, item_features=features))


@pytest.fixture(scope="module")
def split():
    return planted()


def parts(split, *classes):
    models = [cls(split.train.schema()) for cls in classes]
    for model in models:
        model.adapt(split.train)
    return models


def ndcg(model, split):
    found = evaluate(model, split, ks=[10], baselines=(), bootstrap=0)
    return found.rows[0]["metrics"]["ndcg@10"]["mean"]


@pytest.mark.parametrize("how", ["sum", "product", "reciprocal_rank"])
def test_a_blend_is_above_both_of_its_parts(split, how):
    models = parts(split, Markov, ContentKNN)
    blend = Blend(models, how)
    found = fit_blend(blend, split)
    assert list(found.part_weights) == ["Markov", "ContentKNN"]
    assert min(found.part_weights.values()) > 0
    assert found.queries == 300 and 200 < found.found <= 300
    assert ndcg(blend, split) > max(ndcg(model, split) for model in models) + 0.05


def test_gated_weights_are_set_by_length_and_count(split):
    blend = Blend(parts(split, Markov, Popularity), gated=True)
    plain = fit_blend(Blend(parts(split, Markov, Popularity)), split)
    found = fit_blend(blend, split)
    assert found.loss <= plain.loss
    counts = split.train.item_counts()
    groups = np.array(blend.blended.item_groups)
    assert counts[groups == 0].max() <= counts[groups == 2].min()


def test_parts_that_saw_the_validation_part_are_refused(split):
    models = parts(split, Markov, Popularity)
    known = split.train.concat(split.validation)
    for model in models:
        model.adapt(known)
    with pytest.raises(InputError, match="were trained on .* of the validation part"):
        fit_blend(Blend(models), split)


def test_too_few_truths_are_refused():
    few = planted(users=6)
    with pytest.raises(InputError, match="of 6 validation users .* and 20 are needed"):
        fit_blend(Blend(parts(few, Markov, RandomWalk)), few)
