"""MatrixFactorization: the dot product of a user vector and an item vector."""

from kerasrec.layers import DotProduct, EmbeddingTower
from kerasrec.models import ItemInputs, Retriever, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class MatrixFactorization(Retriever):
    """Latent factors with biases, for ratings or for clicks.

        score(u, i) = <p_u, q_i> [/ (|p_u| |q_i| temperature)] + b_u + b_i + mu

    For ratings: `candidates="pair"` and the MSE loss, where `l2` is the lambda of
    (r - score)^2 + lambda (|p_u|^2 + |q_i|^2) over the observed pairs. For clicks: any other
    candidates and a softmax, BPR or cross-entropy loss.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        candidates: "pair", "in_batch", "sampled", "sampled_by_popularity" or "all".
        num_negatives: Shared negatives of "sampled".
        log_q: Apply the logQ correction to the logits of "in_batch" and "sampled". A softmax needs
            it; BPR and cross-entropy as published have none.
        biases: Add user, item and global bias; "pair" always has the global bias.
        l2: Lambda, applied to the rows in the batch.
        temperature: Divides the cosine of both vectors, for a softmax; None uses their dot product.

    Reference:
        Koren, Bell, Volinsky, Matrix factorization techniques for recommender systems, 2009.

    Example:

    >>> from kerasrec.data import batches, load
    >>> from kerasrec.losses import Softmax
    >>> train = load("synthetic", users=50, items=100)
    >>> model = MatrixFactorization(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.compile("adam", Softmax())
    >>> _ = model.fit(batches(train, model.train_inputs, batch_size=64), verbose=0)
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
        temperature=None,
        name=None,
    ):
        # === Layers ===
        users = EmbeddingTower(schema.num_users, dim, l2=l2, rows_of="users", name="user_tower")
        items = EmbeddingTower(schema.num_items, dim, l2=l2, rows_of="items", name="item_tower_ids")
        sizes = (schema.num_users, schema.num_items) if biases else (0, 0)
        rates = candidates == "pair"
        dot = DotProduct(
            *sizes, global_bias=biases or rates, temperature=temperature, name="dot_product"
        )

        # === Wiring ===
        user = query_input("user")
        item = ItemInputs()
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=dot.query(users(user), user),
            item_encoder=item.encoder(dot.candidate(items(item.known), item.known)),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
