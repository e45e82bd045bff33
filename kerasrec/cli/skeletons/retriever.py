"""NewModel: TODO what it is, in one line."""

from kerasrec.layers import DotProduct, EmbeddingTower
from kerasrec.models import ItemInputs, Retriever, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class NewModel(Retriever):
    """TODO what it does, in one sentence. As written it is a dot product with a bias.

        score(u, i) = <p_u, q_i> + b_i

    TODO replace the formula, here and in the wiring.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        candidates: "in_batch", "sampled", "sampled_by_popularity" or "all"; "pair" for ratings.
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct "in_batch" and the sampled kinds for how often an item is drawn.

    Reference:
        TODO

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NewModel(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.recommend(users=[train.users.vocabulary.ids[0]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(self, schema, dim=64, candidates="all", num_negatives=1024, log_q=True, name=None):
        # === Layers ===
        users = EmbeddingTower(schema.num_users, dim, rows_of="users", name="user_tower")
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_tower_ids")
        dot = DotProduct(
            num_items=schema.num_items, global_bias=candidates == "pair", name="dot_product"
        )

        # === Wiring ===
        user, item = query_input("user"), ItemInputs()
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=dot.query(users(user)),
            item_encoder=item.encoder(dot.candidate(items(item.known), item.known)),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
