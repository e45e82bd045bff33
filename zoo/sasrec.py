"""SASRec: causal self-attention over the history."""

from kerasrec.layers import TransformerUserEncoder
from kerasrec.models import SequenceItems, SequenceModel
from kerasrec.register import register


@register
class SASRec(SequenceModel):
    """Self-attention in which each step of a history attends to itself and to earlier steps.

        x_t      = V_st [+ B_bt] [+ G_gt]
        h_t      = Transformer(sqrt(dim) x_1 + P_1, ..., sqrt(dim) x_t + P_t) at t
        score(i) = <h_n [+ P z_u], V_i>

    over the items s of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them, and of the features z of the user with `features`,
    see `SequenceModel`. History and candidates share one table of item vectors
    V. Every position of a history is trained. The paper uses one negative for each; here the loss
    is a softmax over all items or over many sampled ones, with which SASRec matches BERT4Rec.

    Args:
        schema: `Schema` of the data; the last `history_length` items are read.
        dim: Length of the vectors.
        num_blocks: Blocks of attention and feed-forward network.
        num_heads: Number of attention heads, a divisor of `dim`.
        hidden_factor: Width of the feed-forward network's hidden layer, in units of `dim`.
        dropout: On the inputs, the attention weights and the outputs of each sublayer.
        gated: Multiply the attention output by a per-channel SiLU gate of the query step.
        features: Read the features of items beside their ids, so that items without interactions
            are recommended too, and those of users, which answer somebody without a history.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of "sampled".
        log_q: Apply the logQ correction to the sampled kinds; for the softmax loss only.

    Reference:
        Kang, McAuley, Self-attentive sequential recommendation, ICDM 2018; Klenitskiy, Vasilev,
        Turning dross into gold loss: is BERT4Rec really better than SASRec?, RecSys 2023; the gate
        of Zhai et al., Actions speak louder than words, ICML 2024.

    Example:

    >>> from kerasrec.data import batches, load
    >>> from kerasrec.losses import Softmax
    >>> train = load("synthetic", users=50, items=100)
    >>> model = SASRec(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> model.compile("adam", Softmax())
    >>> _ = model.fit(batches(train, model.train_inputs, batch_size=16), verbose=0)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=64,
        num_blocks=2,
        num_heads=1,
        hidden_factor=1,
        dropout=0.2,
        gated=False,
        features=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        items = SequenceItems(schema, dim, dropout, features)
        encoder = TransformerUserEncoder(
            num_blocks, num_heads, hidden_factor, "relu", dropout, schema.history_length,
            gated=gated, name="user_encoder",
        )  # fmt: skip

        # === Wiring ===
        history = items.history()
        # Without context StepContext is not called, since building it draws a seed.
        steps = history.vectors if history.context else history.item_vectors
        vectors = steps * dim**0.5
        query = encoder(vectors, history.mask)
        states = encoder(vectors, history.mask, all_steps=True)
        super().__init__(history, query, states, candidates, num_negatives, log_q, name, items)
