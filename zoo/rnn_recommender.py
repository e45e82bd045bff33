"""RNNRecommender: a recurrent network reads what the user did and says what comes next."""

from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTower, LSTMUserEncoder
from kerasrec.models import HistoryInputs, SequenceModel, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register

CELLS = ("rnn", "gru", "lstm", "bilstm")


@register
class RNNRecommender(SequenceModel):
    """The state of a recurrent network against the item vectors it reads.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = LN(LSTM(x_1, ..., x_t) + x_t) [+ P_u]
        score(i) = <h_t, V_i>

    over the items s of the history, with what was done (b) and the time since the step before (g)
    where the data says it. Every position of a history is trained at once; the two-way LSTM,
    which sees what comes after a position, learns the last one of each history. An empty history
    is answered with what is popular.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the state.
        cell: "lstm", "gru", "rnn" (Elman), or "bilstm", the LSTM in both directions.
        dropout: Of the vectors read, and of the states, in training.
        use_user: Add a vector of the user's own. Users outside of the train part have the vector of
            the unknown user.
        user_dropout: Share of users shown as the unknown user in training, with `use_user`.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct "in_batch" and the sampled kinds for how often an item is drawn.

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
        dropout=0.2,
        use_user=False,
        user_dropout=0.1,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        if cell not in CELLS:
            raise InputError(f"cell must be one of {', '.join(CELLS)}: got {cell!r}")
        two_way = cell == "bilstm"

        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        history = HistoryInputs(schema, items, item_table(schema), dropout)
        encoder = LSTMUserEncoder(
            dim,
            "lstm" if two_way else cell,
            bidirectional=two_way,
            dropout=dropout,
            residual=True,
            name="user_encoder",
        )

        # === Wiring ===
        query = encoder(history.vectors, history.mask)
        states = None if two_way else encoder(history.vectors, history.mask, all_steps=True)
        if use_user:
            users = EmbeddingTower(
                schema.num_users, dim, id_dropout=user_dropout, rows_of="users", name="users"
            )
            history.inputs["user"] = query_input("user")
            vector = users(history.inputs["user"])
            query, states = query + vector, states if two_way else states + vector[:, None]
        super().__init__(history, query, states, candidates, num_negatives, log_q, name)
