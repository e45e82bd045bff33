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


def test_a_vector_may_be_the_text_of_a_list():
    encoder = FeatureEncoder.fit("audio", ["[1, 2.5]", None], "vector")
    assert encoder.feature == Feature("audio", "vector", size=2)
    assert encoder.encode(["[0.5, 1]", "", [3, 4]]).tolist() == [[0.5, 1], [0, 0], [3, 4]]


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


def test_buckets_of_a_number_are_a_category():
    encoder = FeatureEncoder.fit("price", [1, 2, "3", None, 4], "number", buckets=2)
    assert encoder.feature == Feature("price", "category", size=4)
    encoded = encoder.encode([2, 2.5, -9, 1e30, None, "4", ""])
    assert encoded.tolist() == [2, 3, 2, 3, 0, 3, 0] and encoded.dtype == np.int32
    assert encoder.missing([2, None]).tolist() == [False, True]


def test_soft_buckets_of_a_number_are_a_vector():
    encoder = FeatureEncoder.fit("price", [0, 10, None], "number", soft_buckets=2)
    assert encoder.feature == Feature("price", "vector", size=2)
    encoded = encoder.encode([0, 2.5, 99, None])
    assert encoded.tolist() == [[1, 0], [0.75, 0.25], [0, 1], [0, 0]]
    assert encoded.dtype == np.float32


def test_rare_values_are_unknown():
    values = ["war", "noir", "war", None, "opera", "opera"]
    encoder = FeatureEncoder.fit("genre", values, "category", min_count=2)
    assert encoder.vocabulary.ids.tolist() == ["war", "opera"]
    assert encoder.encode(values).tolist() == [2, 1, 2, 0, 3, 3]
    assert encoder.missing(["noir", None]).tolist() == [False, True]
    lists = [["war", "noir"], "war|opera", "", "opera"]
    encoder = FeatureEncoder.fit("genres", lists, "categories", min_count=2)
    assert encoder.encode(lists).tolist() == [[2, 1], [2, 3], [0, 0], [3, 0]]
    nothing = FeatureEncoder.fit("genre", values, "category", min_count=3)
    assert nothing.encode(values).tolist() == [1, 1, 1, 0, 1, 1]


def test_base_counts_the_new_values():
    old = FeatureEncoder.fit("genre", ["war", "war", "noir"], "category", min_count=2)
    new = FeatureEncoder.fit("genre", ["noir", "opera", "noir", "war"], "category", base=old)
    assert new.vocabulary.ids.tolist() == ["war", "noir"] and new.min_count == 2


# 2026-05-04, a Monday, at 06:00 UTC.
MONDAY = 1777874400


@pytest.mark.parametrize(
    "time",
    [
        MONDAY,
        float(MONDAY),
        MONDAY * 1000,
        str(MONDAY),
        "2026-05-04T06:00:00",
        "2026-05-04T08:00:00+02:00",
        pd.Timestamp("2026-05-04 06:00"),
        np.datetime64("2026-05-04T06:00"),
    ],
)
def test_time(time):
    encoder = FeatureEncoder.fit("release", [time, None], "time")
    assert encoder.feature == Feature("release", "vector", size=4)
    angle = 2 * np.pi / 28
    expected = [[1, 0, np.sin(angle), np.cos(angle)], [0] * 4]
    np.testing.assert_allclose(encoder.encode([time, None]), expected, atol=1e-6)
    assert encoder.missing([time, None, "", 0, np.nan]).tolist() == [False, *[True] * 4]


def test_parts_of_a_time():
    encoder = FeatureEncoder.fit("release", [MONDAY], "time", parts=["month", "hour"])
    assert encoder.feature.size == 4 and again(encoder) == encoder
    assert encoder.encode([MONDAY])[0, 2:].tolist() == pytest.approx([1, 0], abs=1e-6)


NEW = [
    ("number", [1.5, None, 7, 3], {"buckets": 3}),
    ("number", [1.5, None, 7, 3], {"soft_buckets": 3}),
    ("number", [None], {"soft_buckets": 3}),
    ("category", ["a", "b", "a"], {"min_count": 2}),
    ("categories", ["a|b", "a"], {"min_count": 2}),
    ("time", [MONDAY, None], {"parts": ["weekday"]}),
]


@pytest.mark.parametrize(("kind", "values", "options"), NEW)
def test_options_survive_json_and_a_base(kind, values, options):
    encoder = FeatureEncoder.fit("f", values, kind, **options)
    assert again(encoder) == encoder and again(encoder).feature == encoder.feature
    encoded = again(encoder).encode(values)
    assert encoded.tolist() == encoder.encode(values).tolist()
    assert encoded.shape == (len(values), *encoder.feature.shape)
    assert encoded.dtype == encoder.feature.dtype
    assert FeatureEncoder.fit("f", values[:1], kind, base=encoder) == encoder


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("text", {"buckets": 3}, "'f': buckets is for kind number, not for kind text: leave it"),
        ("number", {"min_count": 3}, "min_count is for kind category and categories, not"),
        ("number", {"parts": ["hour"]}, "parts is for kind time"),
        ("number", {"buckets": 1}, "'f': buckets must be a whole number of at least 2: got 1"),
        ("number", {"soft_buckets": 2.5}, "soft_buckets must be a whole number"),
        ("number", {"buckets": 3, "soft_buckets": 3}, "buckets or soft_buckets, not both"),
        ("category", {"min_count": 0}, "min_count must be a whole number of at least 1"),
        ("time", {"parts": ["minute"]}, "parts must be some of hour, weekday, month, each once"),
        ("time", {"parts": ["hour", "hour"]}, "parts must be some of"),
        ("time", {"parts": "hour"}, "as a list; got 'hour'"),
        ("time", {"parts": []}, "parts must be some of"),
    ],
)
def test_bad_options(kind, options, message):
    with pytest.raises(InputError, match=message):
        FeatureEncoder.fit("f", [], kind, **options)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([MONDAY, "yesterday"], "'f' .time., value 1: 'yesterday' is not a time: expected Unix"),
        ([np.inf], "value 0: inf is not a time"),
        ([MONDAY, MONDAY * 1000], "value 0: .* is in another unit than the largest time"),
        ([None, [MONDAY]], "value 1: expected single values"),
    ],
)
def test_bad_times(values, message):
    encoder = FeatureEncoder.fit("f", values, "time")
    with pytest.raises(InputError, match=message):
        encoder.encode(values)


@pytest.mark.parametrize("options", [{"buckets": 2}, {"soft_buckets": 2}])
def test_a_number_in_buckets_is_finite(options):
    encoder = FeatureEncoder.fit("f", [1, 2], "number", **options)
    for value in (np.inf, -np.inf, 1e39, "five"):
        with pytest.raises(InputError, match="value 1: .* is not a finite number"):
            encoder.encode([1, value])


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("number", {"borders": [2.0, 1.0]}),
        ("number", {"borders": [1.0, 1.0 + 1e-12]}),
        ("number", {"borders": [1, 2]}),
        ("number", {"borders": [float("nan")]}),
        ("number", {"borders": [1e39]}),
        ("number", {"borders": "ab"}),
        ("number", {"centres": []}),
        ("number", {"centres": {}}),
        ("number", {"borders": [1.0], "centres": [1.0]}),
        ("vector", {"borders": [1.0]}),
        ("number", {"parts": ["hour"]}),
        ("number", {"min_count": 0}),
        ("number", {"min_count": True}),
        ("time", {"parts": []}),
        ("time", {"parts": ["minute"]}),
        ("time", {"parts": [["hour"]]}),
        ("time", {"parts": "hour"}),
        ("time", {"vocabulary": ["a"]}),
        ("hour", {}),
    ],
)
def test_damaged_state(kind, change):
    with pytest.raises(InputError, match="Feature 'f'"):
        FeatureEncoder.from_dict({"name": "f", "kind": kind, **change})


@pytest.mark.parametrize(
    ("kind", "options"),
    [("category", {"min_count": 3}), ("categories", {"min_count": 4}), ("text", {"max_tokens": 4})],
)
def test_counted_values_are_fitted_as_their_repetitions(kind, options):
    values, counts = ["b|a c", "a", "c|d", "d"], np.array([2, 3, 4, 1])
    found = FeatureEncoder.fit("one", values, kind, counts=counts, **options)
    wanted = FeatureEncoder.fit("one", np.repeat(values, counts).tolist(), kind, **options)
    assert found.to_dict() == wanted.to_dict()
    more = ["e", "e|f", "f"]
    again = FeatureEncoder.fit("one", more, kind, base=found, counts=np.array([3, 1, 2]))
    wanted = FeatureEncoder.fit("one", ["e"] * 3 + ["e|f"] + ["f"] * 2, kind, base=found)
    assert again.to_dict() == wanted.to_dict()
