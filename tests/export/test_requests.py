import tracemalloc

import numpy as np
import pandas as pd

from kerasrec.data import Interactions
from kerasrec.export.requests import REQUESTS, make_requests
from kerasrec_zoo import ItemKNN


def test_one_long_id_does_not_widen_the_others():
    items = ["i" * 2000, *(f"i{n}" for n in range(40))]
    train = Interactions.from_frame(pd.DataFrame({"user": ["u", "v"] * 41, "item": items * 2}))
    model = ItemKNN(train.schema())
    model.adapt(train)
    inputs = {
        "user": ((None,), ""), "history": ((None, None), ""), "exclude": ((None, None), ""),
        "allow": ((None, None), ""), "k": ((None,), 3), "repeats": ((None,), ""),
    }  # fmt: skip
    tracemalloc.start()
    request = make_requests(model, inputs, k=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # In a fixed-width array the excluded items alone would take 65 MB.
    assert peak < 4e6
    assert {name: array.shape[0] for name, array in request.items()} == {
        name: REQUESTS for name in [*inputs, "item"]
    }
    assert items[0] in request["exclude"] and request["k"].dtype == np.int32
