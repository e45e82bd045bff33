"""Article 002, 4.4: attention says how much each item of a history counts for the next one."""

from kerasrec.data import batches, load, splits
from kerasrec.losses import Softmax
from kerasrec_zoo import AttentionRecommender

train = splits.next_item(load("synthetic", users=300, items=100)).train
model = AttentionRecommender(train.schema(), dim=16)
model.adapt(train)
model.compile("adam", Softmax())
model.fit(batches(train, model.train_inputs, batch_size=32), epochs=5, verbose=2)
history = list(train.items.vocabulary.ids[:4])
print(model.recommend(histories=[history], k=3)[["rank", "title", "score"]])
# The claim: weights of a softmax show where the model looks. They are positive and sum to 1.
print(model.attention_weights([history])[["title", "weight"]])
