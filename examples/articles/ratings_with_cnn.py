"""Article 004, 4.3, 5.2: a convolutional network over two embeddings of 50 predicts ratings."""

import numpy as np

from kerasrec.data import Interactions, batches, splits
from kerasrec.evaluation import evaluate_ratings
from kerasrec.losses import MeanSquaredError
from kerasrec_zoo import ConvNCF

rng = np.random.default_rng(0)  # 100 x 100 in place of 1000 x 1000, and a third of the ratings
users, items = rng.normal(size=(2, 100, 2))
stars = np.clip(np.rint(3 + users @ items.T), 1, 5)
data = Interactions.from_matrix(np.where(rng.random((100, 100)) < 1 / 3, stars, 0))
split = splits.random_ratio(data)
model = ConvNCF(split.train.schema(), 50, "stack", (100,), candidates="pair", bilinear=False)
model.adapt(split.train)
model.compile("adam", MeanSquaredError())  # the sample's BCEWithLogitsLoss is for labels 0 and 1
model.fit(batches(split.train, model.train_inputs, batch_size=64), epochs=15, verbose=2)
# The claim: it learns how users and items go together. These are other pairs than it has seen:
print(evaluate_ratings(model, split).rows[0]["metrics"], "deviation", data.value.std())
