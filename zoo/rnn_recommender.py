"""RNNRecommender: a recurrent network over the history predicts the next item."""

from kerasrec.errors import InputError
from kerasrec.layers import DotProduct, EmbeddingTower, LSTMUserEncoder
from kerasrec.models import SequenceItems, SequenceModel
from kerasrec.models.query_input import query_input
from kerasrec.register import register

CELLS = ("rnn", "gru", "lstm", "bilstm")


@register
class RNNRecommender(SequenceModel):
    """Scores items by the dot product with the state of a recurrent network.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = LN(LSTM(x_1, ..., x_t) + x_t) [+ P_u]
        score(i) = <h_t [+ P z_u], V_i>

    over the items s of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them, and of the features z of the user with `features`,
    see `SequenceModel`. History and candidates share one table of item vectors.
    Every position of a history is trained at once, except with "bilstm": that cell also reads the
    steps after a position, so only the last item of each history is trained. An empty history gets
    the popular items.

    With `tied=False` the network stands alone, and items have output vectors W_i and a bias:

        h_t      = LSTM(x_1, ..., x_t) [+ P_u]
        score(i) = <h_t, W_i> + b_i,   so p(next item) = softmax(W h_t + b)

    With the cell "rnn" this is h_t = tanh(A h_(t-1) + B x_t + c) and o_t = W h_t + b.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the state.
        cell: "lstm", "gru", "rnn" (Elman), or "bilstm", an LSTM in both directions. A list, such as
            ["rnn", "rnn"], stacks layers: each reads the states of the one before it.
        tied: Score items by the vectors that the network reads.
        dropout: On the vectors read and on the states.
        use_user: Add a user vector P_u. Users outside the train part have the vector of the unknown
            user.
        user_dropout: With `use_user`, share of users replaced by the unknown user in training.
        features: Read the features of items beside their ids, so that items without interactions
            are recommended too, and those of users, which answer somebody without a history.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to "in_batch" and the sampled kinds.

    References:
        Hidasi et al., Session-based recommendations with recurrent neural networks, ICLR 2016;
        Hidasi, Karatzoglou, Recurrent neural networks with top-k gains for session-based
        recommendations, CIKM 2018 (tied vectors, many negatives).

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = RNNRecommender(train.schema(), dim=8, cell="gru")
    >>> model.adapt(train)
    >>> first, second = train.items.vocabulary.ids[:2]
    >>> model.recommend(histories=[[first, second]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=64,
        cell="lstm",
        tied=True,
        dropout=0.2,
        use_user=False,
        user_dropout=0.1,
        features=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        cells = _checked(cell)
        bidirectional = cells == ["bilstm"]

        # === Layers ===
        items = SequenceItems(schema, dim, dropout, features)
        history = items.history()
        encoders = [
            LSTMUserEncoder(
                dim,
                "lstm" if bidirectional else one,
                bidirectional=bidirectional,
                dropout=dropout,
                residual=tied,
                name="user_encoder" if n == 1 else f"user_encoder_{n}",
            )
            for n, one in enumerate(cells, 1)
        ]

        # === Wiring ===
        vectors = history.vectors
        for encoder in encoders[:-1]:
            vectors = encoder(vectors, history.mask, all_steps=True)
        query = encoders[-1](vectors, history.mask)
        states = None if bidirectional else encoders[-1](vectors, history.mask, all_steps=True)
        if use_user:
            users = EmbeddingTower(
                schema.num_users, dim, id_dropout=user_dropout, rows_of="users", name="users"
            )
            row = items.user.inputs["user"] if items.user else query_input("user")
            history.inputs["user"], vector = row, users(row)
            query, states = query + vector, states if bidirectional else states + vector[:, None]
        output = None
        if not tied:
            table = EmbeddingTower(schema.num_items, dim, rows_of="items", name="output")
            dot = DotProduct(num_items=schema.num_items, name="output_bias")
            query, states = dot.query(query), None if bidirectional else dot.query(states)
            output = dot.candidate(items.of_ids(table, "output_joined"), items.item.known)
        super().__init__(
            history, query, states, candidates, num_negatives, log_q, name, items, output
        )


def _checked(cell):
    """The cells of all layers, a list."""
    cells = [cell] if isinstance(cell, str) else list(cell)
    for one in cells or [cell]:
        if one not in CELLS:
            raise InputError(f"cell must be one of {', '.join(CELLS)}: got {one!r}")
    if len(cells) > 1 and "bilstm" in cells:
        raise InputError(
            f"cell={cell!r}: bilstm cannot be stacked, since its states have read the items that "
            "the positions are trained with: use it alone"
        )
    return cells
