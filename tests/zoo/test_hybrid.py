"""What is the Hybrid's own."""

import numpy as np

from kerasrec.data.schema import Feature, Schema
from kerasrec_zoo import Hybrid


def test_text_may_be_all_that_is_known_of_an_item():
    text = Feature(name="text", kind="text", size=9, length=4)
    model = Hybrid(Schema(5, 6, 3, item_features=(text,)), dim=4)
    history, item = np.array([[2, 3, 0]]), np.array([[3, 4, 0]])
    assert model({"history": history, "item": item}).shape == (1, 3, 2)
