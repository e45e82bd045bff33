"""Article 000, 5.1: the factors of a rating matrix R predict the ratings that R does not have."""

import numpy as np

from kerasrec.data import Interactions, batches
from kerasrec.losses import MeanSquaredError
from kerasrec.optimizers import LazyAdam
from kerasrec_zoo import MatrixFactorization

rng = np.random.default_rng(0)
stars = np.clip(np.rint(3 + rng.normal(size=(60, 2)) @ rng.normal(size=(2, 40))), 1, 5)
hidden = rng.random(stars.shape) < 0.2
train = Interactions.from_matrix(np.where(hidden, 0, stars))  # 0: no rating
model = MatrixFactorization(train.schema(), dim=50, candidates="pair", l2=0.1)
model.adapt(train)
model.compile(LazyAdam(0.01), MeanSquaredError(), steps_per_execution=8)
model.fit(batches(train, model.train_inputs, batch_size=256), epochs=20, verbose=0)
users, items = np.argwhere(hidden).astype(str).T
error = np.sqrt(np.mean((model.score(users=users, items=items) - stars[hidden]) ** 2))
print(f"article: R = U V'; here: error {error:.2f}, of the mean {stars[hidden].std():.2f}")
