import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.catalog import Catalog
from kerasrec.data.feature_notes import FEW, feature_notes


def notes(kind, values, separator="|", tokenizer="words"):
    return feature_notes(kind, separator, tokenizer, values)


def test_a_separator_that_never_occurs_is_said():
    values = ["war; drama"] * (FEW - 1) + ["noir", None]
    (note,) = notes("categories", values)
    assert "separator '|' is in none of 10 values" in note and f"';' is in {FEW - 1}" in note
    assert notes("users", ["ann"] * FEW) == [
        "the separator '|' is in none of 10 values, e.g. 'ann': each is one."
    ]
    assert notes("categories", values, separator=";") == []
    assert notes("categories", values[:5]) == []
    assert notes("categories", [["war"]] * 20) == []
    assert notes("categories", ['["war"]'] * 20) == []
    assert notes("categories", [*values, "a|b"]) == []


def test_a_separator_that_hardly_occurs_is_said():
    (note,) = notes("categories", ["war; drama"] * 30 + ["x|y"])
    assert "separator '|' is in 1 of 31 values" in note and "';' is in 30" in note


def test_a_list_that_is_cut_off_is_said():
    (note,) = notes("categories", ['["a", "b"]', '["a","b"'])
    assert note.startswith("1 value in brackets read as text")


def test_brackets_that_are_no_list_are_said():
    assert notes("categories", ["[x]", "a|b", "[['a'], ['b']]"]) == [
        "2 values in brackets read as text: no list of single values, e.g. '[x]'."
    ]


def test_lists_in_a_column_of_single_categories_are_said():
    (note,) = notes("category", ['["a", "b"]', "c", None])
    assert note.startswith("1 value read as one category: a list, as kind categories reads")
    assert notes("category", ["[x]", "a"]) == []


UNSPACED = ["แมวตัวนี้ชอบกินปลามาก", "หมาตัวนั้นวิ่งเร็วมาก"]


def test_texts_of_one_token_are_said():
    (note,) = notes("text", UNSPACED)
    assert "texts of 21 characters (median) are one token each" in note
    assert "`tokenizer: bigrams`" in note
    (note,) = notes("text", ["red-summer-dress", "blue-winter-coat"])
    assert "one token each" in note and "bigrams" not in note
    assert notes("text", ["a long text", "another one"]) == []
    assert notes("text", ["猫", "犬", "Alien"]) == []  # titles of a word
    assert notes("text", [None, "", 7]) == []


def test_a_choice_of_bigrams_is_said():
    (note,) = notes("text", UNSPACED, tokenizer="bigrams")
    assert "pairs of characters" in note and "`tokenizer: words`" in note
    assert notes("text", ["plain words"], tokenizer="bigrams") == []


@pytest.mark.parametrize("where", ["item", "user"])
def test_the_report_names_the_feature(where):
    features = {
        "plot": {"kind": "text", "tokenizer": "words"},
        "tags": {"kind": "categories", "separator": ";"},
    }
    table = pd.DataFrame({where: list("abcdefghij"), "plot": UNSPACED * 5, "tags": ["x|y"] * 10})
    other = "user" if where == "item" else "item"
    frame = pd.DataFrame({where: list("abcdefghij"), other: list("vwvwvwvwvw")})
    given = {f"{where}_frame": table, f"{where}_features": features}
    report = Interactions.from_frame(frame, **given).report
    plot, tags = report.lines()[-2:]
    assert plot.startswith(f"{where}.plot: texts of 21 characters")
    assert tags.startswith(f"{where}.tags: the separator ';' is in none of 10 values")
    assert report.to_dict()["notes"] == [plot, tags]
    # The way through a catalog alone.
    notes = Catalog.from_frame(table, where, features).notes
    assert [f"{where}.{note}" for note in notes] == [plot, tags]
