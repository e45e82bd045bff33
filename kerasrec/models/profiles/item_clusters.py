"""Groups of items that are alike, named by what their items have in common."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.layers.feature_code import FeatureCode
from kerasrec.layers.feature_rows import KINDS
from kerasrec.models.item_column import item_column
from kerasrec.models.profiles.item_values import item_values
from kerasrec.models.profiles.k_means_plus_plus import k_means_plus_plus
from kerasrec.models.requests.similar_items import directions
from kerasrec.whole_number import whole_number

BY = ("behavior", "content")
NAMES = 3  # values in the name of a cluster
CODE_DIM = 32


def item_clusters(model, k, by=None, seed=0):
    """Computes the answer of `Recommender.cluster_items`, with its arguments."""
    if by is None:
        by = "behavior" if model.searchable else "content"
    if by not in BY:
        raise InputError(f"by must be one of {', '.join(BY)}, got {by!r}")
    vectors = _behavior(model) if by == "behavior" else _content(model)
    rows = FIRST + np.flatnonzero(np.abs(vectors[FIRST:]).sum(axis=1) > 0)
    k = whole_number(k, "k", 2, len(rows), "the number of items with a vector, ")
    if without := len(vectors) - FIRST - len(rows):
        why = "train interactions" if by == "behavior" else "features"
        warnings.warn(f"items without {why} are in no cluster: {without:,}", stacklevel=3)
    vectors = vectors[rows]
    clusters, centres = k_means_plus_plus(vectors, k, whole_number(seed, "seed", 0))
    distance = np.linalg.norm(vectors - centres[clusters], axis=1)
    names = _names(model, rows, clusters, distance, k)
    x, y = _plane(vectors)
    columns = {
        "cluster": clusters,
        "name": names[clusters],
        "item": model.items.vocabulary.lookup(rows),
        "title": model.items.title_of(rows),
        "distance": distance,
        "x": x,
        "y": y,
    }
    order = np.lexsort((distance, clusters))
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def _behavior(model):
    vectors = directions(model, model.encode_catalog())
    if vectors is None:
        raise InputError(
            f"{type(model).__name__} has no item vectors to compare: set by to content, or take a "
            "model such as MatrixFactorization"
        )
    taken = np.bincount(model.histories.items, minlength=len(vectors)) > 0
    # The vector of an item that nobody took says nothing about behavior.
    return np.where(taken[:, None], vectors, 0.0)


def _content(model):
    features, columns = [], {}
    for feature in model.schema.item_features:
        column = item_column(model, feature.name)
        if column is not None and feature.kind in KINDS:
            features.append(dataclasses.asdict(feature))
            columns[feature.name] = column
    if not features:
        raise InputError(
            f"{type(model).__name__} knows no features of its items: set by to behavior, or read "
            "item_features and take a model that keeps them, such as TwoTower"
        )
    code = FeatureCode(features, CODE_DIM)
    code.adapt({name: column[FIRST:] for name, column in columns.items()})
    vectors = np.array(ops.convert_to_numpy(code(columns)))
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-9)


def _names(model, rows, clusters, distance, k):
    """The values that are more frequent in a cluster than in all of them, or its middle items."""
    titles, found = model.items.title_of(rows), np.empty(k, dtype=object)
    tables = [(values, values.table[rows]) for values in item_values(model)]
    shares = [np.asarray(table.mean(axis=0)).ravel() for _, table in tables]
    for cluster in range(k):
        inside = np.flatnonzero(clusters == cluster)
        gains = []
        for (values, table), share in zip(tables, shares, strict=True):
            gain = np.asarray(table[inside].mean(axis=0)).ravel() - share if len(inside) else []
            prefix = f"{values.feature} " if values.kind == "number" else ""
            best = np.argsort(-np.asarray(gain), kind="stable")[:NAMES]
            gains += [(gain[i], f"{prefix}{values.labels[i]}") for i in best if gain[i] > 1e-9]
        best = [label for _, label in sorted(gains, key=lambda one: -one[0])[:NAMES]]
        if not best:
            middle = inside[np.argsort(distance[inside], kind="stable")[:NAMES]]
            best = [str(titles[i]) for i in middle]
        found[cluster] = ", ".join(best)
    return found


def _plane(vectors):
    """The first two principal components of vectors, for a picture."""
    centred = vectors - vectors.mean(axis=0)
    _, directions_ = np.linalg.eigh(centred.T @ centred)
    plane = np.zeros((len(vectors), 2))
    best = directions_[:, ::-1][:, :2]
    # The sign of a direction is arbitrary: make its largest entry positive.
    best = best * np.sign(best[np.abs(best).argmax(axis=0), np.arange(best.shape[1])])
    plane[:, : best.shape[1]] = centred @ best
    return plane[:, 0], plane[:, 1]
