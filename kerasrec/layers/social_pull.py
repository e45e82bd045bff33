"""Regularizes user vectors towards the vectors of their friends."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register


@register
class SocialPull(keras.layers.Layer):
    """Adds a loss for the distance between a user's vector and the mean of the friends' vectors.

        loss   = beta * mean over the batch of |p_u - m_u|^2,   m_u = mean of p_v over friends v
        output = p_u, or m_u for a user with friends but without train interactions

    m_u minimizes the loss, so it is the best vector for a user without interactions. A user without
    friends has loss 0. Padding, user 0, is not counted in the mean.

    Args:
        beta: Weight of the loss.

    Call arguments:
        vector: User vectors p_u, `(batch, dim)`.
        friend_vectors: `(batch, n, dim)`.
        friends: Rows of the friends, `(batch, n)`; 0 is padding.
        user: Rows of the users, `(batch,)`.
        count: Train interactions of the users, `(batch,)`.

    Output shape:
        `(batch, dim)`.

    Raises:
        InputError: for a negative beta.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import SocialPull
    >>> layer = SocialPull(beta=0.5)
    >>> out = layer(
    ...     np.array([[2.0], [9.0]]), np.array([[[4.0], [0.0]], [[4.0], [6.0]]]),
    ...     friends=np.array([[3, 0], [3, 4]]), user=np.array([5, 6]), count=np.array([8.0, 0.0]),
    ... )
    >>> out.numpy().tolist(), float(layer.losses[0])
    ([[2.0], [5.0]], 1.0)

    Reference:
        Jamali and Ester, A matrix factorization technique with trust propagation for
        recommendation in social networks, RecSys 2010.
    """

    def __init__(self, beta=1.0, **kwargs):
        # Counts overflow float16.
        super().__init__(autocast=False, **kwargs)
        if beta < 0:
            raise InputError(f"beta: expected a weight of at least 0, received {beta}")
        self.beta = beta

    def call(self, vector, friend_vectors, friends, user, count):
        is_friend = ops.cast(ops.not_equal(friends, PADDING), "float32")
        num_friends = ops.sum(is_friend, axis=-1)
        total = ops.sum(ops.cast(friend_vectors, "float32") * is_friend[..., None], axis=-2)
        mean = total / ops.maximum(num_friends, 1.0)[:, None]
        has_friends, trained = num_friends > 0, count > 0
        if self.beta:
            distances = ops.sum(ops.square(ops.cast(vector, "float32") - mean), axis=-1)
            distances = ops.where(ops.logical_and(has_friends, trained), distances, 0.0)
            num_users = ops.sum(ops.cast(ops.not_equal(user, PADDING), "float32"))
            loss = self.beta * ops.sum(distances) / ops.maximum(num_users, 1.0)
            self.add_loss(ops.cast(loss, keras.config.floatx()))
        use_mean = ops.logical_and(has_friends, ops.logical_not(trained))
        return ops.where(use_mean[:, None], ops.cast(mean, vector.dtype), vector)

    def compute_output_spec(self, vector, friend_vectors, friends, user, count):
        return keras.KerasTensor(vector.shape, vector.dtype)
