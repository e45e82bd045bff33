"""What every choice of candidates has in common."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError

# Below any real logit, yet finite: sums and gradients stay free of NaN.
MASKED = -1e9


class Candidates(keras.layers.Layer):
    """Abstract: logits of the observed item against others, the observed item first.

    Subclasses differ in what the others are. All give float32 logits `(..., 1 + n)` whose column 0
    is the observed item, whose masked columns are -1e9, and which every loss of `kerasrec.losses`
    reads. Padding and unknown, rows 0 and 1, are never held against an item, and neither is, after
    `adapt`, an item that the training data does not hold: it was not there to be left.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        query: Query vectors.
        item: Int rows of the observed items; row 0 stands for no item, and its logits are finite.
        item_model: From int rows `(n,)` to item vectors `(n, dim)`. The weights of a layer or model
            given here are trained with this layer; those inside a plain function only if they
            belong to the surrounding model as well.
        scorer: What scores a query with an item vector: `JointScorer`, or the dot product.

    Input shape:
        `query` is `(batch, dim)` with `item` `(batch,)`, or `(batch, length, dim)` with
        `(batch, length)`. `AllCandidates` and `PairCandidates` take `(batch, dim)` with
        `(batch, length)` as well: a set, several items of one query.

    Output shape:
        `item.shape + (1 + n,)`.
    """

    def __init__(self, num_items, **kwargs):
        super().__init__(**kwargs)
        if num_items < 3:
            raise InputError(
                f"num_items counts padding, unknown and at least one item: received {num_items}"
            )
        self.num_items = num_items
        self.absent = None

    def add_absent(self):
        """For subclasses that look beyond the batch: -1e9 to add to an item never trained on."""
        self.absent = self.add_weight(
            shape=(self.num_items,),
            initializer="zeros",
            trainable=False,
            autocast=False,
            dtype="float32",
            name="absent",
        )

    def adapt(self, counts):
        """Takes how often each item row occurs in the training data.

        Args:
            counts: Array `(num_items,)`.

        Raises:
            InputError: for another shape or a negative count.
        """
        counts = np.asarray(counts, "float64")
        if counts.shape != (self.num_items,) or not (counts >= 0).all():
            raise InputError(
                f"counts: expected {self.num_items} counts >= 0, received shape {counts.shape}"
            )
        if self.absent is not None:
            self.absent.assign(np.where(counts > 0, 0.0, MASKED))
        self.adapt_counts(np.maximum(counts, 1.0))

    def adapt_counts(self, counts):
        """For subclasses: `counts` are checked and at least 1. Without popularity, nothing."""

    def __call__(self, query, item, item_model, scorer=None, **kwargs):
        # Keras finds weights through attributes, and a call argument is none.
        if isinstance(item_model, keras.layers.Layer) and not hasattr(self, "item_model"):
            self.item_model = item_model
        if isinstance(scorer, keras.layers.Layer) and not hasattr(self, "scorer"):
            self.scorer = scorer
        if scorer is not None:
            kwargs["scorer"] = scorer
        return super().__call__(query, item, item_model=item_model, **kwargs)

    def compute_output_spec(self, query, item, item_model, scorer=None):
        # Said here: JAX would trace the item model as if it were an array.
        return keras.KerasTensor((*item.shape, self.num_columns(item)), "float32")

    def num_columns(self, item):
        """For subclasses: `1 + n` of the logits, None where the batch decides."""
        raise NotImplementedError

    def get_build_config(self):
        # A reloaded layer is built by its call, which alone knows the item model.
        return None


def flat(query, item):
    """Queries `(n, dim)` and rows `(n,)` of a batch, with or without steps."""
    return ops.reshape(query, (-1, query.shape[-1])), ops.reshape(item, (-1,))


def is_set(query, item):
    """Whether each query of the batch has several items."""
    return len(query.shape) == len(item.shape) == 2


def shaped(logits, item):
    """Logits `(n, m)` in the shape of the rows they belong to: `item.shape + (m,)`."""
    return ops.reshape(logits, (*ops.shape(item), ops.shape(logits)[-1]))
