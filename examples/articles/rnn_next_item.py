"""Article 002, 4.3: a recurrent network of two layers reads ids and predicts the next item."""

from kerasrec.data import batches, load, splits
from kerasrec.evaluation import evaluate
from kerasrec.losses import Softmax
from kerasrec.optimizers import LazyAdam
from kerasrec_zoo import RNNRecommender

split = splits.next_item(load("synthetic", users=300, items=100))
model = RNNRecommender(split.train.schema(), dim=16, cell=["rnn", "rnn"], tied=False)
model.adapt(split.train)
model.compile(LazyAdam(0.01), Softmax())
model.fit(batches(split.train, model.train_inputs, batch_size=32), epochs=12, verbose=2)
# The claim: the state remembers what came before. The sample's ids and labels are random numbers.
for row in evaluate(model, split).rows:
    print(row["model"], "recall@10", round(row["metrics"]["recall@10"]["mean"], 3))
