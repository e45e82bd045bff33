"""Sampled items as negatives."""

import math

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.candidates import MASKED, Candidates, flat, shaped
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register


@register
class SampledCandidates(Candidates):
    """Each observed item against the same few sampled items.

        logits = [<q, v_item> - log(S p_item),  <q, v_j> - log(S p_j)  for S sampled j]

    The negatives are drawn with replacement, once for the whole batch, so `S p_j` is how often j is
    expected among them. Subtracting its log makes the softmax an estimate of the one over all
    items. For `BPR` and `BinaryCrossentropy` as published give `log_q=False`.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.
        num_negatives: S.
        distribution: "uniform", or "log_uniform": the item of popularity rank r (from 0) of n is
            drawn with probability `log((r + 2) / (r + 1)) / log(n + 1)`. The ranks come from
            `adapt`; before, they are the order of the rows.
        log_q: Subtract the log of the expected counts.
        mask_accidental_hits: Mask a negative that is the row's own item.
        seed: Of the sampler.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`.

    Output shape:
        `item.shape + (1 + num_negatives,)`, float32.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import SampledCandidates
    >>> vectors = np.array([[0, 0], [0, 0], [1, 2], [3, 4], [5, 6]], "float32")
    >>> query, item = np.array([[1, 0]], "float32"), np.array([3])
    >>> layer = SampledCandidates(5, num_negatives=100)
    >>> layer(query, item, item_model=lambda rows: np.take(vectors, rows, 0)).shape
    TensorShape([1, 101])

    Reference:
        Jean et al., On using very large target vocabulary for neural machine translation, ACL 2015;
        `tf.nn.sampled_softmax_loss`.
    """

    def __init__(
        self,
        num_items,
        num_negatives=1024,
        distribution="uniform",
        log_q=True,
        mask_accidental_hits=True,
        seed=0,
        **kwargs,
    ):
        super().__init__(num_items, **kwargs)
        if distribution not in ("uniform", "log_uniform"):
            raise InputError(
                f"distribution: expected 'uniform' or 'log_uniform', received {distribution!r}"
            )
        if num_negatives < 1:
            raise InputError(f"num_negatives: expected at least 1, received {num_negatives}")
        self.num_negatives = num_negatives
        self.distribution = distribution
        self.log_q = log_q
        self.mask_accidental_hits = mask_accidental_hits
        self.seed = seed
        self.add_absent()
        self.seed_generator = keras.random.SeedGenerator(seed)
        if distribution == "log_uniform":
            self.rank_of_item = self._add_ranks("rank_of_item")
            self.item_of_rank = self._add_ranks("item_of_rank")

    def adapt_counts(self, counts):
        if self.distribution == "log_uniform":
            order = np.argsort(-counts[2:], kind="stable")
            self.item_of_rank.assign(order)
            self.rank_of_item.assign(np.argsort(order))

    def num_columns(self, item):
        return 1 + self.num_negatives

    def call(self, query, item, item_model, scorer=None):
        scorer = scorer or DotScorer()
        queries, rows = flat(query, item)
        sampled = ops.cast(self.sample(), rows.dtype)
        vectors = item_model(ops.concatenate([rows, sampled]))
        split = ops.shape(rows)[0]
        positives = scorer.each(queries, vectors[:split])[:, None]
        negatives = scorer.every(queries, vectors[split:])
        if self.log_q:
            positives = positives - self.log_expected(rows)[:, None]
            negatives = negatives - self.log_expected(sampled)
        negatives = negatives + ops.take(self.absent, sampled)
        if self.mask_accidental_hits:
            negatives = ops.where(ops.equal(rows[:, None], sampled), MASKED, negatives)
        return shaped(ops.concatenate([positives, negatives], axis=-1), item)

    def sample(self):
        """Rows `(num_negatives,)` of sampled items."""
        shape, real = (self.num_negatives,), self.num_items - 2
        if self.distribution == "uniform":
            return keras.random.randint(shape, 2, self.num_items, seed=self.seed_generator)
        # A float32 draw takes 2 ** 23 values, too few for the tail of a million items: the second
        # draw fills the gaps between them.
        coarse = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        fine = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        scale = math.log(real + 1)
        ranks = ops.floor(ops.exp(coarse * scale) * (1.0 + fine * (scale * 2.0**-23))) - 1.0
        ranks = ops.clip(ops.cast(ranks, "int32"), 0, real - 1)
        return ops.cast(ops.take(self.item_of_rank, ranks), "int32") + 2

    def log_expected(self, rows):
        """Log of how often each of `rows` is expected among the negatives, float32."""
        real = self.num_items - 2
        if self.distribution == "uniform":
            return ops.full(ops.shape(rows), math.log(self.num_negatives / real), dtype="float32")
        ranks = ops.take(self.rank_of_item, ops.maximum(rows - 2, 0))
        probability = ops.log1p(1.0 / (ops.cast(ranks, "float32") + 1.0)) / math.log(real + 1)
        return ops.log(self.num_negatives * probability)

    def _add_ranks(self, name):
        return self.add_weight(
            shape=(self.num_items - 2,),
            # Keras's "int" is int64 on TensorFlow, which keeps int32 variables on the CPU.
            dtype="int",
            initializer=lambda shape, dtype=None: ops.arange(shape[0], dtype=dtype),
            trainable=False,
            name=name,
        )
