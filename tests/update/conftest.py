"""A shop whose buyers follow planted chains of items, its run, its export and its events."""

import numpy as np
import pandas as pd
import pytest
import yaml

DAY = 86400
ITEMS = 40


def chains(users, days, seed, shift=1, items=ITEMS):
    """Interactions of `days`: each user takes three items a day, each `shift` after the last."""
    random = np.random.default_rng(seed)
    rows = []
    for user in users:
        item = int(random.integers(items))
        for day in days:
            for step in range(3):
                time = day * DAY + int(random.integers(20000)) + step * 20000
                rows.append((user, f"i{item % items}", time, 1.0, "click"))
                item += shift if random.random() < 0.9 else int(random.integers(items))
    frame = pd.DataFrame(rows, columns=["user", "item", "timestamp", "value", "behavior"])
    return frame.drop_duplicates(["user", "item"]).sort_values("timestamp", ignore_index=True)


def log(frame):
    """A reader of events, as `read_interactions` is: the cursor is the number of the row."""

    def read(after):
        found = frame.iloc[after:].reset_index(drop=True)
        found.attrs = {"cursor": len(frame), "unknown": 0}
        return found

    return read


def served(folder, model, train=()):
    """A run of a model on the first three days and its export as version 1: `(run, models)`."""
    from kerasrec.cli.main import main

    chains([f"u{n}" for n in range(80)], range(3), 0).drop(columns="behavior").to_csv(
        folder / "clicks.csv", index=False
    )
    config = {
        "data": {"path": str(folder / "clicks.csv"), "history_length": 10},
        "split": {"protocol": "none"},
        "model": model,
        "train": {"epochs": 3, "seed": 0, **dict(train)},
        "evaluate": {"ks": [5], "baselines": []},
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(config))
    assert main(["fit", str(folder / "shop.yaml"), "--run-dir", str(folder / "run")]) == 0
    assert main(["export", str(folder / "run"), str(folder / "shop"), "-k", "10"]) == 0
    return folder / "run", folder / "shop"


class Shop:
    """What the tests make of it."""

    chains = staticmethod(chains)
    log = staticmethod(log)
    served = staticmethod(served)
    # The same buyers and twenty more, who go another way now.
    later = chains([f"u{n}" for n in range(100)], range(3, 6), 1, shift=2)

    @staticmethod
    def update(folder, events, run=None, **more):
        from kerasrec.update.update import update

        return update(folder, log(events), run, say=lambda line: None, progress=False, **more)


@pytest.fixture(scope="session")
def world():
    return Shop


@pytest.fixture(scope="session")
def markov(tmp_path_factory):
    """`(run, folder of versions)`, which nobody changes."""
    return served(tmp_path_factory.mktemp("markov"), {"class": "Markov"})
