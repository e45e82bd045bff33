"""What is Popularity's own."""

import pandas as pd

from kerasrec.data import Interactions
from kerasrec_zoo import Popularity


def test_counts_by_hand():
    pairs = [("u", "a"), ("u", "b"), ("v", "a"), ("w", "c"), ("w", "a")]
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    train = Interactions.from_frame(frame, item_frame=pd.DataFrame({"item": list("abcd")}))
    model = Popularity(train.schema())
    model.adapt(train)
    scores = model.score(users=["u"] * 4, items=list("abcd"))
    assert scores.tolist() == [3.0, 1.0, 1.0, 0.0]
