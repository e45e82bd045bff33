"""SocialMF: matrix factorization that keeps user vectors near those of their friends."""

import dataclasses
import warnings

import keras
import numpy as np
import pandas as pd
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.id_list import id_list, unknown_note
from kerasrec.layers import (
    CatalogTable,
    DotProduct,
    EmbeddingTower,
    ListSample,
    SocialPull,
)
from kerasrec.models import ItemInputs, Retriever, item_table
from kerasrec.models.predict import predict
from kerasrec.models.query_input import query_input
from kerasrec.models.requests.similar_rows import similar_rows
from kerasrec.models.top_k import NEVER
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class SocialMF(Retriever):
    """Latent factors with biases, with a penalty between users and the mean of their friends.

        score(u, i) = <p_u, q_i> + b_u + b_i + mu
        loss + beta * mean over the batch of |p_u - mean of p_v over the friends v of u|^2

    Friends are the user feature of kind `users`: a column with the ids of other users. The graph is
    directed, so it may hold trust as well. Without such a feature this is `MatrixFactorization`. A
    user with friends and without interactions has the mean vector of the friends.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        candidates: "pair", "in_batch", "sampled", "sampled_by_popularity" or "all".
        num_negatives: Shared negatives of "sampled".
        log_q: Apply the logQ correction to the logits of "in_batch" and "sampled". A softmax needs
            it; BPR and cross-entropy as published have none.
        biases: Add user, item and global bias; "pair" always has the global bias.
        l2: Factor of |p_u|^2 + |q_i|^2, over the rows in the batch.
        beta: Weight of the penalty.
        num_friends: Friends read for a user; if there are more, they are sampled in each step.

    Reference:
        Jamali and Ester, A matrix factorization technique with trust propagation for
        recommendation in social networks, RecSys 2010.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> train = Interactions.from_frame(
    ...     pd.DataFrame({"user": ["ann", "bob", "cem"], "item": ["tea", "tea", "jam"]}),
    ...     user_frame=pd.DataFrame({"user": ["ann", "bob"], "friends": ["bob|cem", "ann"]}),
    ...     user_features={"friends": {"kind": "users"}},
    ... )
    >>> model = SocialMF(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.recommend_people(["bob"], k=2)["person"].tolist()
    ['cem']
    """

    def __init__(
        self,
        schema,
        dim=64,
        candidates="in_batch",
        num_negatives=1024,
        log_q=True,
        biases=True,
        l2=0.0,
        beta=0.3,
        num_friends=32,
        name=None,
    ):
        # === Layers ===
        users = EmbeddingTower(schema.num_users, dim, l2=l2, rows_of="users", name="user_tower")
        items = EmbeddingTower(schema.num_items, dim, l2=l2, rows_of="items", name="item_tower_ids")
        sizes = (schema.num_users, schema.num_items) if biases else (0, 0)
        rates = candidates == "pair"
        dot = DotProduct(*sizes, global_bias=biases or rates, name="dot_product")
        friend_table, feature = _friend_table(schema)

        # === Wiring ===
        user = query_input("user")
        item = ItemInputs()
        vector = users(user)
        if friend_table is not None:
            columns = friend_table(user)
            friends = columns[feature.name]
            if feature.length > num_friends:
                friends = ListSample(num_friends, name="friend_sample")(friends)
            vector = SocialPull(beta, name="social_pull")(
                vector, users.table(friends), friends, user, columns["count"]
            )
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=dot.query(vector, user),
            item_encoder=item.encoder(dot.candidate(items(item.known), item.known)),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        self.friend_table = friend_table
        self.friend_feature = feature and feature.name
        self.user_model = keras.Model({"user": user}, vector, name="user_model")

    @property
    def features_read(self):
        friends, (_, own) = {self.friend_feature} - {None}, super().features_read
        return friends, own

    @property
    def candidate_weights(self):
        # The graph is data: a model that starts from a checkpoint keeps its own.
        friends = [] if self.friend_table is None else self.friend_table.weights
        return [*super().candidate_weights, *friends]

    def adapt(self, train):
        super().adapt(train)
        if self.friend_table is not None:
            counts = train.user_counts().astype("float32")
            self.friend_table.assign({**train.users.columns, "count": counts})

    def recommend_people(self, users, k=10):
        """The k most similar users for each user, without the user and its friends.

            score(u, v) = cosine of p_u and p_v

        Users with neither train interactions nor friends are never returned.

        Args:
            users: External user ids. Unknown ones are skipped, with a warning.
            k: Users to return for each, at most the number of users.

        Returns:
            A DataFrame with columns `user`, `rank` (from 1), `person`, `score`.

        Raises:
            InputError: if k is no whole number or too large, or `users` is a string.
        """
        self.check_adapted("recommend_people")
        self.check_finite("recommend_people")
        k = whole_number(k, "k", 1, self.schema.num_users - FIRST, "the number of users, ")
        names = np.asarray(id_list(users, "users"), dtype=object)
        rows = self.users.vocabulary.rows(names)
        if unknown := list(names[rows < FIRST]):
            warnings.warn(unknown_note("user", unknown, "left out"), stacklevel=2)
        names, rows = names[rows >= FIRST], rows[rows >= FIRST]
        all_users = np.arange(self.schema.num_users, dtype="int32")
        friends, known = None, self.histories.lengths > 0
        if self.friend_table is not None:
            table = ops.convert_to_numpy(self.friend_table.tables[self.friend_feature])
            friends, known = table[rows], known | table.any(axis=1)
        vectors = predict(self.user_model, {"user": all_users})
        found, scores = similar_rows(vectors, rows, k, exclude=friends, allow=known)
        frame = pd.DataFrame(
            {
                "user": np.repeat(names, k),
                "rank": np.tile(np.arange(1, k + 1), len(names)),
                "person": self.users.vocabulary.lookup(found).ravel(),
                "score": scores.ravel(),
            }
        )
        return frame[frame["score"] != NEVER]


def _friend_table(schema):
    """(table of friends, user feature that it holds), or (None, None) without such a feature."""
    features = [feature for feature in schema.user_features if feature.kind == "users"]
    if len(features) > 1:
        raise InputError(
            "SocialMF reads one user feature of kind users; the data has "
            f"{', '.join(feature.name for feature in features)}: leave all but one out"
        )
    if not features:
        return None, None
    count = {"name": "count", "kind": "number", "size": 1, "length": 1}
    columns = [dataclasses.asdict(features[0]), count]
    return CatalogTable(schema.num_users, columns, rows_of="users", name="friends"), features[0]
