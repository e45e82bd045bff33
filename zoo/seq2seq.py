"""Seq2Seq: an encoder reads the history, and a decoder generates the next items one by one."""

import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers import (
    AttentionDecoder,
    BeamSearch,
    CausalConvUserEncoder,
    ContextInputDecoder,
    DenseStack,
    EmbeddingTower,
    LSTMUserEncoder,
    PopularWhenEmpty,
    last_real_step,
)
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.layers.lstm_user_encoder import CELLS
from kerasrec.models import HistoryInputs, ItemInputs, TowerModel, item_table
from kerasrec.models.hooks import Hooks
from kerasrec.models.recommender import SCORES_AT_ONCE
from kerasrec.models.requests.contributions import score_losses
from kerasrec.models.top_k import TopK, mask_scores
from kerasrec.register import register


@register
class Seq2Seq(TowerModel):
    """Predicts the next items as a sequence, by an encoder and a decoder with attention.

        h_1, ..., h_t  = GRU(x_1, ..., x_t),    x = v [+ B] [+ G]                       encoder
        q_j, s_j       = decoder(v_(t+j-1), s_(j-1), h_1, ..., h_t),    s_0 = h_t       decoder
        p_j(i | before) = softmax over i of <q_j, v_i>

    The decoder is `AttentionDecoder`. In training it reads the true previous item (teacher
    forcing), and every position of a history is trained on the `horizon` items after it. Where the
    previous item lies beyond the end of the window, the decoder reads zeros. In serving it reads
    the items that it has generated, by `BeamSearch`. History and generated items share one table of
    vectors. The encoder also reads the behavior (B) and the time since the previous step (G) if the
    data has them; the decoder does not, since its steps are in the future.

    With `context_first` the decoder is `ContextInputDecoder`. It starts from s_0 = 0 and attends
    before its cell, which reads the item and the context:

        s_j = GRU([v_(t+j-1); c_j], s_(j-1)),    q_j = s_j

    The first `horizon` items of an answer are the most probable sequence found, in its order,
    without repeated or excluded items. The score of rank j is log p of the sequence up to j. The
    other items follow in the order of the first step, with the score log p of the whole sequence +
    log p_1(i). `score` gives log p_1(i) for any item: the log probability that it is the next item.
    An empty history gets the popular items.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of all states.
        cell: The encoder: a recurrent network of "gru", "lstm" or "rnn" cells; "cnn", causal
            convolutions that reach 7 steps; or "mlp", h_s = relu(W x_s + b) for each step alone.
        context_first: Attend before the cell of the decoder, which starts from zeros.
        horizon: Number of items to generate.
        beams: Number of sequences kept in beam search; 1 is greedy.
        dropout: On the item vectors read.
        candidates: "all", "sampled" or "sampled_by_popularity"; "in_batch" needs (batch x length
            x `horizon`)^2 numbers.
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to the sampled kinds; for the softmax loss only.

    Reference:
        Sutskever, Vinyals, Le, Sequence to sequence learning with neural networks, NeurIPS 2014;
        Luong, Pham, Manning, Effective approaches to attention-based neural machine translation,
        EMNLP 2015.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = Seq2Seq(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=5)["rank"].tolist()
    [1, 2, 3, 4, 5]
    """

    capabilities = frozenset({"users", "histories"})

    def __init__(
        self,
        schema,
        dim=64,
        cell="gru",
        context_first=False,
        horizon=3,
        beams=4,
        dropout=0.2,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        if horizon < 1:
            raise InputError(f"horizon: expected at least 1 item, received {horizon}")
        search = BeamSearch(beams, horizon, name="beam_search")

        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        step = ContextInputDecoder if context_first else AttentionDecoder
        decoder = step(dim, dropout=dropout, name="decoder")
        fallback = PopularWhenEmpty(name="popular_when_empty")
        catalog = item_table(schema)

        # === Item ===
        item = ItemInputs()
        vector = fallback.candidate(items(item.known), item.count)

        # === History ===
        history = HistoryInputs(schema, items, catalog, dropout)
        encode = _encoder(cell, dim, dropout)
        past, real = history.item_vectors, history.mask
        memory = encode(history.vectors, real)
        first_states = ops.zeros_like(memory) if context_first else memory

        # === Training: the items after each position are the shifted history ===
        shifted = ops.pad(past, [[0, 0], [0, horizon - 1], [0, 0]])
        state, queries = first_states, []
        for j in range(horizon):
            previous = shifted[:, j : j - horizon + 1 or None]
            query, state = decoder(previous, state, memory, real, causal=True)
            queries.append(query)
        queries = ops.stack(queries, axis=2) if horizon > 1 else queries[0]

        # === Serving: the first query, the decoder state, the encoder states with their mask ===
        start = [last_real_step(x, real)[:, None] for x in (past, first_states)]
        first, state = decoder(*start, memory, real)
        memory_and_mask = ops.concatenate(
            [memory, ops.cast(real, memory.dtype)[..., None]], axis=-1
        )
        state = ops.pad(state, [[0, 0], [0, 0], [0, 1]])
        query = [fallback.query(first, history.rows), state, memory_and_mask]

        super().__init__(
            schema=schema,
            inputs=history.inputs,
            query=ops.concatenate(query, axis=1),
            training_query=fallback.query(queries, history.rows),
            item_encoder=item.encoder(vector),
            catalog=catalog,
            scorer=DotScorer(),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        self.decoder = decoder
        self.beam_search = search

    @property
    def query_size(self):
        return self.beams * self.schema.num_items + self.schema.history_length * (self.dim + 1)

    def score_catalog(self, queries, catalog):
        return _log_softmax(ops.convert_to_tensor(queries)[:, 0], catalog)

    # From the scores of all items: the probability of one item needs the sum over all.
    score_rows = Hooks.score_rows

    def score_pairs(self, inputs, items):
        rows, catalog, parts = np.asarray(items, "int32"), self.encode_catalog(), []
        at_once = max(1, SCORES_AT_ONCE // self.query_size)
        for start in range(0, max(len(rows), 1), at_once):
            part = slice(start, start + at_once)
            queries = self.encode_queries({name: inputs[name][part] for name in self.query_inputs})
            parts.append(ops.convert_to_numpy(self.score_rows(queries, catalog, rows[part])))
        return np.concatenate(parts)

    def rank_catalog(self, queries, catalog, k, exclude=None, allow=None):
        """As for every model: the generated sequence, then the best items of the first step."""
        queries, dim = ops.convert_to_tensor(queries), self.dim
        first, state = queries[:, :1], queries[:, 1, :dim]
        memory, real = queries[:, 2:, :dim], queries[:, 2:, dim] > 0

        def step(rows, state):
            vectors = ops.take(catalog, rows, axis=0)[..., :dim]
            query, state = self.decoder(vectors, state, memory, real)
            query = ops.pad(query, [[0, 0], [0, 0], [0, 1]])
            # Without a history every step ranks by popularity.
            return _log_softmax(ops.where(first[..., dim:] > 0, first, query), catalog), state

        scores = mask_scores(self.score_catalog(queries, catalog), exclude, allow)
        sequence = self.beam_search(scores, state, step=step)
        rest = TopK(k)(scores, exclude=sequence["rows"])
        ranked = {"rows": rest["rows"], "scores": rest["scores"] + sequence["scores"][:, -1:]}
        return {
            name: ops.concatenate([sequence[name], ranked[name]], axis=1)[:, :k] for name in ranked
        }

    def contributions(self, inputs, history, items):
        """As for every model; item j adds the decrease of log p_1 when it is removed."""
        return score_losses(self, inputs, history, items)


def _encoder(cell, dim, dropout):
    """A function from vectors and mask of a history to its states `(batch, length, dim)`."""
    if cell in CELLS:
        layer = LSTMUserEncoder(dim, cell, dropout=dropout, name="encoder")
        return lambda vectors, real: layer(vectors, real, all_steps=True)
    if cell == "cnn":
        layer = CausalConvUserEncoder((1,), dropout=dropout, name="encoder")
        return lambda vectors, real: layer(vectors, real, all_steps=True)
    if cell == "mlp":
        layer = DenseStack((dim,), dropout=dropout, name="encoder")
        return lambda vectors, real: layer(vectors, mask=real)
    expected = ", ".join([*CELLS, "cnn", "mlp"])
    raise InputError(f"cell: expected one of {expected}, received {cell!r}")


def _log_softmax(queries, catalog):
    """log p `(..., rows)` of all items for queries `(..., dim)`, normalized without rows 0, 1."""
    logits = ops.cast(ops.matmul(queries, ops.transpose(catalog)), "float32")
    total = ops.logsumexp(logits[..., 2:], axis=-1, keepdims=True)
    # Rounding must not raise a probability above 1.
    return ops.minimum(logits - total, 0.0)
