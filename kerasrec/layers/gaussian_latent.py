"""The latent layer of a variational autoencoder."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class GaussianLatent(keras.layers.Layer):
    """Samples z from a normal distribution in training and adds the KL divergence as a loss.

        z = mean + exp(log_variance / 2) e,   e ~ N(0, 1)          in training, else z = mean
        KL = 1/2 sum (exp(log_variance) + mean^2 - 1 - log_variance)
        loss = beta_t sum over the batch of KL / sum over the batch of count
        beta_t = beta min(1, t / anneal_steps)

    The loss has the same divisor as a mean of -log p over the targets of the batch; their sum is
    the negative evidence lower bound per target. The step t is a weight, so a resumed training
    continues the annealing.

    Args:
        beta: Final weight of KL.
        anneal_steps: Training steps until `beta` is reached; 0 uses it from the start.
        seed: Seed of e; None follows `keras.utils.set_random_seed`.

    Call arguments:
        mean, log_variance: `(batch, dim)`.
        count: `(batch,)` float, number of targets of each example; 0 is padding, without KL.

    Output shape:
        `(batch, dim)`.

    Raises:
        InputError: for a negative `beta` or `anneal_steps`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import GaussianLatent
    >>> layer = GaussianLatent()
    >>> layer(np.array([[0.5, -1.0]]), np.zeros((1, 2)), np.ones(1)).numpy().tolist()
    [[0.5, -1.0]]

    Reference:
        Kingma, Welling, Auto-encoding variational Bayes, ICLR 2014; the annealing is of Liang et
        al., Variational autoencoders for collaborative filtering, WWW 2018.
    """

    def __init__(self, beta=1.0, anneal_steps=0, seed=None, **kwargs):
        # Counts overflow float16. Only the result is cast, in `call`.
        super().__init__(autocast=False, **kwargs)
        for name, value in (("beta", beta), ("anneal_steps", anneal_steps)):
            if value < 0:
                raise InputError(f"{name}: expected a number of at least 0, received {value}")
        self.beta = beta
        self.anneal_steps = anneal_steps
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, *shapes, **named):
        self.steps = self.add_weight(
            shape=(),
            initializer="zeros",
            # Float16 cannot count steps. All replicas count the same steps.
            dtype="float32",
            autocast=False,
            trainable=False,
            aggregation="only_first_replica",
            name="steps",
        )

    def call(self, mean, log_variance, count, training=None):
        if not training:
            return ops.cast(mean, self.compute_dtype)
        mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
        count = ops.cast(count, "float32")
        terms = ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance
        divergence = 0.5 * ops.sum(terms, axis=-1) * ops.cast(count > 0, "float32")
        beta = self.beta
        if self.anneal_steps:
            beta = beta * ops.minimum(1.0, self.steps / self.anneal_steps)
        loss = beta * ops.sum(divergence) / ops.maximum(ops.sum(count), 1.0)
        self.add_loss(ops.cast(loss, keras.config.floatx()))
        self.steps.assign_add(1.0)
        noise = keras.random.normal(ops.shape(mean), dtype="float32", seed=self.seed_generator)
        return ops.cast(mean + ops.exp(0.5 * log_variance) * noise, self.compute_dtype)

    def compute_output_spec(self, mean, log_variance, count, training=None):
        return keras.KerasTensor(mean.shape, self.compute_dtype)
