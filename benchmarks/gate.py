"""The gate of `kerasrec update`: harmed versions that it refuses, and unharmed ones that pass.

    python -m benchmarks gate

A world of `kerasrec simulate` in which people only search. The serving version is adapted to a
random nine tenths of the people of 30 days, an unharmed one to another nine tenths, and a harmed
one to the same rows with a fault: items shuffled, ids off by one, half of the catalogue dropped,
users shuffled, or half of the rows with a random item. What people find in the next days are the
queries. Five worlds, ten tries each of both kinds; each is judged with several margins.
"""

import numpy as np
import pandas as pd

from benchmarks.runner.report import Bar, Report, Row, Table

MARGINS = (0.05, 0.1, 0.2, 0.3)
TRIES = 50
WORLDS = 5


def add_arguments(parser):
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first world")
    parser.add_argument("--model", default="ItemKNN", metavar="CLASS")


def measure(arguments, say):
    tries, worlds = (5, 1) if arguments.quick else (TRIES, WORLDS)
    people = 300 if arguments.quick else arguments.people
    refused, passed = ({margin: 0 for margin in MARGINS} for _ in range(2))
    missed, halves = [], []
    for seed in range(worlds):
        ask, train, ids, queries = _world(arguments.seed + seed, people, arguments.model)
        serving = ask(_people(train, (arguments.seed, 1, seed)))
        for number in range(seed, tries, worlds):
            random = np.random.default_rng((arguments.seed, number))
            # Tries of one world have the numbers seed, seed + worlds, ...
            name, fault = list(FAULTS.items())[number // worlds % len(FAULTS)]
            part = _people(train, (arguments.seed, 2, number))
            versions = {"unharmed": ask(part), name: ask(fault(part, ids, random))}
            for kind, answers in versions.items():
                for margin in MARGINS:
                    found = _judge(queries, serving, answers, margin, number)
                    if kind == "unharmed":
                        passed[margin] += found.promoted
                    else:
                        refused[margin] += not found.promoted
                        if found.promoted:
                            missed.append(f"{name} at {margin}")
                row = found.rows[0]
                if kind == "unharmed":
                    halves.append((row["high"] - row["low"]) / 2 / row["serving"])
                say(f"{number}: {kind} {found.sentence}")
    say(f"missed: {missed or 'none'}; half an interval: {np.median(halves):.1%} of the value")
    return Report(
        "The gate: harmed and unharmed versions",
        {
            "people": people,
            "seed": arguments.seed,
            "queries": len(queries),
            "half an interval, share of NDCG@10": round(float(np.median(halves)), 3),
        },
        [
            Table(name, f"of {tries}", tuple(Row(f"margin {m:g}", (n,)) for m, n in counts.items()))
            for name, counts in (("harmed: refused", refused), ("unharmed: passed", passed))
        ],
        [
            Bar("harmed refused, default margin", refused[_default()], tries, at_least=True),
            Bar("unharmed passed, default margin", passed[_default()], 0.9 * tries, at_least=True),
        ],
    )


def _default():
    from kerasrec.update.gate import Gate

    return Gate().margin


def _judge(queries, serving, answers, margin, seed):
    from kerasrec.update.gate import Gate

    return Gate(margin=margin).judge(queries, serving, answers, (1.0, 1.0), (1, 1), seed)


def _world(seed, people, name):
    """A function from a table to the answers of a version, the table, the ids and the queries."""
    import kerasrec_zoo
    from kerasrec.simulation import World
    from kerasrec.simulation.diary import Diary
    from kerasrec.simulation.ranked import ranked
    from kerasrec.simulation.shop import searched
    from kerasrec.simulation.simulate import MODELS
    from kerasrec.simulation.world import OPENING, WARM_UP
    from kerasrec.update.ask_export import Answers
    from kerasrec.update.recent_queries import RecentQueries

    world, days = World(people, 4, seed), 4
    diary = Diary(world)
    for day in range(-WARM_UP, days):
        chances = world.day(day)
        found = searched(world, day, chances, diary.read)
        diary.add(chances.visitors, found, chances.seconds, np.ones(len(found), bool))
    frame = diary.frame()
    before = frame["timestamp"] < OPENING
    queries = RecentQueries.of(frame[before], frame[~before], seed=seed)
    data = world.interactions(frame[before])
    model = getattr(kerasrec_zoo, name)(data.schema(history_length=50), **MODELS[name])

    def ask(table):
        model.adapt(world.interactions(table))
        allow = world.ids[: world.published(days - 1)].tolist()
        return Answers(ranked(model, queries.history, 10, allow)[0], True)

    return ask, frame[before], world.ids, queries


def _people(table, seed):
    """The rows of a random nine tenths of the people."""
    users = table["user"].unique()
    random = np.random.default_rng(seed)
    return table[table["user"].isin(random.permutation(users)[: len(users) * 9 // 10])]


def _renamed(table, ids, other):
    """Every book under the id of another one."""
    names = dict(zip(ids, other, strict=True))
    return table.assign(item=table["item"].map(names))


def _shuffled(table, ids, random):
    return _renamed(table, ids, random.permutation(ids))


def _off_by_one(table, ids, random):
    return _renamed(table, ids, np.roll(ids, 1))


def _halved(table, ids, random):
    return table[table["item"].isin(random.permutation(ids)[: len(ids) // 2])]


def _users_shuffled(table, ids, random):
    return table.assign(user=random.permutation(table["user"]))


def _half_random(table, ids, random):
    other = pd.Series(random.choice(ids, len(table)), index=table.index, dtype=object)
    return table.assign(item=table["item"].where(random.random(len(table)) < 0.5, other))


FAULTS = {
    "items shuffled": _shuffled,
    "ids off by one": _off_by_one,
    "half of the catalogue dropped": _halved,
    "users shuffled": _users_shuffled,
    "half of the rows random": _half_random,
}
