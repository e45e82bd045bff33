"""Sampled negatives, shared by the batch."""

import math

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.candidates import MASKED, Candidates, flatten, unflatten
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register


@register
class SampledCandidates(Candidates):
    """Logits of the positive and of sampled negatives, the same for the whole batch.

        logits = [<q, v_item> - log(S p_item),  <q, v_j> - log(S p_j)  for S sampled j]

    The negatives are sampled with replacement, once for the whole batch. `S p_j` is the expected
    count of j among them. With the logQ correction, the subtraction of its log, the softmax
    estimates the softmax over all items. `BPR` and `BinaryCrossentropy` as published use
    `log_q=False`.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.
        num_negatives: S.
        distribution: "uniform", or "log_uniform": the item with popularity rank r (from 0) of n
            items has the probability `log((r + 2) / (r + 1)) / log(n + 1)`. `adapt` sets the ranks;
            before, they are the order of the rows.
        log_q: Apply the logQ correction.
        mask_accidental_hits: Mask a negative that equals the row's positive.
        seed: Seed of the sampler.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`.

    Output shape:
        `item.shape + (1 + num_negatives,)`, float32.

    Raises:
        InputError: for an unknown distribution, or `num_negatives` below 1.

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
        self.add_absent_mask()
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
        queries, rows = flatten(query, item)
        sampled = ops.cast(self.sample(), rows.dtype)
        vectors = item_model(ops.concatenate([rows, sampled]))
        num_positives = ops.shape(rows)[0]
        positives = scorer.score_pairs(queries, vectors[:num_positives])[:, None]
        negatives = scorer.score_all(queries, vectors[num_positives:])
        if self.log_q:
            positives = positives - self.log_expected_count(rows)[:, None]
            negatives = negatives - self.log_expected_count(sampled)
        negatives = negatives + ops.take(self.absent_mask, sampled)
        if self.mask_accidental_hits:
            negatives = ops.where(ops.equal(rows[:, None], sampled), MASKED, negatives)
        return unflatten(ops.concatenate([positives, negatives], axis=-1), item)

    def sample(self):
        """Samples item rows, `(num_negatives,)`."""
        shape, num_real = (self.num_negatives,), self.num_items - 2
        if self.distribution == "uniform":
            return keras.random.randint(shape, 2, self.num_items, seed=self.seed_generator)
        # A float32 draw has 2 ** 23 values, too few for the tail of a million items. The second
        # draw fills the gaps between them.
        coarse = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        fine = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        scale = math.log(num_real + 1)
        ranks = ops.floor(ops.exp(coarse * scale) * (1.0 + fine * (scale * 2.0**-23))) - 1.0
        ranks = ops.clip(ops.cast(ranks, "int32"), 0, num_real - 1)
        return ops.cast(ops.take(self.item_of_rank, ranks), "int32") + 2

    def log_expected_count(self, rows):
        """Log of the expected count of each row among the negatives, float32."""
        num_real = self.num_items - 2
        if self.distribution == "uniform":
            return ops.full(
                ops.shape(rows), math.log(self.num_negatives / num_real), dtype="float32"
            )
        ranks = ops.take(self.rank_of_item, ops.maximum(rows - 2, 0))
        probability = ops.log1p(1.0 / (ops.cast(ranks, "float32") + 1.0)) / math.log(num_real + 1)
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
