"""The click rate of a bandit, judged from the log of random items, beside the one it had.

    python -m benchmarks off_policy [--rankers]

Open Bandit sample, three campaigns with two logs of 10,000 rows each: items drawn uniformly, and
items chosen by a bandit (Bernoulli Thompson sampling) in the same week. The bandit changes all the
time, so the target is its average: the share of each item at each position of its own log, whose
clicks are not read. Its click rate must lie inside the interval that the random log gives, and with
`--backwards` the random policy's inside that of the bandit's log, whose own propensities are used.
KERASREC_DATA names the data.

`--rankers` judges a factorization machine that was trained on the bandit's log, by its own
predictions for all items at each position of the random log: it shows items with a probability
proportional to the square of the predicted click rate. `--coverage` counts how often the intervals
hold the truth on invented logs of this size: 34 items with click rates around 0.5 %, one policy
uniform and the other drawn from a Dirichlet distribution.
"""

import numpy as np
import pandas as pd

from benchmarks.runner.report import Bar, Report, Row, Table

CAMPAIGNS = ("all", "men", "women")
UNIT = "clicks of 10,000"
ROWS, ITEMS = 10_000, 34


def add_arguments(parser):
    parser.add_argument("--backwards", action="store_true", help="also the other direction")
    parser.add_argument("--rankers", action="store_true", help="also judge a trained ranker")
    parser.add_argument("--coverage", action="store_true", help="also count intervals that hold")


def log_of(policy, campaign):
    """The log of a policy: item_id, position, click, propensity, and the features of the user."""
    from kerasrec.data.datasets.sources import Source, find

    frame = pd.read_csv(find(Source(f"obd/{policy}/{campaign}", f"{campaign}.csv")), index_col=0)
    return frame.rename(columns={"propensity_score": "propensity"})


def shares(log):
    """The share of each item among those at each position, by (position, item_id)."""
    return log.groupby("position")["item_id"].value_counts(normalize=True)


def target_of(log, other):
    """The probabilities of the rows of a log under the average policy of another log."""
    keys = pd.MultiIndex.from_frame(log[["position", "item_id"]])
    return shares(other).reindex(keys, fill_value=0.0).to_numpy()


def measure(arguments, say):
    tables, bars = [], []
    directions = [("bts", "random")] + [("random", "bts")] * arguments.backwards
    for campaign in CAMPAIGNS:
        logs = {policy: log_of(policy, campaign) for policy in ("bts", "random")}
        for target, logged in directions:
            say(f"{campaign}: {target} from the log of {logged}")
            rows, inside = compare(logs[target], logs[logged])
            name = f"{campaign}: {target} from the log of {logged}"
            tables.append(Table(name, UNIT, rows))
            bars += [Bar(f"{name}, snips: inside", float(inside["snips"]), 1.0, at_least=True)]
        if arguments.rankers:
            tables.append(judge_ranker(campaign, logs, say))
    if arguments.coverage:
        tables.append(coverage(20 if arguments.quick else arguments.rounds or 400, say))
    return Report("Off-policy estimates", {}, tables, bars)


def compare(other, log):
    """Rows of the estimates of another policy, and which intervals hold its click rate."""
    from kerasrec.evaluation.clustered_ratio import clustered_ratio
    from kerasrec.evaluation.off_policy import off_policy_value

    target, had = target_of(log, other), clustered_ratio(other["click"])
    rows = [Row("own log", (had.value * 1e4,), interval(had))]
    rows.append(Row("the log judged from", (log["click"].mean() * 1e4,)))
    inside = {}
    for estimator, clip in (("ips", None), ("snips", None), ("snips", 10.0)):
        found = off_policy_value(log, target, estimator, clip=clip)
        name = estimator if clip is None else f"{estimator}, clipped at {clip:g}"
        inside[name] = found.low <= had.value <= found.high
        note = f"{interval(found)}, effective {found.effective:,.0f}"
        if clip is not None:
            note += f", removed {found.removed:.1%} of the weight"
        rows.append(Row(name, (found.value * 1e4,), note))
    return tuple(rows), inside


def coverage(logs, say):
    """The share of 95 % intervals that hold the truth, in both directions."""
    from kerasrec.evaluation.off_policy import off_policy_value

    random = np.random.default_rng(0)
    rates, uniform = random.gamma(2.0, 0.0025, ITEMS), np.full(ITEMS, 1 / ITEMS)
    uneven, rows = random.dirichlet(np.ones(ITEMS)), []
    directions = {"uneven from uniform": (uniform, uneven)}
    directions["uniform from uneven"] = uneven, uniform
    for name, (logged, target) in directions.items():
        say(f"coverage: {name}")
        inside, effective = {"ips": 0, "snips": 0}, []
        for seed in range(logs):
            random = np.random.default_rng(seed)
            item = random.choice(ITEMS, ROWS, p=logged)
            click = (random.random(ROWS) < rates[item]).astype(float)
            log = pd.DataFrame({"propensity": logged[item], "click": click})
            for estimator in inside:
                found = off_policy_value(log, target[item], estimator)
                inside[estimator] += found.low <= target @ rates <= found.high
            effective.append(found.effective)
        note = f"effective {np.mean(effective):,.0f}"
        rows += [Row(f"{name}, {key}", (one / logs,), note) for key, one in inside.items()]
    return Table(f"invented logs, {logs} of each", "intervals that hold", tuple(rows))


def interval(found):
    return f"[{found.low * 1e4:.1f}, {found.high * 1e4:.1f}]"


def judge_ranker(campaign, logs, say):
    """A ranker as a policy on the random log: IPS, SNIPS and DR with its own predictions."""
    from kerasrec.evaluation.off_policy import RewardModel, off_policy_value

    say(f"{campaign}: a factorization machine")
    log = logs["random"]
    predicted = np.concatenate([*predictions(logs["bts"], log)])
    policy = predicted**2 / np.sum(predicted**2, axis=1, keepdims=True)
    shown = log["item_id"].to_numpy()
    target = np.take_along_axis(policy, shown[:, None], axis=1)[:, 0]
    model = RewardModel.of_tables(predicted, policy, shown)
    rows = [Row("the log judged from", (log["click"].mean() * 1e4,))]
    for estimator in ("ips", "snips", "dr"):
        given = {"model": model} if estimator == "dr" else {}
        found = off_policy_value(log, target, estimator, **given)
        note = f"{interval(found)}, effective {found.effective:,.0f}"
        rows.append(Row(estimator, (found.value * 1e4,), note))
    return Table(f"{campaign}: FactorizationMachine, by predicted rate squared", UNIT, tuple(rows))


def predictions(train_log, log):
    """Yields predicted click rates `(rows, items)` of blocks of a log, by a model of another."""
    import keras

    from benchmarks.position_bias import CONTEXT, DIM, EPOCHS, RATE
    from kerasrec.data import Impressions, impression_batches
    from kerasrec.optimizers import LazyAdam
    from kerasrec.training.fit_ranker import losses
    from kerasrec_zoo import FactorizationMachine

    keras.utils.set_random_seed(0)
    context = {name: {"kind": "category"} for name in (*CONTEXT, "place")}
    columns = ["item_id", *CONTEXT, "place"]
    train_log, log = (
        one.assign(place=one["position"].astype(str), item_id=one["item_id"].astype(int))
        for one in (train_log, log)
    )
    frame = train_log[[*columns, "click"]].rename(columns={"item_id": "item"})
    train = Impressions.from_frame(frame, context=context, name="obd")
    model = FactorizationMachine(train.schema(), dim=DIM)
    model.adapt(train)
    model.compile(LazyAdam(RATE), losses(model, {}))
    batches = impression_batches(train, inputs=model.train_inputs, batch_size=512, seed=0)
    model.fit(batches, epochs=EPOCHS, verbose=0)
    size = int(log["item_id"].max()) + 1
    for start in range(0, len(log), 1000):
        part = log.iloc[start : start + 1000]
        every = part.loc[part.index.repeat(size), [*columns, "click"]]
        every["item_id"] = np.tile(np.arange(size), len(part))
        every = every.rename(columns={"item_id": "item"})
        base = (train.users, train.items)
        data = Impressions.from_frame(every, base=base, encoders=train.encoders)
        yield model.predict_impressions(data)["click"].reshape(len(part), size)
