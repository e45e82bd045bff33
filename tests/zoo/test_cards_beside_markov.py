"""A card says in its first line where its model ranks next items worse than counting does."""

import pathlib

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
METRIC = "ndcg@10"


def read_card(path):
    """The front matter of a card, and its first line below the title."""
    _, matter, body = path.read_text(encoding="utf-8").split("---\n", 2)
    lines = [line for line in body.splitlines() if line and not line.startswith("#")]
    return yaml.safe_load(matter), lines[0]


def next_items(matter):
    """NDCG@10 of next items on test parts, the best by data set."""
    found = {}
    for one in matter["results"]:
        if (one["split"], one["part"], one["metric"]) == ("next-item", "test", METRIC):
            found[one["dataset"]] = max(one["value"], found.get(one["dataset"], 0.0))
    return found


CARDS = {path.stem: read_card(path) for path in sorted((ROOT / "zoo").glob("*.md"))}
# Of transitions alone: the text of items is another bar.
COUNTED = {
    one["dataset"]: one["value"]
    for one in CARDS["markov"][0]["results"]
    if one["metric"] == METRIC and not one.get("config", "").endswith("markov.text.yaml")
}


@pytest.mark.parametrize("stem", sorted(set(CARDS) - {"markov"}))
def test_a_model_below_markov_says_so_first(stem):
    matter, first = CARDS[stem]
    for dataset, value in next_items(matter).items():
        assert value >= COUNTED[dataset] or "below Markov" in first, (dataset, value, first)


SEQUENCES = [stem for stem, (matter, _) in CARDS.items() if "next item" in matter["task"]]


@pytest.mark.parametrize("stem", SEQUENCES)
def test_a_sequence_model_is_measured_beside_markov_or_says_that_it_is_not(stem):
    matter, first = CARDS[stem]
    for path in matter["configs"]:
        config = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
        dataset = config["data"].get("name")
        real = dataset != "synthetic" and config["split"]["protocol"] == "next-item"
        if real and dataset not in next_items(matter):
            assert "Markov" in first, (path, first)
