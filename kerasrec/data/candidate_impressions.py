"""Impressions from a retriever: what a ranker will have to order."""

from typing import Any

import numpy as np

from kerasrec.data import host_arrays
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.given_context import GivenContext
from kerasrec.data.impression_batches import rows as inputs_of
from kerasrec.data.impressions import Impressions
from kerasrec.data.impressions_report import ImpressionsReport
from kerasrec.data.interactions import Interactions
from kerasrec.data.past import Past
from kerasrec.data.query_spec import ITEM
from kerasrec.data.retriever_scores import RETRIEVER_SCORE
from kerasrec.data.schema import Task
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

EVENTS_AT_ONCE = 1024


def candidate_impressions(
    retriever: Any,
    interactions: Interactions,
    events: Any,
    *,
    num_candidates: int = 100,
    negatives: int = 15,
    seed: int = 0,
) -> Impressions:
    """Events as requests: the item that was taken, among candidates of a retriever.

    For each event the retriever answers from what the user did before. The item that was taken is a
    click, and `negatives` of the other candidates, drawn uniformly, are rows of the same request
    without one. An event whose item is not among the candidates is left out: a ranker never sees
    such an item either, and would learn that low scores are good. The context feature
    "retriever_score" is the score of each row, which a `TwoStage` gives the ranker as well. The
    features of a request are those of its event, for the retriever and for the ranker.

    The retriever must not have learned from the events: fit it on what was before, and serve with
    one that is fitted on everything.

    `negative_rate` is the share of the other candidates that was drawn. So a predicted probability
    is that of a request which shows all candidates, one of which is taken.

    >>> import pandas as pd
    >>> from kerasrec_zoo import Popularity
    >>> events = pd.DataFrame({"user": list("uvwu"), "item": list("aabb")})
    >>> data = Interactions.from_frame(events)
    >>> model = Popularity(data.schema())
    >>> model.adapt(data)
    >>> found = candidate_impressions(model, data, [3], num_candidates=2, negatives=1)
    >>> len(found), found.items.vocabulary.lookup(found.item).tolist()
    (1, ['b'])

    Args:
        retriever: an adapted model of the same users and items.
        interactions: what users did, in time order; without times their order is the time.
        events: positions of the interactions to learn from, or a mask of them.
        num_candidates: how many items the retriever finds, as `TwoStage` does later.
        negatives: candidates drawn for each event.
        seed: of the draws.

    Returns:
        `Impressions` with the label "click", each event's item before what was drawn; its report
        says how many events were left out.

    Raises:
        InputError: if no item of an event is among the candidates.
    """
    num_candidates = whole_number(num_candidates, "num_candidates", 2, None)
    negatives = whole_number(
        negatives, "negatives", 1, num_candidates - 1, "all candidates but one, "
    )
    events = np.arange(len(interactions))[events]
    asked = _requests(retriever, interactions, events)
    chosen, rows, scores, others = _drawn(retriever, asked, num_candidates, negatives, seed)
    if not len(chosen):
        raise InputError(
            f"none of {len(events):,} items is among the {num_candidates} candidates of "
            f"{type(retriever).__name__}: choose more candidates, or other events"
        )
    real = rows != PADDING
    encoder = FeatureEncoder.fit(RETRIEVER_SCORE, scores[real], "number")
    label = np.zeros(rows.shape, np.float32)
    label[:, 0] = 1
    taken = np.repeat(chosen, real.sum(axis=1))
    found, context = asked.select(taken), interactions.context.select(events)
    note = (
        f"{len(chosen):,} of {len(events):,} events have their item among the {num_candidates} "
        "candidates; the others are left out."
    )
    return Impressions(
        user=found.user,
        item=rows[real],
        labels={"click": label[real]},
        tasks=found.tasks,
        users=found.users,
        items=found.items,
        context={**_of_rows(context, taken), RETRIEVER_SCORE: encoder.encode(scores[real])},
        encoders={**context.encoders, RETRIEVER_SCORE: encoder},
        given=(GivenContext.of_number(RETRIEVER_SCORE, scores[real]),),
        request=found.request,
        timestamp=found.timestamp,
        negative_rate=float((real.sum() - len(chosen)) / max(1, others)) or 1.0,
        past=found.past,
        report=ImpressionsReport(
            rows_read=len(events),
            impressions=int(real.sum()),
            requests=len(chosen),
            users=len(np.unique(found.user)),
            items=len(np.unique(rows[real])),
            labels={"click": float(label[real].mean())},
            notes=[note],
        ),
        name=interactions.name,
    )


def _of_rows(context, rows):
    return {name: column[rows] for name, column in context.columns.items()}


def _requests(retriever, interactions, events):
    """The events themselves as impressions, of which the retriever's inputs are made."""
    times, given = interactions.timestamp, interactions.context.values
    read = set(retriever.query_inputs)
    encoders = {name: one for name, one in retriever.context.items() if name in read}
    if missing := encoders.keys() - given.keys():
        raise InputError(
            f"{type(retriever).__name__} reads the feature {min(missing)} of a request, and "
            f"{interactions.name!r} has none: read it with context="
        )
    return Impressions(
        user=interactions.user[events],
        item=interactions.item[events],
        labels={"click": np.ones(len(events), np.float32)},
        tasks=(Task("click"),),
        users=interactions.users,
        items=interactions.items,
        # As the retriever knows them.
        context={name: one.encode(given[name][events]) for name, one in encoders.items()},
        encoders=encoders,
        request=events,
        timestamp=None if times is None else times[events],
        past=Past.of_events(interactions, events),
    )


def _drawn(retriever, asked, num_candidates, negatives, seed):
    """The events whose item was found; their rows and scores, 0 for none; what was not drawn from.

    Returns:
        `(chosen (n,), rows (n, 1 + negatives), scores, others)`: positions in `asked`, the item of
        the event before what was drawn, and the number of other candidates of all n.
    """
    num_candidates = min(num_candidates, retriever.schema.num_items - FIRST)
    length, random = retriever.schema.history_length, np.random.default_rng(seed)
    gather = inputs_of(host_arrays, asked, (*retriever.query_inputs, ITEM), length)[1]
    catalog, others = retriever.encode_catalog(), 0
    parts = [], [], []
    for start in range(0, len(asked), EVENTS_AT_ONCE):
        some = np.arange(start, min(start + EVENTS_AT_ONCE, len(asked)))
        seen = None if retriever.repeats == "allow" else _seen(asked.past, some)
        x = gather(some, length)
        rows, scores = retriever.top_k(x, num_candidates, exclude=seen, catalog=catalog)
        hit = rows == asked.item[some, None]
        order = random.random(rows.shape)
        order[hit], order[rows == PADDING] = -1, 2
        places = np.argsort(order, axis=1)[:, : 1 + negatives]
        found = hit.any(axis=1)
        others += int((rows[found] != PADDING).sum() - found.sum())
        drawn = (np.take_along_axis(one, places, axis=1)[found] for one in (rows, scores))
        for part, values in zip(parts, (some[found], *drawn), strict=True):
            part.append(values)
    if not parts[0]:
        return np.zeros(0, np.int64), np.zeros((0, 1)), np.zeros((0, 1)), 0
    return *(np.concatenate(part) for part in parts), others


def _seen(past, some):
    """What the users took before some events, padded with 0."""
    first, lengths = past.first[some], past.stop[some] - past.first[some]
    places = np.arange(max(1, lengths.max()))
    at = np.minimum(first[:, None] + places, max(0, len(past.histories.items) - 1))
    return np.where(places < lengths[:, None], past.histories.items[at], 0)
