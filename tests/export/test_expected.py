import types

import numpy as np
import pandas as pd

from kerasrec.data import Interactions
from kerasrec.data.chunks import PLACES
from kerasrec.export.expected import Expected
from kerasrec_zoo import Markov


def test_a_stored_history_of_very_many_events_widens_the_rows_of_few_requests(monkeypatch):
    """Padded to its 40,000 events, the seen items of 200 requests would be 8 million numbers."""
    rng = np.random.default_rng(0)
    user = np.r_[np.repeat([f"u{i}" for i in range(199)], 3), np.full(40_000, "r")]
    item = np.r_[rng.integers(0, 60, 597), np.arange(40_000) % 40]
    frame = pd.DataFrame({"user": user, "item": item, "timestamp": np.arange(len(user))})
    train = Interactions.from_frame(frame)
    model = Markov(train.schema(4))
    model.adapt(train)
    sizes, top_k = [], model.top_k
    monkeypatch.setattr(
        model, "top_k", lambda *a: sizes.append((len(a[2]), a[2].size)) or top_k(*a)
    )
    names = np.array([f"u{i}" for i in range(150)] + ["r"] + [f"u{i}" for i in range(150, 199)])
    names = names.astype(object)
    blank = np.full((200, 1), "", object)
    request = {"user": names, "history": blank, "exclude": blank, "allow": blank, "recent": blank}
    request |= {"k": np.full(200, 3), "repeats": blank[:, 0]}
    reader = types.SimpleNamespace(stored=object(), columns=["history"], inputs=["history"])
    graph = types.SimpleNamespace(
        k=3,
        index=None,
        candidates=None,
        reader=reader,
        parts={},
        signatures={"recommend": None},
    )
    answer = Expected(model, graph, request).answers()["recommend"]
    assert sum(rows for rows, _ in sizes) == 200
    assert len(sizes) == 2 and max(size for _, size in sizes) <= PLACES + 200
    monkeypatch.undo()
    ours = model.recommend(users=names, k=3)
    assert answer["item"].ravel().tolist() == ours["item"].tolist()
