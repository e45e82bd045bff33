"""Article 001: contents, users alike, sequences."""

import numpy as np
import pandas as pd

from kerasrec.data import Interactions
from kerasrec_zoo import ContentBased, UserKNN

# Users by items; NaN is no rating.
NONE = np.nan
TABLE = np.array([[5, 3, 4, NONE], [4, 2, NONE, 3], [1, 5, 2, 4], [NONE, 1, 5, 2], [5, 2, 5, 1]])


def as_data(table):
    users, items = np.nonzero(~np.isnan(table))
    frame = pd.DataFrame({"user": users, "item": items, "value": table[users, items]})
    return Interactions.from_frame(frame.sort_values("item", kind="stable"))


def pearson(x, y):
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both] - x[both].mean(), y[both] - y[both].mean()
    return np.sum(x * y) / np.sqrt(np.sum(x**2) * np.sum(y**2))


def test_a_rating_is_the_mean_of_those_of_similar_users_by_their_pearson_correlation():
    """
    52 | 001 2.2 | Pearson correlation | 皮尔逊相关系数
    55 | 001 2.2 | weighted mean | 加权平均
    58 | 001 2.2 | user-based collaborative filtering | 基于用户的协同过滤

    formula: r(u, i) = sum_v w(u, v) r(v, i) / sum_v w(u, v), w(u, v) = sum (x - mean(x)) (y -
        mean(y)) / sqrt(sum (x - mean(x))^2 sum (y - mean(y))^2)
    use: `UserKNN(task="rating", similarity="pearson", baseline="none", shrinkage=0)`
    command: kerasrec fit configs/ml-100k/user_knn.yaml
    note: both sums go over w > 0, since with others the denominator may be 0; the answer is a
        closed form, so doing it again, as step 4 of the article asks, changes nothing
    """
    data = as_data(TABLE)
    given = {"task": "rating", "similarity": "pearson", "baseline": "none", "shrinkage": 0}
    model = UserKNN(data.schema(), **given)
    for _ in range(2):
        model.adapt(data)
        for u, i in np.argwhere(np.isnan(TABLE)):
            others = [v for v in range(len(TABLE)) if v != u and not np.isnan(TABLE[v, i])]
            weights = np.array([max(pearson(TABLE[u], TABLE[v]), 0.0) for v in others])
            right = weights @ TABLE[others, i] / weights.sum()
            found = model.score(users=[str(u)], items=[str(i)])
            np.testing.assert_allclose(found, [right], rtol=1e-6)


def test_factors_of_items_are_sums_over_their_attributes():
    """
    49 | 001 1.3 | latent factor of item attributes, topics | 隐语义、主题
    50 | 001 1.3 | dot product, similar items | 点积、相似物品

    formula: p_i = sum_j phi_ij theta_j, r_ij = <p_i, p_j>
    use: `ContentBased(encoder="bag_of_words")` with phi as a feature of kind vector
    command: kerasrec fit configs/synthetic/content_based.yaml
    note: a user is the sum of the items of the history; usually LFM means matrix factorization, see
        row 6
    """
    generator = np.random.default_rng(0)
    phi, theta = generator.random((4, 3)), generator.normal(size=(3, 2))
    data = Interactions.from_frame(
        pd.DataFrame({"user": list("aabb"), "item": list("wxyz")}),
        item_frame=pd.DataFrame({"item": list("wxyz"), "phi": phi.tolist()}),
        item_features={"phi": {"kind": "vector"}},
    )
    model = ContentBased(data.schema(), dim=2, encoder="bag_of_words")
    model.adapt(data)
    (kernel,) = [w for w in model.trainable_weights if w.path.endswith("kernel")]
    kernel.assign(np.pad(theta, [[0, 0], [0, 1]]))  # The last column is the bias of an item.
    p = phi @ theta
    # A history of n items is divided by sqrt(1 + n).
    found = model.score(histories=[["w"]] * 4, items=list("wxyz")) * np.sqrt(2)
    np.testing.assert_allclose(found, p @ p[0], atol=1e-6)
    answer = model.similar_items(["w"], k=3)
    cosines = p @ p[0] / np.linalg.norm(p, axis=1) / np.linalg.norm(p[0])
    assert answer["item"].tolist() == [list("wxyz")[i] for i in np.argsort(-cosines)[1:]]
    np.testing.assert_allclose(answer["score"], np.sort(cosines[1:])[::-1], atol=1e-6)
