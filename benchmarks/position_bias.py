"""Clicks that depend on the position: a plain ranker beside two that correct for it.

    python -m benchmarks position_bias

Two logs. `position_simulation`: 25 items a user in order of position, clicked the more often the
higher they stand; the test are ratings of items drawn at random, a positive is 4 or 5. `obd`: the
Open Bandit sample; trained on the log of a bandit, tested on the log of random items, whose clicks
are so few that only the interval says something. KERASREC_DATA names the data.

The plain ranker does not know the position. "position" learns a bias for each in training and
serves without; "weighted" gives each click the weight 1 / the click rate of its position beside the
first. Each seed is a sample; the difference from the plain ranker is that of the first seed, with
its bootstrap interval over users, or over rows where there are no users.
"""

import dataclasses

import numpy as np
import pandas as pd

from benchmarks.runner.report import Report, Row, Table

KINDS = ("plain", "position", "weighted")
EPOCHS, DIM, RATE = 10, 8, 0.01
CONTEXT = tuple(f"user_feature_{n}" for n in range(4))


def add_arguments(parser):
    parser.add_argument("--logs", nargs="+", choices=LOGS, default=list(LOGS))


def position_simulation():
    from kerasrec.data import Impressions
    from kerasrec.data.datasets.sources import Source, find

    shown, rated = (
        pd.read_csv(find(Source("position_simulation", name)), header=None, names=columns)
        for name, columns in (
            ("user.txt", ["user", "item", "position", "value"]),
            ("random.txt", ["user", "item", "value"]),
        )
    )
    shown["position"] += 1
    shown["click"] = (shown["value"] > 0).astype(int)
    rated["click"] = (rated["value"] >= 4).astype(int)
    train = Impressions.from_frame(shown, name="position_simulation")
    base = (train.users, train.items)
    return train, Impressions.from_frame(rated[["user", "item", "click"]], base=base)


def obd():
    from kerasrec.data import Impressions
    from kerasrec.data.datasets.sources import Source, find

    frames = [
        pd.read_csv(find(Source(f"obd/{policy}/{campaign}", f"{campaign}.csv"))).assign(
            policy=policy, item=lambda frame, own=campaign: own + "-" + frame["item_id"].astype(str)
        )
        for policy in ("bts", "random")
        for campaign in ("all", "men", "women")
    ]
    context = {name: {"kind": "category"} for name in CONTEXT}
    frame = pd.concat(frames, ignore_index=True)
    both = Impressions.from_frame(frame, context=context, name="obd")
    # In time order, as impressions are.
    policy = frame.loc[np.argsort(pd.to_datetime(frame["timestamp"]), kind="stable"), "policy"]
    chosen = policy.to_numpy() == "bts"
    return both.select(chosen), both.select(~chosen)


LOGS = {"position_simulation": position_simulation, "obd": obd}


def with_click_weights(data):
    """The impressions with weights of the clicks: first position's click rate / own click rate."""
    click = data.labels["click"]
    shown = np.bincount(data.position)
    rate = np.bincount(data.position, click) / np.maximum(shown, 1)
    first = rate[data.position.min()]
    weight = np.where(click > 0, first / np.maximum(rate[data.position], 1e-6), 1.0)
    return dataclasses.replace(data, weight=(weight / weight.mean()).astype("float32"))


def predict(train, test, kind, seed, epochs):
    """Predictions `(n,)` of one ranker for the test."""
    import keras

    from kerasrec.data import impression_batches
    from kerasrec.optimizers import LazyAdam
    from kerasrec.training.fit_ranker import losses
    from kerasrec_zoo import FactorizationMachine

    keras.utils.set_random_seed(seed)
    model = FactorizationMachine(train.schema(), dim=DIM, position=kind == "position")
    model.adapt(train)
    model.compile(LazyAdam(RATE), losses(model, {}))
    data = with_click_weights(train) if kind == "weighted" else train
    batches = impression_batches(data, inputs=model.train_inputs, batch_size=512, seed=seed)
    model.fit(batches, epochs=epochs, verbose=0)
    return model.predict_impressions(test)["click"]


def measure(arguments, say):
    from kerasrec.evaluation.impressions import task_differences, task_metrics

    rounds, epochs = arguments.rounds or 3, 1 if arguments.quick else EPOCHS
    tables = []
    for name in arguments.logs:
        train, test = LOGS[name]()
        label = test.labels["click"]
        users = test.user if len(test.users) > 2 else None
        found = {kind: [] for kind in KINDS}
        for seed in range(1 if arguments.quick else rounds):
            for kind in KINDS:
                say(f"{name}, {kind}, seed {seed}")
                found[kind].append(predict(train, test, kind, seed, epochs))
        rows = []
        for kind, predictions in found.items():
            samples = [task_metrics(label, one)[0] for one in predictions]
            note = f"calibration ratio {samples[0]['calibration_ratio']['mean']:.3f}"
            if kind != "plain":
                pair = (label, predictions[0], found["plain"][0])
                difference = task_differences(*pair, requests=users)[0]["auc"]
                low, high = difference["low"], difference["high"]
                note = f"{difference['mean']:+.4f} [{low:+.4f}, {high:+.4f}], {note}"
            rows.append(Row(kind, tuple(one["auc"]["mean"] for one in samples), note))
        clicks = f"{len(train):,} rows, test {len(test):,} rows with {int(label.sum()):,} positives"
        tables.append(Table(f"{name}: {clicks}", "AUC", tuple(rows), "plain"))
    settings = {"epochs": epochs, "dim": DIM, "learning_rate": RATE, "rounds": rounds}
    return Report("Position bias", settings, tables)
