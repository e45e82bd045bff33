"""The base class of the candidate layers."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError

# Below any real logit, but finite: an infinite one makes NaN in sums and gradients.
MASKED = -1e9


class Candidates(keras.layers.Layer):
    """Abstract: logits of the positive, the observed item, and of negatives. The positive is first.

    Subclasses choose the negatives. All return float32 logits `(..., 1 + n)`: column 0 is the
    positive, masked columns are -1e9. Every loss of `kerasrec.losses` takes them. Padding and
    unknown, rows 0 and 1, are never negatives. After `adapt`, neither are items without a training
    interaction: no user could have chosen them.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        query: Query vectors.
        item: Int rows of the positives. Row 0 is padding; its logits are finite.
        item_model: From int rows `(n,)` to item vectors `(n, dim)`. A layer or model is trained
            with this layer. The weights inside of a plain function are trained only if they also
            belong to the surrounding model.
        scorer: Scores a query with an item vector: a `JointScorer`, or None for the dot product.

    Input shape:
        `query` is `(batch, dim)` with `item` `(batch,)`, or `(batch, length, dim)` with
        `(batch, length)`. `AllCandidates` and `PairCandidates` also take `(batch, dim)` with
        `(batch, length)`: a set, several items per query.

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
        self.absent_mask = None

    def add_absent_mask(self):
        """Adds the additive mask: -1e9 for items absent from training, else 0."""
        self.absent_mask = self.add_weight(
            shape=(self.num_items,),
            initializer="zeros",
            trainable=False,
            autocast=False,
            dtype="float32",
            name="absent",
        )

    def adapt(self, counts):
        """Reads how often each item occurs in the training data.

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
        if self.absent_mask is not None:
            self.absent_mask.assign(np.where(counts > 0, 0.0, MASKED))
        self.adapt_counts(np.maximum(counts, 1.0))

    def adapt_counts(self, counts):
        """Hook for subclasses that read popularity. `counts` are valid and at least 1."""

    def __call__(self, query, item, item_model, scorer=None, **kwargs):
        # Keras tracks weights through attributes; a call argument is not tracked.
        if isinstance(item_model, keras.layers.Layer) and not hasattr(self, "item_model"):
            self.item_model = item_model
        if isinstance(scorer, keras.layers.Layer) and not hasattr(self, "scorer"):
            self.scorer = scorer
        if scorer is not None:
            kwargs["scorer"] = scorer
        return super().__call__(query, item, item_model=item_model, **kwargs)

    def compute_output_spec(self, query, item, item_model, scorer=None):
        # Explicit, because JAX would trace the item model as an array.
        return keras.KerasTensor((*item.shape, self.num_columns(item)), "float32")

    def num_columns(self, item):
        """Abstract: `1 + n`, the columns of the logits; None if they depend on the batch."""
        raise NotImplementedError

    def get_build_config(self):
        # A reloaded layer is built by its call, because only the call has the item model.
        return None


def flatten(query, item):
    """Flattens a batch, with or without steps, to queries `(n, dim)` and rows `(n,)`."""
    return ops.reshape(query, (-1, query.shape[-1])), ops.reshape(item, (-1,))


def is_set(query, item):
    """Whether each query has several items."""
    return len(query.shape) == len(item.shape) == 2


def unflatten(logits, item):
    """Reshapes logits `(n, m)` to `item.shape + (m,)`."""
    return ops.reshape(logits, (*ops.shape(item), ops.shape(logits)[-1]))
