"""How a retriever and a ranker fit together."""

import dataclasses

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models.ranker import Ranker
from kerasrec.models.recommender import Recommender


def history_reader(retriever, ranker):
    """The stage that says how histories are read: the retriever, if it reads them."""
    return retriever if "history" in retriever.query_inputs else ranker


def stage_schema(retriever, ranker):
    """The schema of the ranker, with what is read of a history."""
    reads = history_reader(retriever, ranker).schema
    return dataclasses.replace(
        ranker.schema,
        history_length=reads.history_length,
        num_behaviors=reads.num_behaviors,
        timed=reads.timed,
        context_features=(
            *ranker.schema.context_features,
            *only_of_retriever(retriever, ranker),
        ),
    )


def only_of_retriever(retriever, ranker):
    """The features of the request that the retriever reads, and the ranker's data does not have."""
    known = {feature.name for feature in ranker.schema.context_features}
    read = set(retriever.query_inputs) - known
    return [feature for feature in retriever.schema.context_features if feature.name in read]


def check_stages(retriever, ranker):
    """InputError unless both are adapted models that can answer one request, see `TwoStage`."""
    if not isinstance(ranker, Ranker):
        raise InputError(
            f"TwoStage: the ranker must be a Ranker, such as DeepFM, got {type(ranker).__name__}"
        )
    if isinstance(retriever, Ranker) or not isinstance(retriever, Recommender):
        raise InputError(
            "TwoStage: the retriever must be a model that learns from interactions, such as "
            f"SASRec, got {type(retriever).__name__}"
        )
    if (retriever.items is None) != (ranker.items is None):
        raise InputError("TwoStage: both stages must be adapted, and fitted, before")
    if retriever.items is not None:
        for side in ("users", "items"):
            ours, theirs = (getattr(one, side).vocabulary.ids for one in (retriever, ranker))
            if not np.array_equal(ours, theirs[: len(ours)]):
                raise InputError(
                    f"TwoStage: the {len(ours):,} {side} of the retriever are not the first of the "
                    f"{len(theirs):,} of the ranker: read the impressions with past=interactions, "
                    f"or with base=(retriever.users, retriever.items)"
                )
        for name, encoder in retriever.context.items():
            both = name in retriever.query_inputs and name in ranker.context
            if both and not ranker.context[name].continues(encoder):
                raise InputError(
                    f"TwoStage: the stages encode the feature {name} of a request differently: "
                    "read the impressions with encoders=retriever.context, or give one of the two "
                    "another name"
                )
    reads = "history" in ranker.query_inputs and "history" in retriever.query_inputs
    if reads and ranker.schema.history_length != retriever.schema.history_length:
        raise InputError(
            f"TwoStage: the retriever reads {retriever.schema.history_length} items of a history "
            f"and the ranker {ranker.schema.history_length}: build both with the same "
            "history_length"
        )
