"""YouTubeCandidates: an MLP over the mean of what was watched, and the features of the user."""

import keras
from keras import ops

from kerasrec.data.query_spec import EXAMPLE_AGE
from kerasrec.errors import InputError
from kerasrec.layers import DenseStack, EmbeddingTower, PopularWhenEmpty
from kerasrec.layers.last_step import last_real_step
from kerasrec.models import (
    ContextInputs,
    HistoryInputs,
    ItemInputs,
    Retriever,
    UserInputs,
    item_table,
)
from kerasrec.models.user_inputs import ALONE
from kerasrec.register import register


@register
class YouTubeCandidates(Retriever):
    """Finds candidates by an MLP over the mean of the history: the first stage of YouTube.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = W MLP([mean(x_1, ..., x_t); z; a]) + c
        score(i) = <h_n, V_i>

    over the items s of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them. z is the vector of all user features and features of
    the request, such as the words of a search, place and device, see `EmbeddingTower`; a is the age
    of the example. History and candidates share the table V. An empty history gets the popular
    items; where z is known its score is <W MLP([0; z; 0]) + c, V_i> + log(1 + count of i), which a
    tenth of the histories is trained with.

    Every step is trained to predict the item after it. With features of the request, each
    interaction is an example of its own, which reads the request of that interaction.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors.
        mlp: Widths of the layers of the MLP, before the last one of width `dim`.
        dropout: Rate on the output of each of these layers.
        context_dropout: Share of the histories without behaviors, and without times, in training.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to "in_batch" and the sampled kinds; for the softmax loss.
        age: Train with the age of each example: the time from it to the end of the train part, as a
            share of the time of the whole part. A query has the age 0, so answers follow what was
            taken last. Needs times.

    Reference:
        Covington, Adams and Sargin, Deep neural networks for YouTube recommendations, RecSys 2016.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = YouTubeCandidates(train.schema(), dim=8, mlp=(16,))
    >>> model.adapt(train)
    >>> first, second = train.items.vocabulary.ids[:2]
    >>> model.recommend(histories=[[first, second]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories"})

    def __init__(
        self,
        schema,
        dim=64,
        mlp=(256, 128),
        dropout=0.0,
        context_dropout=0.1,
        candidates="sampled_by_popularity",
        num_negatives=1024,
        log_q=True,
        age=False,
        name=None,
    ):
        if age and not schema.timed:
            raise InputError(
                "YouTubeCandidates: age=True needs the time of each interaction: map a column to "
                "timestamp, or leave age out"
            )
        user = UserInputs(schema) if schema.user_features else None

        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        catalog = item_table(schema)
        history = HistoryInputs(schema, items, catalog, context_dropout)
        stack = DenseStack(mlp, dropout=dropout, name="mlp")
        last_layer = DenseStack((dim,), "linear", name="query")
        context = ContextInputs(schema)
        features = [*(user.features if user else ()), *context.features]
        fallback = PopularWhenEmpty(ALONE if features else 0.0, name="popular_when_empty")
        if features:
            tower = EmbeddingTower(2, dim, features, use_id=False, name="user_profile")
        # A request is that of one interaction, so each is an example with its own history.
        self.steps = "last" if context.features else "all"

        # === Wiring ===
        # Sums over a long history are not exact in half precision.
        real = ops.cast(history.mask, "float32")[..., None]
        sums = ops.cumsum(ops.cast(history.vectors, "float32") * real, axis=1)
        means = sums / ops.maximum(ops.cumsum(real, axis=1), 1.0)
        mean = last_real_step(means, history.mask)
        inputs, known = {**history.inputs, **context.inputs}, context.values
        if user:
            inputs, known = {**inputs, **user.inputs}, {**user.values, **known}
        trained, profile, wide = mean if self.steps == "last" else means, None, None
        if features:
            # The features alone: no id is looked up.
            profile = wide = tower(inputs.get("user", history.rows), known)
            if self.steps == "all":
                wide = ops.zeros_like(means[..., :1]) + profile[:, None]
        train_only, ages, now = {}, None, None
        if age:
            ages = keras.Input(trained.shape[1:-1], dtype="float32", name=EXAMPLE_AGE)
            train_only[EXAMPLE_AGE] = ages
            ages, now = ops.cast(ages, trained.dtype)[..., None], ops.zeros_like(mean[..., :1])

        def query(*parts):
            parts = [part for part in parts if part is not None]
            return last_layer(stack(ops.concatenate(parts, axis=-1)))

        alone = query(ops.zeros_like(mean), profile, now) if features else None
        item = ItemInputs()
        super().__init__(
            schema=schema,
            inputs=inputs,
            query=fallback.query(query(mean, profile, now), history.rows, alone),
            training_query=fallback.query(query(trained, wide, ages), history.rows, alone),
            train_only=train_only,
            item_encoder=item.encoder(fallback.candidate(items(item.known), item.count)),
            catalog=catalog,
            user=user,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
