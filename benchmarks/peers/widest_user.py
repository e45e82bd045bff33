"""One model on a random table, with or without a user of very many events: the parts of a run."""

import os
import shutil
import tempfile

import numpy as np

PARTS = ("adapt", "fit", "evaluate", "export")
BATCH = 1024


def setup(case):
    """Makes a function that runs one of the `PARTS` by its number, in order.

    It returns the seconds of processor, of this process and of the children that ended.

    Case: `model`, its `arguments`, `steps` of training, `candidates` of it, and the sizes of the
    table: `users`, `events` of each, `items`, `widest` (events of the one user), or with `zipf`,
    an exponent, `rows`, `users` and `items`.
    """
    from kerasrec.data.splits import next_item

    state = {"split": next_item(make_table(case))}

    def run(part):
        started = sum(os.times()[:4])
        _PARTS[PARTS[part]](state, case)
        return sum(os.times()[:4]) - started

    return run


def make_table(case, seed=0):
    """`Interactions` in time order."""
    from kerasrec.data import Catalog, Interactions, Vocabulary

    rng, users, items = np.random.default_rng(seed), case["users"], case["items"]
    if exponent := case.get("zipf"):
        user, item = (rng.zipf(exponent, case["rows"]) % size for size in (users, items))
    else:
        user = np.repeat(np.arange(users), case["events"])
        user = np.append(user, np.full(case["widest"], users))
        item = rng.integers(0, items, len(user))
        users += 1
    order = rng.permutation(len(user))
    return Interactions(
        user=user[order] + 2,
        item=item[order] + 2,
        value=np.ones(len(user)),
        timestamp=np.arange(len(user)),
        users=Catalog(Vocabulary([f"u{i}" for i in range(users)])),
        items=Catalog(Vocabulary([f"i{i}" for i in range(items)])),
    )


def _adapt(state, case):
    import kerasrec_zoo

    train = state["split"].train
    model = getattr(kerasrec_zoo, case["model"])(train.schema(50), **case["arguments"])
    model.adapt(train)
    state["model"] = model


def _fit(state, case):
    from kerasrec.data.batches import batches
    from kerasrec.losses import Softmax
    from kerasrec.optimizers import LazyAdam

    model = state["model"]
    if not model.trained:
        return
    data = batches(
        state["split"].train,
        model.train_inputs,
        steps=model.steps,
        batch_size=BATCH if "history" not in model.train_inputs else BATCH // 8,
    )
    model.compile(LazyAdam(), Softmax())
    model.fit(data.take(case["steps"]), verbose=0)


def _evaluate(state, case):
    from kerasrec.evaluation import evaluate

    evaluate(state["model"], state["split"], baselines=())


def _export(state, case):
    from kerasrec.export import export

    folder = tempfile.mkdtemp()
    try:
        export(state["model"], f"{folder}/1")
    finally:
        shutil.rmtree(folder)


_PARTS = {"adapt": _adapt, "fit": _fit, "evaluate": _evaluate, "export": _export}
