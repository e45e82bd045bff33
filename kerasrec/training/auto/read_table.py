"""The table of `kerasrec auto`: its columns guessed, its rows read, its users sampled."""

import dataclasses

import numpy as np

from kerasrec.config.validate import validate
from kerasrec.data.description import Description
from kerasrec.data.guess_features import guess_features
from kerasrec.data.guess_table import guess_table
from kerasrec.errors import InputError
from kerasrec.training.read_data import read_data

# Larger tables are sampled: so many rows of whole users.
MOST_ROWS = 2_000_000


@dataclasses.dataclass(frozen=True)
class ReadTable:
    """What was read.

    Attributes:
        node: The `data` of a run config as plain values.
        data: `Interactions`, of some users where the table is large.
        whole: `Interactions` of all users.
        repeats: "mask", or "allow" where people take items again.
        share: Of the users that are in `data`.
    """

    node: dict
    data: object
    whole: object
    repeats: str
    share: float


def read_table(path, items=None, users=None, columns=(), say=print):
    """Reads a table without a config.

    Args:
        path: CSV or Parquet file of interactions, or folder of parts.
        items, users: Paths of tables of features, None without.
        columns: Texts such as "user=buyer", for columns that are not to be guessed.
        say: Called with lines for people: what was guessed and read.

    Raises:
        InputError: for columns that cannot be guessed and what `read_data` refuses.
    """
    table = guess_table(path, columns)
    say("Columns")
    for line in table.lines():
        say(line)
    features = {}
    for side, given in (("items", items), ("users", users)):
        if given is not None:
            kind = side.removesuffix("s")
            features[side] = guess_features(given, kind, table.columns.get(kind))
            _say_features(features[side], side, say)
    node = {**table.node(), **features}
    data = read_data(data_node(node))
    about = Description.of(data)
    cleaned = {**table.node(about), **features}
    if cleaned.get("clean") != node.get("clean"):
        data = read_data(data_node(cleaned))
        about = Description.of(data)
        say("Crawlers are left out: see clean in config.yaml.")
    for line in data.report.lines():
        say(line)
    repeats = "allow" if about.repeats_matter else "mask"
    if repeats == "allow":
        say("People take items again, so seen items are ranked too.")
    some, share = sampled_users(data)
    if share < 1:
        say(
            f"The table is large: the models learn from {share:.1%} of the users with "
            f"{len(some):,} rows. The best one is fitted on all rows in the end, if there is time."
        )
    return ReadTable(cleaned, some, data, repeats, share)


def data_node(node):
    """The `DataNode` of plain values.

    Raises:
        InputError: with what is wrong in them.
    """
    # A class that every config may name; only the data is looked at.
    config, problems = validate({"data": node, "model": {"class": "Popularity"}})
    if problems:
        raise InputError("; ".join(f"{'.'.join(keys)}: {text}" for keys, text in problems))
    return config.data


def sampled_users(data, most=None, seed=0):
    """The interactions of some users, at most about so many, and the share of users.

    Args:
        data: `Interactions`.
        most: Rows; None for `MOST_ROWS`.
        seed: Of the draw.
    """
    most = MOST_ROWS if most is None else most
    if len(data) <= most:
        return data, 1.0
    counts = data.user_counts()
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(counts))
    kept = max(1, int(np.searchsorted(np.cumsum(counts[rows]), most, side="right")))
    return data.of_users(np.sort(rows[:kept])), kept / len(rows)


def _say_features(node, side, say):
    say(f"Features of {side} by {node['id']}")
    if "title" in node:
        say(f"  title      {node['title']}")
    for feature in node["features"].values():
        say(f"  {feature['kind']:10s} {feature['column']}")
    if not node["features"]:
        say("  no column looks like a feature")
