"""Article 003, 5.2: a user model (LSTM), an item model (CNN), their product, and a recommender."""

import keras
import numpy as np

from kerasrec.layers import Conv1DItemEncoder, DotProduct, LSTMUserEncoder

rng = np.random.default_rng(0)
x = {"history": rng.normal(size=(4000, 6, 8)), "text": rng.integers(1, 7, (4000, 4))}
y = (x["history"][:, -1, 0] > 0) == (x["text"] == 6).any(axis=1)  # a taste for one word
history, text = keras.Input((6, 8), name="history"), keras.Input((4,), dtype="int32", name="text")
user = keras.Model(history, LSTMUserEncoder(16)(history, keras.ops.ones_like(history[..., 0])))
item = keras.Model(text, Conv1DItemEncoder(7, 16)(text))
score = keras.Model([history, text], DotProduct()(user(history), item(text)))
recommender = keras.Model([history, text], keras.ops.sigmoid(score([history, text])))
recommender.compile("adam", "binary_crossentropy", metrics=["accuracy"])
recommender.fit(x, y.astype("float32"), epochs=10, batch_size=64, validation_split=0.25, verbose=2)
# The claim, 96.9 % after 8 epochs, is on the pairs it was trained on; val_accuracy is on others.
