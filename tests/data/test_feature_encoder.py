import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.schema import Feature
from kerasrec.errors import InputError


def again(encoder):
    """The encoder after a trip through JSON."""
    return FeatureEncoder.from_dict(json.loads(json.dumps(encoder.to_dict())))


def test_category():
    encoder = FeatureEncoder.fit("genre", ["war", "drama", None, "war", ""], kind="category")
    assert encoder.feature == Feature("genre", "category", size=4)
    rows = encoder.encode(["drama", "war", "opera", None, ""])
    assert rows.tolist() == [3, 2, 1, 0, 0]
    assert rows.dtype == np.int32
    assert encoder.missing(["drama", None, " "]).tolist() == [False, True, True]


def test_category_of_integers_with_a_gap():
    encoder = FeatureEncoder.fit("year", pd.Series([1994, None, 1997]), kind="category")
    assert encoder.vocabulary.ids.tolist() == ["1994", "1997"]
    assert encoder.encode([1997, "1994"]).tolist() == [3, 2]


def test_categories_from_strings():
    encoder = FeatureEncoder.fit("genres", ["War|Drama", "", "Drama | Comedy|Noir"], "categories")
    assert encoder.feature == Feature("genres", "categories", size=6, length=3)
    assert encoder.encode(["Noir|War", None, "Drama|?|War|Comedy"]).tolist() == [
        [5, 2, 0],
        [0, 0, 0],
        [3, 1, 2],  # the fourth does not fit
    ]
    assert encoder.missing(["War", "", " | ", None]).tolist() == [False, True, True, True]


def test_categories_from_lists():
    values = [["a", "b"], np.array(["c"], dtype=object), (), None, 7]
    encoder = FeatureEncoder.fit("tags", values, "categories")
    assert encoder.encode(values).tolist() == [[2, 3], [4, 0], [0, 0], [0, 0], [5, 0]]
    assert encoder.missing(values).tolist() == [False, False, True, True, False]


def test_categories_separator_and_length():
    encoder = FeatureEncoder.fit("tags", ["a,b,c", "c"], "categories", separator=",", length=2)
    assert encoder.encode(["a,b,c", "c"]).tolist() == [[2, 3], [4, 0]]
    assert again(encoder).encode(["c,b"]).tolist() == [[4, 3]]


@pytest.mark.parametrize(
    "cells",
    [
        ['["cat399", "cat2"]', '["cat2"]', "[]", ""],
        ["['cat399', 'cat2']", "['cat2']", "[]", None],
        ["['cat399' 'cat2']", "['cat2']", "[]", None],
    ],
)
def test_categories_from_lists_written_as_text(cells):
    encoder = FeatureEncoder.fit("tags", cells, "categories")
    assert encoder.vocabulary.ids.tolist() == ["cat399", "cat2"]
    assert encoder.encode(cells).tolist() == [[2, 3], [3, 0], [0, 0], [0, 0]]
    assert encoder.missing(cells).tolist() == [False, False, True, True]
    assert again(encoder).encode(['["cat2", "new"]', "cat2|cat399"]).tolist() == [[3, 1], [3, 2]]


def test_a_separator_within_a_list_and_brackets_within_a_category():
    cells = ['["a|b", "[x]"]', "[x]", "[x]|a", ["[x]", '["a"]']]
    encoder = FeatureEncoder.fit("tags", cells, "categories")
    assert encoder.vocabulary.ids.tolist() == ["a|b", "[x]", "a", '["a"]']
    assert encoder.encode(cells).tolist() == [[2, 3], [3, 0], [3, 4], [3, 5]]


def test_number_is_standardized_and_missing_is_the_mean():
    encoder = FeatureEncoder.fit("year", [1.0, None, 3.0, "5"], "number")
    assert encoder.feature == Feature("year", "number")
    encoded = encoder.encode([1, 3, None, "5", ""])
    root = np.sqrt(1.5)  # (5 - 3) / sqrt(8 / 3)
    assert encoded == pytest.approx([-root, 0, 0, root, 0])
    assert encoded.dtype == np.float32


def test_a_constant_number_is_zero():
    encoder = FeatureEncoder.fit("year", [7, 7], "number")
    assert encoder.encode([7, 8]).tolist() == [0, 1]


def test_a_number_that_is_missing_everywhere():
    encoder = FeatureEncoder.fit("year", [None, ""], "number")
    assert encoder.encode([None, 2]).tolist() == [0, 2]


def test_vector_from_lists_and_from_a_matrix():
    values = [[1, 2, 3], None, np.array([4.0, 5, 6])]
    encoder = FeatureEncoder.fit("audio", values, "vector")
    assert encoder.feature == Feature("audio", "vector", size=3)
    assert encoder.encode(values).tolist() == [[1, 2, 3], [0, 0, 0], [4, 5, 6]]
    matrix = np.arange(6.0).reshape(2, 3)
    assert FeatureEncoder.fit("audio", matrix, "vector").encode(matrix).tolist() == matrix.tolist()
    assert encoder.missing(values).tolist() == [False, True, False]


TEXTS = ["The war, the WAR!", "a drama of the war", None, ""]


def test_text_tokens_by_frequency():
    encoder = FeatureEncoder.fit("plot", TEXTS, "text")
    # the: 3, war: 3, then the words that come once; ties in reverse order, as Keras has them.
    assert set(encoder.vocabulary.ids[:2]) == {"the", "war"}
    assert encoder.feature == Feature("plot", "text", size=2 + 5, length=5)
    the, war, drama = encoder.vocabulary.rows(["the", "war", "drama"])
    assert encoder.encode(["War: the drama", "the opera", None]).tolist() == [
        [war, the, drama, 0, 0],
        [the, 1, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert encoder.encode([]).shape == (0, 5)


def test_text_is_what_keras_does():
    import keras

    texts = ["It's 7 o'clock.", "Naïve -- naïve", "x\ty\nz  x", "?!", "[UNK] unk"]
    layer = keras.layers.TextVectorization(output_sequence_length=4, max_tokens=8)
    layer.adapt(texts)
    encoder = FeatureEncoder.fit("plot", texts, "text", max_tokens=8, length=4)
    assert encoder.feature == Feature("plot", "text", size=8, length=4)
    expected = np.asarray(layer(texts)).tolist()
    assert encoder.encode(texts).tolist() == expected
    assert again(encoder).encode(texts).tolist() == expected


MIXED = ["我爱北京天安门", "iPhone 手机壳、红色", "plain words", None]


def test_the_script_chooses_what_tokens_are():
    encoder = FeatureEncoder.fit("plot", MIXED, "text")
    assert encoder.tokenizer == "bigrams" and again(encoder) == encoder
    assert encoder.feature.length == 6
    assert {"我爱", "爱北", "iphone", "手机", "红色", "plain"} <= set(encoder.vocabulary.ids)
    rows = encoder.vocabulary.rows(["北京", "words", "手机"]).tolist()
    for each in (encoder, again(encoder)):
        assert each.encode(["北京 words手机"])[0, :3].tolist() == rows
    # A later table has the tokens of the first.
    assert FeatureEncoder.fit("plot", ["plain"], "text", base=encoder) == encoder


def test_words_where_asked_for_or_where_there_are_spaces():
    assert FeatureEncoder.fit("plot", ["plain words", "ünïcode"], "text").tokenizer == "words"
    encoder = FeatureEncoder.fit("plot", ["我 爱 北京"], "text", tokenizer="words")
    assert set(encoder.vocabulary.ids) == {"我", "爱", "北京"}
    assert again(encoder).encode(["北京 爱"]).tolist() == [
        [*encoder.vocabulary.rows(["北京", "爱"]), 0]
    ]


def test_bigrams_of_texts_with_spaces_are_words():
    encoders = [
        FeatureEncoder.fit("plot", TEXTS, "text", tokenizer=t) for t in ("words", "bigrams")
    ]
    assert encoders[0].vocabulary == encoders[1].vocabulary
    assert encoders[0].encode(TEXTS).tolist() == encoders[1].encode(TEXTS).tolist()


def test_half_a_character_is_named():
    with pytest.raises(InputError, match="value 1: .* holds half of a character"):
        FeatureEncoder.fit("plot", ["a", "b\ud83d"], "text")


def test_text_without_any_word():
    encoder = FeatureEncoder.fit("plot", [None, "", "?!"], "text")
    assert encoder.feature == Feature("plot", "text", size=2, length=1)
    assert encoder.encode(["word", ""]).tolist() == [[1], [0]]
    assert again(encoder).encode(["word"]).tolist() == [[1]]
    assert FeatureEncoder.fit("plot", [], "text") == encoder


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("category", ["b", "a", None, "ü"]),
        ("categories", ["b|a", None, "c"]),
        ("number", [1.5, None, 7]),
        ("vector", [[1.0, 2.0], None, [3.0, 4.5]]),
        ("text", TEXTS),
        ("text", MIXED),
    ],
)
def test_round_trip_through_json(kind, values):
    encoder = FeatureEncoder.fit("f", values, kind)
    assert again(encoder) == encoder
    assert again(encoder).feature == encoder.feature
    assert again(encoder).encode(values).tolist() == encoder.encode(values).tolist()
    encoded = encoder.encode(values)
    assert encoded.shape == (len(values), *encoder.feature.shape)
    assert encoded.dtype == encoder.feature.dtype


def test_base_vocabularies_grow_and_keep_their_rows():
    old = FeatureEncoder.fit("genre", ["war", "drama"], "category")
    new = FeatureEncoder.fit("genre", ["opera", "war"], "category", base=old)
    assert new.vocabulary.ids.tolist() == ["war", "drama", "opera"]
    assert new.feature.size == old.feature.size + 1
    old = FeatureEncoder.fit("genres", ["war|drama", "war"], "categories")
    new = FeatureEncoder.fit("genres", ["opera|war|noir"], "categories", base=old)
    assert new.vocabulary.ids.tolist() == ["war", "drama", "opera", "noir"]
    assert new.feature == Feature("genres", "categories", size=6, length=2)


def test_base_keeps_the_state_of_the_others():
    old = FeatureEncoder.fit("year", [1, 3], "number")
    assert FeatureEncoder.fit("year", [100, 200], "number", base=old) == old
    old = FeatureEncoder.fit("plot", TEXTS, "text")
    assert FeatureEncoder.fit("plot", ["an opera"], "text", base=old) == old


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("number", [1, "five"], "'year'.*value 1: 'five' is not a finite number"),
        ("number", [1, 2, np.inf], "value 2: inf is not a finite number"),
        ("number", pd.to_datetime(["2020-01-01"]), "value 0"),
        ("vector", [[1, 2], [1, 2, 3]], r"value 1: expected 2 numbers, got \[1, 2, 3\]"),
        ("vector", [[1, 2], [1, "x"]], "value 1: expected 2 numbers"),
        ("vector", [[1, 2], [1, np.nan]], "value 1: the vector holds NaN"),
        ("vector", ["1 2"], "must be a list of numbers, got '1 2'"),
        ("vector", [None], "no row has a vector"),
        ("category", ["c", ["a", "b"]], "'year'.*value 1: expected single values, got .'a', 'b'"),
        ("genre", ["a"], "kind must be one of"),
    ],
)
def test_bad_values(kind, values, message):
    with pytest.raises(InputError, match=message):
        FeatureEncoder.fit("year", values, kind).encode(values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": "many"}, "'tags': length must be a whole number of at least 1: got 'many'"),
        ({"length": 0}, "'tags': length must be a whole number of at least 1: got 0"),
        ({"separator": 3}, "'tags': separator must be a non-empty string, got 3"),
        ({"separator": ""}, "'tags': separator must be a non-empty string, got ''"),
        ({"tokenizer": "jieba"}, "'tags': tokenizer must be one of auto, words, bigrams, got 'jie"),
        ({"max_tokens": 1}, "'tags': max_tokens must be a whole number of at least 3: got 1"),
        ({"max_tokens": 1e4}, "'tags': max_tokens must be a whole number .*got 10000.0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(InputError, match=message):
        FeatureEncoder.fit("tags", ["a|b"], "categories", **options)


def test_the_name_of_a_model_input():
    with pytest.raises(InputError, match="'count' is a model input's"):
        FeatureEncoder.fit("count", [1, 2], "number")


def test_the_fewest_tokens():
    encoder = FeatureEncoder.fit("plot", ["b a b"], "text", max_tokens=3)
    assert encoder.vocabulary.ids.tolist() == ["b"]


def test_place_names_the_value():
    with pytest.raises(InputError, match="'y'.*items.csv, row 3: a vector must be a list"):
        FeatureEncoder.fit("y", [None, "x"], "vector", place=lambda i: f"items.csv, row {i + 2}")
    with pytest.raises(InputError, match="items.csv, row 3"):
        FeatureEncoder.fit("y", [1, "x"], "number", place=lambda i: f"items.csv, row {i + 2}")


def test_base_of_another_feature():
    base = FeatureEncoder.fit("year", [1, 2], "number")
    with pytest.raises(InputError, match="cannot continue"):
        FeatureEncoder.fit("year", ["a"], "category", base=base)


@pytest.mark.parametrize(
    "plain",
    [{"name": "a"}, {"name": "a", "kind": "category"}, {"name": "a", "kind": "number", "x": 1}],
)
def test_not_an_encoder(plain):
    with pytest.raises(InputError, match="encoder|do not agree"):
        FeatureEncoder.from_dict(plain)


def test_a_number_of_no_rows_and_of_no_numbers():
    for values in ([], [None, ""], np.array([pd.NaT, None], dtype=object)):
        encoder = FeatureEncoder.fit("year", values, kind="number")
        assert encoder.encode(values).tolist() == [0.0] * len(values)
    with pytest.raises(InputError, match="value 0: .* is not a finite number"):
        FeatureEncoder.fit("year", [1j, 2], kind="number")
