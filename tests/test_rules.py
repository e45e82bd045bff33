"""`Rules`, read from Python and from YAML."""

import pytest

from kerasrec.errors import InputError
from kerasrec.models import Rules

EVERY = """\
diversity: {method: dpp, weight: 0.5, by: genres}
max_per: {brand: 2}
boost:
- {feature: brand, value: acme, factor: 1.2}
- {items: [7, "8"], factor: 2}
pin:
- {item: 12, position: 3}
- {item: x}
popularity_damping: 0.2
freshness: {feature: released, half_life: 30}
exclude: [9]
"""


def from_yaml(text, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    return Rules.from_yaml(path)


def test_every_rule_from_yaml(tmp_path):
    rules = from_yaml(EVERY, tmp_path)
    assert rules.to_dict() == {
        "diversity": {"method": "dpp", "weight": 0.5, "by": "genres"},
        "max_per": {"brand": 2},
        "boost": [
            {"feature": "brand", "value": "acme", "factor": 1.2},
            {"items": ["7", "8"], "factor": 2.0},
        ],
        "pin": [{"item": "12", "position": 3}, {"item": "x", "position": 1}],
        "popularity_damping": 0.2,
        "freshness": {"feature": "released", "half_life": 30.0},
        "exclude": ["9"],
    }
    assert Rules(**rules.to_dict()) == rules


def test_what_is_not_given_is_left_out():
    assert Rules().to_dict() == {}
    assert Rules(diversity={}).to_dict() == {
        "diversity": {"method": "mmr", "weight": 0.3, "by": "vectors"}
    }


@pytest.mark.parametrize(
    "text,message",
    [
        ("max_pre: {brand: 2}", ":1: max_pre: unknown key max_pre; did you mean max_per?"),
        ("pin: []\ndiversity:\n  wight: 1", ":3: diversity.wight: unknown key wight; did you mean"),
        ("diversity: {method: mrr}", ":1: diversity.method: should be 'mmr' or 'dpp', got 'mrr'"),
        ("diversity: {weight: 2}", "diversity.weight: should be less than or equal to 1, got 2"),
        ("boost:\n- {factor: 2}", ":1: boost.0: give feature and value, or items, and a factor"),
        ("boost: [{items: [a], feature: b, factor: 2}]", "give feature and value, or items"),
        ("boost: [{items: [a], factor: 0}]", "boost.0.factor: should be greater than 0, got 0"),
        ("boost: [{items: [a]}]", "boost.0.factor: missing"),
        ("boost: [{items: [a], factor: .inf}]", "boost.0.factor: should be a number"),
        ("boost: [{feature: b, value: yes, factor: 2}]", "boost.0.value: should be a text: put it"),
        ("pin: [{item: a, position: 0}]", "pin.0.position: should be greater than or equal to 1"),
        ("pin: [{item: a}, {item: b}]", "the position 1 is pinned twice"),
        ("pin: [{item: a}, {item: a, position: 2}]", "the item a is pinned twice"),
        ("pin: [{item: a}]\nexclude: [a]", "the item a is pinned and excluded"),
        ("popularity_damping: -1", "popularity_damping: should be greater than or equal to 0"),
        ("freshness: {feature: day, half_life: 0}", "half_life: should be greater than 0, got 0"),
        ("exclude: abc", "exclude: should be a valid list, got 'abc'"),
        ("", "the file is empty; a rules file has keys such as diversity:"),
    ],
)
def test_wrong_rules(text, message, tmp_path):
    with pytest.raises(InputError) as error:
        from_yaml(text, tmp_path)
    assert "rules.yaml" in str(error.value) and message in str(error.value)


def test_wrong_rules_in_python():
    with pytest.raises(InputError, match="rules: max_pre: unknown key max_pre; did you mean max"):
        Rules(max_pre={"brand": 2})
    with pytest.raises(InputError, match="rules: the item a is pinned and excluded"):
        Rules(pin=[{"item": "a"}], exclude=["a"])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="gone.yaml: no such rules file"):
        Rules.from_yaml(tmp_path / "gone.yaml")
