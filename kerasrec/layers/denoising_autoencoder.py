"""A one-layer denoising autoencoder."""

import keras
import numpy as np
from keras import ops

EPOCHS, BATCH_SIZE, LEARNING_RATE = 40, 32, 0.003
# Probability that a column is set to 0.
NOISE = 0.5


def denoising_autoencoder(rows, dim):
    """Trains W of `h = tanh(x W)` to reconstruct x from an x with half of its columns set to 0.

        W = argmin E |x - (V tanh(2 m x W) + c)|^2,   m_j = 0 or 1 with probability 1/2

    Words are reconstructed from the words they occur with. So related items get similar codes even
    if they share no word. Trained by Adam on the items alone; equal rows give equal W.

    Args:
        rows: CSR table `(items, columns)`.
        dim: Length of h.

    Returns:
        W `(columns, dim)` float32, with zeros for empty columns.

    Reference:
        Vincent et al., Extracting and composing robust features with denoising autoencoders, 2008.

    >>> import scipy.sparse
    >>> denoising_autoencoder(scipy.sparse.csr_matrix([[1.0, 0.0], [0.0, 0.0]]), dim=3).shape
    (2, 3)
    """
    weights = np.zeros((rows.shape[1], dim), "float32")
    used = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]))
    rows = rows[np.diff(rows.indptr) > 0][:, used].astype("float32")
    if not rows.shape[0]:
        return weights
    # Float32 also under a half precision policy.
    float32 = {"dtype": "float32"}
    x = keras.Input((len(used),), **float32)
    initializers = [keras.initializers.GlorotUniform(n) for n in range(2)]
    corrupt = keras.layers.Dropout(NOISE, seed=0, **float32)
    encode = keras.layers.Dense(dim, "tanh", False, kernel_initializer=initializers[0], **float32)
    decode = keras.layers.Dense(len(used), kernel_initializer=initializers[1], **float32)
    model = keras.Model(x, decode(encode(corrupt(x))))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), _squared_distance, auto_scale_loss=False)
    generator = np.random.default_rng(0)
    for _ in range(EPOCHS):
        order = generator.permutation(rows.shape[0])
        for first in range(0, len(order), BATCH_SIZE):  # only one batch is dense at a time
            batch = rows[order[first : first + BATCH_SIZE]].toarray()
            model.train_on_batch(batch, batch)
    weights[used] = ops.convert_to_numpy(encode.kernel)
    return weights


def _squared_distance(true, reconstructed):
    return ops.sum(ops.square(true - reconstructed), axis=-1)
