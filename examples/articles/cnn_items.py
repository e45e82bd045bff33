"""Article 002, 4.2: a convolutional network makes the vectors of items, here of their words.

The sample has random pixels and no labels. Pictures are read by `encoder="conv2d"`, as kind image.
"""

from kerasrec.data import batches, load, splits
from kerasrec.evaluation import evaluate
from kerasrec.losses import Softmax
from kerasrec_zoo import ContentBased

split = splits.cold_items(load("synthetic", users=300, items=100), among="cold")
model = ContentBased(split.train.schema(), dim=16, encoder="conv1d")
model.adapt(split.train)
model.compile("adam", Softmax())
model.fit(
    batches(split.train, model.train_inputs, steps=model.steps, batch_size=16), epochs=10, verbose=2
)
# The claim: a convolution learns features. No user has taken these items: their words rank them.
for row in evaluate(model, split, ks=(5,)).rows:
    print(row["model"], "recall@5", round(row["metrics"]["recall@5"]["mean"], 3))
