"""TwoTower: a tower of the user and the request, and a tower of the item."""

from kerasrec.layers import DotProduct, EmbeddingTower
from kerasrec.models import ContextInputs, ItemInputs, Retriever, UserInputs, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class TwoTower(Retriever):
    """A tower of the user and the request, a tower of the item, and their dot product.

        score(u, c, i) = <f(id_u, features_u, c), g(id_i, features_i)> [/ (|f| |g| temperature)]

    c are the features of the request, such as its hour, where the interactions have them. Training
    reads those of the interaction that is to be predicted; one that a request does not give is
    missing, which is zeros. Text features are read as bags of words. `id_dropout` trains the
    unknown row and the features to score an item without its id: this is how items without
    interactions are scored.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        mlp: Widths of the hidden layers of each tower.
        candidates: "in_batch", "sampled", "sampled_by_popularity" or "all"; "pair" for ratings, to
            whose scores mu is added.
        num_negatives: Shared negatives of "sampled".
        log_q: Apply the logQ correction to the logits of "in_batch" and "sampled". A softmax needs
            it; BPR and cross-entropy as published have none.
        l2: Penalty on the rows in the batch.
        id_dropout: Share of ids replaced by the unknown row in training.
        temperature: Divides the cosine of both vectors; None uses their dot product.
        statistics: Let the items have the mean, deviation and confidence of their train ratings as
            a feature, see `item_statistics`.

    Reference:
        Yi et al., Sampling-bias-corrected neural modeling for large corpus item
        recommendations, RecSys 2019.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = TwoTower(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.recommend(users=[train.users.vocabulary.ids[0]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "cold_items"})

    def __init__(
        self,
        schema,
        dim=64,
        mlp=(),
        candidates="in_batch",
        num_negatives=1024,
        log_q=True,
        l2=0.0,
        id_dropout=0.1,
        temperature=None,
        statistics=False,
        name=None,
    ):
        # === Layers ===
        user = UserInputs(schema) if schema.user_features else None
        context = ContextInputs(schema)
        catalog = item_table(schema, statistics=statistics)
        item_features = [feature for feature in catalog.features if feature["name"] != "count"]
        users = EmbeddingTower(
            schema.num_users,
            dim,
            [*(user.features if user else ()), *context.features],
            mlp,
            l2,
            id_dropout,
            rows_of="users",
            name="user_tower",
        )
        items = EmbeddingTower(
            schema.num_items,
            dim,
            item_features,
            mlp,
            l2,
            id_dropout,
            rows_of="items",
            name="item_tower_features",
        )
        rates = candidates == "pair"
        dot = DotProduct(global_bias=rates, temperature=temperature, name="dot_product")

        # === Wiring ===
        row = user.inputs["user"] if user else query_input("user")
        read = {**(user.values if user else {}), **context.values}
        item = ItemInputs(catalog.inputs([feature["name"] for feature in item_features]))
        super().__init__(
            schema=schema,
            inputs={"user": row, **context.inputs},
            query=dot.query(users(row, read or None)),
            item_encoder=item.encoder(dot.candidate(items(item.known, item.features or None))),
            catalog=catalog,
            user=user,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
