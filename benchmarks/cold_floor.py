"""A baseline for cold items: a ridge regression from item features to factors.

    python -m benchmarks cold_floor

MovieLens 1M; the cold items of the test part are ranked among themselves, as in `accuracy --table
cold`. Factors of the train part come from an SVD. A ridge regression of the warm items' factors on
their features predicts the factors of cold items. The penalty is the best one on the cold items of
the validation part. KERASREC_DATA names the data.
"""

import numpy as np
import scipy.sparse.linalg

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import CONFIGS

CONFIG = "ml-1m-cold/content_based"
FACTORS, K = 100, 30
PENALTIES = (0.1, 1.0, 10.0, 100.0)


def add_arguments(parser):
    """This benchmark has no options of its own."""


def ridge(features, factors, penalty):
    """W of argmin |X W - Y|^2 + penalty |W|^2, in dual form: features outnumber items."""
    gram = (features @ features.T).toarray()
    return features.T @ np.linalg.solve(gram + penalty * np.eye(len(gram)), factors)


def recall_and_ndcg(scores, queries, ranked, k=K):
    """Mean recall and NDCG of `scores` `(queries, len(ranked))` over the queries."""
    from kerasrec.metrics import ndcg, recall

    k = min(k, len(ranked))
    found = []
    for own, truth in zip(scores, queries.truth, strict=True):
        found.append(np.isin(ranked[np.argsort(-own, kind="stable")[:k]], truth))
    hits, relevant = np.array(found), queries.truth.lengths
    return recall(hits, relevant, k).mean(), ndcg(hits, relevant, k).mean()


def measure(arguments, say):
    from kerasrec.config import load_config
    from kerasrec.layers.feature_rows import KINDS, feature_rows
    from kerasrec.training.read_data import read_split

    name, changes = CONFIG, []
    if arguments.quick:
        name, changes = "synthetic/content_based", ["data.options={users: 200, items: 150}"]
    data, split = read_split(load_config(CONFIGS / f"{name}.yaml", changes))
    train = split.train
    described = [vars(f) for f in data.schema().item_features if f.kind in KINDS]
    features, _ = feature_rows(described, data.items.columns)
    pairs = (np.ones(len(train)), (train.user, train.item))
    table = scipy.sparse.csr_matrix(pairs, (len(data.users), len(data.items)))
    users, size, factors = scipy.sparse.linalg.svds(table, min(FACTORS, min(table.shape) - 1))
    warm = np.flatnonzero(train.item_counts())

    def evaluate_part(part, penalty):
        queries = split.queries(part)
        weight = ridge(features[warm], factors.T[warm], penalty)
        scores = (users * size)[queries.users] @ (features[queries.ranked] @ weight).T
        return recall_and_ndcg(scores, queries, queries.ranked)

    chosen = {penalty: evaluate_part("validation", penalty)[0] for penalty in PENALTIES}
    for penalty, recall in chosen.items():
        say(f"penalty {penalty:g}: Recall@{K} {recall:.4f} on validation")
    best = max(chosen, key=chosen.get)
    recall, ndcg = evaluate_part("test", best)
    row = Row("ridge regression", (float(recall),), f"NDCG@{K} {ndcg:.4f}, penalty {best:g}")
    items = len(split.queries("test").ranked)
    tables = [Table(f"{items} cold items", f"recall@{K}", (row,))]
    return Report("Baseline of cold items", {"config": name}, tables)
