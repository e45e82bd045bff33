"""The score of a retriever as a feature of impressions."""

import dataclasses

import numpy as np

from kerasrec.data import host_arrays
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.given_context import GivenContext
from kerasrec.data.impression_batches import rows
from kerasrec.data.query_spec import ITEM, QUERY_INPUTS
from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError

RETRIEVER_SCORE = "retriever_score"
ROWS_AT_ONCE = 4096
BLOCK = 2**20  # rows whose columns are in memory, where they are files


def with_retriever_scores(data, retriever, encoder=None):
    """Impressions with one number more: the score of each item by a retriever, at its time.

    A `TwoStage` gives the ranker the score of each candidate in its place. The retriever must not
    have learned from the impressions or from what came after them: its scores of what it has seen
    are better than those of what comes, and the ranker would trust them too much.

    Args:
        data: `Impressions` with a `past`, if the retriever reads histories.
        retriever: An adapted model of the same users and items; those of the data that come after
            its own are unknown to it, as they are in a `TwoStage`.
        encoder: The encoder of the train part, for other parts; None to fit one. A split of the
            result fits it to its own train part.

    Returns:
        `Impressions` with the context feature "retriever_score", a number.

    Raises:
        InputError: for a feature of the request that the retriever reads, and the impressions lack
            or encode otherwise.
    """
    _check_context(data, retriever)
    length = retriever.schema.history_length
    read = {name: QUERY_INPUTS.get(name) for name in retriever.query_inputs}
    absent = [each for each in read.values() if each is not None and each.request_only]
    named = [name for name in read if name not in {each.name for each in absent}]
    parts = []
    for start in range(0, len(data), BLOCK):
        part = data.select(slice(start, start + BLOCK))
        gather = rows(host_arrays, part, (*named, ITEM), length)[1]
        for first in range(0, len(part), ROWS_AT_ONCE):
            x = gather(np.arange(first, min(first + ROWS_AT_ONCE, len(part))), length)
            x = _as_known(retriever.schema, x)
            shape = x["history"].shape if absent else ()
            x |= {each.name: np.full(shape, each.missing, each.dtype) for each in absent}
            parts.append(retriever.score_pairs(x, x[ITEM]))
    scores = np.concatenate(parts) if parts else np.zeros(0, "float32")
    given = data.given
    if encoder is None:
        encoder = FeatureEncoder.fit(RETRIEVER_SCORE, scores, "number")
        given = (*given, GivenContext.of_number(RETRIEVER_SCORE, scores))
    column = encoder.encode(scores)
    return dataclasses.replace(
        data,
        context={**data.context, RETRIEVER_SCORE: column},
        encoders={**data.encoders, RETRIEVER_SCORE: encoder},
        given=given,
    )


def _check_context(data, retriever):
    for name, encoder in retriever.context.items():
        if name not in retriever.query_inputs:
            continue
        if name not in data.encoders:
            raise InputError(
                f"{type(retriever).__name__} reads the feature {name} of a request, and "
                f"{data.name!r} has none: declare it in context, of the same kind"
            )
        if not data.encoders[name].continues(encoder):
            raise InputError(
                f"{type(retriever).__name__} encodes the feature {name} of a request in another "
                f"way than {data.name!r}: read that with encoders=retriever.context"
            )


def _as_known(schema, inputs):
    """Inputs whose rows behind the tables of the retriever are those of the unknown."""
    sizes = {"user": schema.num_users, ITEM: schema.num_items, "history": schema.num_items}
    rows = [feature for feature in schema.context_features if feature.dtype == "int32"]
    sizes |= {feature.name: feature.size for feature in rows}
    sizes = {name: size for name, size in sizes.items() if name in inputs}
    known = {name: np.where(inputs[name] < n, inputs[name], UNKNOWN) for name, n in sizes.items()}
    return {**inputs, **known}
