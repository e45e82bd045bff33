"""Users near their friends."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register


@register
class SocialPull(keras.layers.Layer):
    """Adds a loss that draws a user's vector towards the mean of the friends' vectors.

        loss  beta * mean over the batch of |p_u - m_u|^2,   m_u = mean of p_v over friends v of u
        output  p_u, or m_u for a user who was never trained on

    m_u is what p_u would become if nothing but the loss was known of the user. Users without
    friends add 0 to the mean; padding, user 0, is left out of it.

    Args:
        beta: Weight of the loss.

    Call arguments:
        vector: User vectors p_u, `(batch, dim)`.
        friend_vectors: `(batch, n, dim)`.
        friends: Rows of the friends, `(batch, n)`; 0 is padding.
        user: Rows of the users, `(batch,)`.
        count: How often the training data holds each user, `(batch,)`.

    Output shape:
        `(batch, dim)`.

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
        real = ops.cast(ops.not_equal(friends, PADDING), "float32")
        many = ops.sum(real, axis=-1)
        total = ops.sum(ops.cast(friend_vectors, "float32") * real[..., None], axis=-2)
        mean = total / ops.maximum(many, 1.0)[:, None]
        befriended, trained = many > 0, count > 0
        if self.beta:
            apart = ops.sum(ops.square(ops.cast(vector, "float32") - mean), axis=-1)
            apart = ops.where(ops.logical_and(befriended, trained), apart, 0.0)
            size = ops.sum(ops.cast(ops.not_equal(user, PADDING), "float32"))
            loss = self.beta * ops.sum(apart) / ops.maximum(size, 1.0)
            self.add_loss(ops.cast(loss, keras.config.floatx()))
        stranger = ops.logical_and(befriended, ops.logical_not(trained))
        return ops.where(stranger[:, None], ops.cast(mean, vector.dtype), vector)

    def compute_output_spec(self, vector, friend_vectors, friends, user, count):
        return keras.KerasTensor(vector.shape, vector.dtype)
