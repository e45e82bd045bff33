"""A one-layer autoencoder that restores rows from what is left of them."""

import keras
import numpy as np
from keras import ops

EPOCHS, BATCH_SIZE, LEARNING_RATE = 40, 32, 0.003
# Share of the columns left out.
NOISE = 0.5


def denoising_autoencoder(rows, dim):
    """Trains W of `h = tanh(x W)` to restore x from an x of which a share is left out.

        W = argmin E |x - (V tanh(2 m x W) + c)|^2,   m_j = 0 or 1 with probability 1/2

    A word is guessed from the words it is seen with, so that items of one kind come to lie
    together though they share no word. Trained by Adam, with no user in sight; the same rows give
    the same W.

    Args:
        rows: CSR table `(items, columns)`.
        dim: Length of h.

    Returns:
        W `(columns, dim)` float32, zeros for columns that no row has.

    Reference:
        Vincent et al., Extracting and composing robust features with denoising autoencoders, 2008.

    >>> import scipy.sparse
    >>> denoising_autoencoder(scipy.sparse.csr_matrix([[1.0, 0.0], [0.0, 0.0]]), dim=3).shape
    (2, 3)
    """
    found = np.zeros((rows.shape[1], dim), "float32")
    used = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]))
    rows = rows[np.diff(rows.indptr) > 0][:, used].astype("float32")
    if not rows.shape[0]:
        return found
    # Half precision, where a model is trained in it, is not for what is trained once.
    full = {"dtype": "float32"}
    x = keras.Input((len(used),), **full)
    start = [keras.initializers.GlorotUniform(n) for n in range(2)]
    hide = keras.layers.Dropout(NOISE, seed=0, **full)
    encode = keras.layers.Dense(dim, "tanh", False, kernel_initializer=start[0], **full)
    restore = keras.layers.Dense(len(used), kernel_initializer=start[1], **full)
    model = keras.Model(x, restore(encode(hide(x))))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), _squared_distance, auto_scale_loss=False)
    generator = np.random.default_rng(0)
    for _ in range(EPOCHS):
        order = generator.permutation(rows.shape[0])
        for first in range(0, len(order), BATCH_SIZE):  # dense only a batch at a time
            batch = rows[order[first : first + BATCH_SIZE]].toarray()
            model.train_on_batch(batch, batch)
    found[used] = ops.convert_to_numpy(encode.kernel)
    return found


def _squared_distance(true, restored):
    return ops.sum(ops.square(true - restored), axis=-1)
