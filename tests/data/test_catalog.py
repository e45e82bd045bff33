import numpy as np
import pandas as pd
import pytest

from kerasrec.data.catalog import Catalog
from kerasrec.data.schema import Feature
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError

FEATURES = {
    "genre": {"kind": "category"},
    "tags": {"kind": "categories", "column": "all tags"},
    "year": {"kind": "number"},
    "audio": {"kind": "vector", "column": ["v0", "v1"]},
}


def movies(**changes):
    columns = {
        "movie": ["m1", "m2", "m3"],
        "genre": ["war", None, "noir"],
        "all tags": ["x|y", "y", ""],
        "year": [1990, 2000, None],
        "v0": [0.5, 1.5, 2.5],
        "v1": [0.0, 1.0, 2.0],
        "name": ["One", "Two", None],
    }
    return pd.DataFrame({**columns, **changes})


def movie_catalog(frame=None, **options):
    return Catalog.from_frame(
        movies() if frame is None else frame, "movie", FEATURES, title="name", **options
    )


def test_columns_by_row():
    items = movie_catalog()
    assert len(items) == 5
    assert items.vocabulary.ids.tolist() == ["m1", "m2", "m3"]
    assert items.features == (
        Feature("genre", "category", 4),
        Feature("tags", "categories", 4, 2),
        Feature("year", "number"),
        Feature("audio", "vector", 2),
    )
    assert items.columns["genre"].tolist() == [0, 0, 2, 0, 3]
    assert items.columns["tags"].tolist() == [[0, 0], [0, 0], [2, 3], [3, 0], [0, 0]]
    assert items.columns["year"].tolist() == [0, 0, -1, 1, 0]
    assert items.columns["audio"].tolist() == [[0, 0], [0, 0], [0.5, 0], [1.5, 1], [2.5, 2]]
    assert items.missing == {"genre": 1, "tags": 1, "year": 1, "audio": 0}
    assert {str(column.dtype) for column in items.columns.values()} == {"int32", "float32"}


def test_titles_fall_back_to_ids():
    items = movie_catalog()
    assert items.title_of([0, 1, 2, 3, 4]).tolist() == ["", "[unknown]", "One", "Two", "m3"]
    untitled = Catalog.from_frame(movies(), "movie")
    assert untitled.titles is None
    assert untitled.title_of(np.array([[4], [1]])).tolist() == [["m3"], ["[unknown]"]]


def test_extended_appends_rows_without_values():
    items = movie_catalog()
    more = items.extended(["m9", "m1", "m8"])
    assert more.vocabulary.ids.tolist() == ["m1", "m2", "m3", "m9", "m8"]
    for name, column in more.columns.items():
        assert (column[:5] == items.columns[name]).all()
        assert not column[5:].any()
    assert more.missing == {"genre": 3, "tags": 3, "year": 3, "audio": 2}
    assert more.title_of([2, 6]).tolist() == ["One", "m8"]
    assert items.extended(["m1"]) is items


def test_base_grows_and_keeps_old_rows_whatever_the_new_table_says():
    old = movie_catalog()
    frame = movies(movie=["m4", "m2", "m5"], genre=["opera", "opera", "war"], name=["4", "!", "5"])
    new = movie_catalog(frame, base=old)
    assert new.vocabulary.ids.tolist() == ["m1", "m2", "m3", "m4", "m5"]
    for name, column in new.columns.items():
        assert (column[:5] == old.columns[name]).all()
    assert new.encoders["genre"].vocabulary.ids.tolist() == ["war", "noir", "opera"]
    assert new.columns["genre"].tolist() == [0, 0, 2, 0, 3, 4, 2]
    assert new.encoders["year"] == old.encoders["year"]
    assert new.titles.tolist() == ["", "[unknown]", "One", "Two", "m3", "4", "5"]
    assert new.missing == {"genre": 1, "tags": 2, "year": 2, "audio": 0}


def test_a_loaded_base_has_no_columns_and_takes_the_tables_values(tmp_path):
    movie_catalog().save(tmp_path)
    base = Catalog.load(tmp_path)
    assert base.columns == {}
    frame = movies(movie=["m4", "m2", "m5"], genre=["opera", "opera", "war"])
    new = movie_catalog(frame, base=base)
    assert new.columns["genre"].tolist() == [0, 0, 0, 4, 0, 4, 2]
    assert base.extended(["m7"]).missing["genre"] == 1


def test_save_and_load(tmp_path):
    items = movie_catalog()
    items.save(tmp_path / "deep" / "items")
    loaded = Catalog.load(tmp_path / "deep" / "items")
    assert loaded.vocabulary == items.vocabulary
    assert loaded.encoders == items.encoders
    assert loaded.features == items.features
    assert loaded.titles.tolist() == items.titles.tolist()
    Catalog(Vocabulary(["a"])).save(tmp_path / "plain")
    assert Catalog.load(tmp_path / "plain").titles is None


def test_a_path_is_read_with_ids_as_text(tmp_path):
    path = tmp_path / "movies.csv"
    path.write_text("movie,code,year\n007,01,1990\n7,1,2000\n")
    features = {"code": {"kind": "category"}, "year": {"kind": "number"}}
    items = Catalog.from_frame(path, "movie", features)
    assert items.vocabulary.ids.tolist() == ["007", "7"]
    assert items.encoders["code"].vocabulary.ids.tolist() == ["01", "1"]
    path.write_text("movie,code,year\n007,01,1990\n7,1,long ago\n")
    with pytest.raises(InputError, match=r"movies.csv, row 3, column 'year': 'long ago' is not"):
        Catalog.from_frame(path, "movie", features)


def test_users_are_a_catalog_too():
    frame = pd.DataFrame({"id": [3, 1], "age": [20, 40]})
    users = Catalog.from_frame(frame, "id", {"age": {"kind": "number"}})
    assert users.vocabulary.ids.tolist() == ["3", "1"]
    assert users.columns["age"].tolist() == [0, 0, -1, 1]


def test_repeated_and_missing_ids_raise_or_are_dropped_and_counted():
    frame = movies(movie=["m1", "m1", None])
    with pytest.raises(InputError, match="items.csv, row 2, column 'movie': the id is missing"):
        movie_catalog(frame)
    with pytest.raises(InputError, match="row 1, column 'movie': 'm1' has a row already"):
        movie_catalog(movies(movie=["m1", "m1", "m3"]))
    items = movie_catalog(frame, on_error="drop")
    assert items.vocabulary.ids.tolist() == ["m1"]
    assert items.title_of([2]).tolist() == ["One"]
    assert items.dropped == {"missing id": 1, "repeated id": 1}


def test_a_bad_value_after_dropped_rows_is_named_by_its_own_row():
    frame = movies(movie=[None, "m2", "m3"], year=[1990, 2000, "soon"])
    with pytest.raises(InputError, match="items.csv, row 2, column 'year': 'soon'"):
        movie_catalog(frame, on_error="drop")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (
            {"genre": {"kind": "category", "column": "gener"}},
            "no column 'gener'.*nearest is 'genre'",
        ),
        (
            {"genre": {"kind": "category", "width": 3}},
            "unknown option 'width'; there are kind, column",
        ),
        ({"genre": {"kind": "colour"}}, "kind must be one of"),
        ({"genre": {}}, "its kind is not given"),
        ({"genre": "category"}, "expected options such as"),
        ({"all tags": {"kind": "categories"}}, "must be letters"),
        ({"audio": {"kind": "vector", "column": ["v0", "v2"]}}, "no column 'v2'"),
        ({"audio": {"kind": "vector", "column": []}}, "must be a name or some names"),
        ({"audio": {"kind": "number", "column": ["v0"]}}, "only a vector has several columns"),
        ({"genre": {"kind": "categories", "length": "many"}}, "'genre': length must be"),
        ({"item": {"kind": "category", "column": "genre"}}, "'item' is a model input's"),
    ],
)
def test_bad_features(features, message):
    with pytest.raises(InputError, match=message):
        Catalog.from_frame(movies(), "movie", features)


def test_a_vector_of_columns_with_a_gap():
    frame = movies(v1=[0, None, 1])
    with pytest.raises(
        InputError, match="'audio' .vector., items.csv, row 1, column 'v1': .* got nan"
    ):
        movie_catalog(frame)


def test_a_vector_of_columns_with_text(tmp_path):
    features = {"audio": {"kind": "vector", "column": ["v0", "name"]}}
    movies().to_csv(tmp_path / "movies.csv", index=False)
    with pytest.raises(
        InputError, match="'audio' .*movies.csv, row 2, column 'name': expected a finite number"
    ):
        Catalog.from_frame(tmp_path / "movies.csv", "movie", features)
    features = {"audio": {"kind": "vector", "column": "name"}}
    with pytest.raises(InputError, match="'audio' .*row 0, column 'name': .* got 'One'"):
        Catalog.from_frame(movies(), "movie", features)


def test_missing_id_and_title_columns():
    with pytest.raises(InputError, match="no column 'id' .*Columns: "):
        Catalog.from_frame(movies(), "id")
    with pytest.raises(InputError, match="no column 'titel'"):
        Catalog.from_frame(movies(), "movie", title="titel")


def test_no_rows():
    with pytest.raises(InputError, match="items.csv: no rows"):
        Catalog.from_frame(movies().iloc[:0], "movie")


def test_base_keeps_its_features():
    with pytest.raises(InputError, match="'colour' is not in the base"):
        Catalog.from_frame(movies(), "movie", {"colour": {"kind": "number"}}, base=movie_catalog())
    base = Catalog.from_frame(movies(), "movie", {"year": {"kind": "number"}})
    with pytest.raises(InputError, match="cannot continue"):
        Catalog.from_frame(movies(), "movie", {"year": {"kind": "text"}}, base=base)


def test_columns_and_titles_must_fit_the_vocabulary():
    items = movie_catalog()
    with pytest.raises(InputError, match=r"'year' must have shape \(5,\), got \(4,\)"):
        Catalog(items.vocabulary, items.encoders, {"year": np.zeros(4)})
    with pytest.raises(InputError, match="2 titles for 5 rows"):
        Catalog(items.vocabulary, titles=np.array(["a", "b"], dtype=object))


def test_bad_saved_catalogs(tmp_path):
    with pytest.raises(InputError, match="vocabulary.json is missing"):
        Catalog.load(tmp_path)
    movie_catalog().save(tmp_path)
    (tmp_path / "encoders.json").write_text("{}")
    with pytest.raises(InputError, match="expected a list of encoders"):
        Catalog.load(tmp_path)


@pytest.mark.parametrize("reader", ["frame", "csv", "parquet"])
def test_lists_written_as_text_are_lists_wherever_they_lie(tmp_path, reader):
    cells = ['["cat399", "cat2"]', "['cat2']", "cat7|cat2", None]
    frame = source = pd.DataFrame({"id": list("abcd"), "tags": cells})
    if reader != "frame":
        source = tmp_path / f"items.{reader}"
        frame.to_csv(source, index=False) if reader == "csv" else frame.to_parquet(source)
    items = Catalog.from_frame(source, "id", {"tags": {"kind": "categories"}})
    assert items.encoders["tags"].vocabulary.ids.tolist() == ["cat399", "cat2", "cat7"]
    assert items.columns["tags"][2:].tolist() == [[2, 3], [3, 0], [4, 3], [0, 0]]
    assert items.missing == {"tags": 1} and items.notes == ()


NUMBERS = {"year": {"kind": "number"}}
VECTOR = {"audio": {"kind": "vector", "column": ["v0", "v1"]}}


@pytest.mark.parametrize("number", [1e39, -1e39, np.inf])
def test_numbers_that_float32_does_not_hold_are_refused(tmp_path, number):
    lists = pd.DataFrame({"movie": ["m1", "m2"], "audio": [[1.0, 2.0], [number, 3.0]]})
    lists.to_parquet(tmp_path / "lists.parquet")
    movies(year=[1.0, number, 3.0]).to_csv(tmp_path / "year.csv", index=False)
    for frame, features in (
        (movies(year=[1.0, number, 3.0]), NUMBERS),
        (tmp_path / "year.csv", NUMBERS),
        (movies(v1=[1.0, number, 3.0]), VECTOR),
        (lists, {"audio": {"kind": "vector"}}),
        (tmp_path / "lists.parquet", {"audio": {"kind": "vector"}}),
    ):
        with pytest.raises(InputError, match="row [13], column .*float32") as error:
            Catalog.from_frame(frame, "movie", features)
        assert ("year" if features is NUMBERS else "audio") in str(error.value)


def test_a_number_far_from_those_of_the_base():
    base = Catalog.from_frame(movies(year=[1.0, 1.001, 1.002]), "movie", NUMBERS)
    frame = movies(movie=["m1", "m2", "m9"], year=[1.0, 1.001, 3e38])
    with pytest.raises(InputError, match=r"row 2, column 'year': 3e\+38 is too far from the mean"):
        Catalog.from_frame(frame, "movie", NUMBERS, base=base)


def test_one_id_and_one_category_in_a_file_and_in_a_frame(tmp_path):
    """pandas writes a column of integers with a gap as "4.0"."""
    frame = pd.DataFrame({"movie": [4.0, 7.0, None], "code": [1.0, None, 2.0]})
    frame.to_csv(tmp_path / "movies.csv", index=False)
    features = {"code": {"kind": "category"}}
    for source in (frame, tmp_path / "movies.csv"):
        items = Catalog.from_frame(source, "movie", features, on_error="drop")
        assert items.vocabulary.ids.tolist() == ["4", "7"]
        assert items.columns["code"].tolist() == [0, 0, 2, 0]
        assert items.encoders["code"].vocabulary.ids.tolist() == ["1"]
    assert items.repaired == {"id written as 4.0, read as 4": 2}


def test_bytes_of_a_column_without_a_type_are_text(tmp_path):
    frame = pd.DataFrame(
        {"movie": [b"m1", b"m2"], "tags": [b"x|y", b"y"], "plot": ["über\n".encode(), b"a b"]}
    )
    frame.to_parquet(tmp_path / "movies.parquet")
    features = {"tags": {"kind": "categories"}, "plot": {"kind": "text"}}
    for source in (frame, tmp_path / "movies.parquet"):
        items = Catalog.from_frame(source, "movie", features, title="plot")
        assert items.columns["tags"].tolist() == [[0, 0], [0, 0], [2, 3], [3, 0]]
        assert "über" in items.encoders["plot"].vocabulary
        assert items.title_of([2, 3]).tolist() == ["über\n", "a b"]
    assert isinstance(frame["plot"][0], bytes)
    frame["plot"] = [b"a", b"\xff"]
    with pytest.raises(InputError, match="'plot' .text., items.csv, row 1, column 'plot': .*UTF-8"):
        Catalog.from_frame(frame, "movie", features)


def test_categories_that_one_float_holds_are_not_merged():
    features = {"genre": {"kind": "category"}}
    codes = np.array([16777216, 16777217, 3], "float32")
    with pytest.raises(
        InputError, match="'genre' .category., .*row 0, column 'genre': 16777216.0 "
    ):
        Catalog.from_frame(movies(genre=codes), "movie", features)
    items = Catalog.from_frame(movies(genre=np.array([0.1, 4, 0.1], "float32")), "movie", features)
    assert items.encoders["genre"].vocabulary.ids.tolist() == ["0.1", "4"]
    for kind in ("category", "categories", "text"):
        frame = movies(genre=pd.Series(["a", "\ud800", None], dtype=object))
        with pytest.raises(InputError, match=f"'genre' .{kind}., .*row 1, column 'genre': "):
            Catalog.from_frame(frame, "movie", {"genre": {"kind": kind}})


def test_prices_as_people_write_them(tmp_path):
    frame = pd.DataFrame({"id": list("abcd"), "price": ["1.000,00 €", "3.000", None, "2.000 EUR"]})
    price = {"price": {"kind": "number", "decimal": ","}}
    frame.to_csv(tmp_path / "a.csv", index=False)
    plain = pd.DataFrame({"id": list("abcd"), "price": [1000.0, 3000.0, None, 2000.0]})
    expected = Catalog.from_frame(plain, "id", {"price": {"kind": "number"}})
    for source in (frame, tmp_path / "a.csv"):
        items = Catalog.from_frame(source, "id", price)
        assert items.columns["price"].tolist() == expected.columns["price"].tolist()
        assert items.missing == expected.missing == {"price": 1}
    frame.loc[1, "price"] = "1.5"
    with pytest.raises(InputError, match=r"'price' .number., items.csv, row 1.*got '1.5'"):
        Catalog.from_frame(frame, "id", price)
    for options in ({"kind": "number", "decimal": ";"}, {"kind": "category", "decimal": ","}):
        with pytest.raises(InputError, match='decimal is "," or ".", for kind number alone'):
            Catalog.from_frame(frame, "id", {"price": options})


def test_buckets_times_and_rare_values_of_a_file(tmp_path):
    items = pd.DataFrame({"id": list("abcd"), "price": [1.5, 2, "", 9], "maker": list("xyxz")})
    items["added"] = ["2026-05-04T06:00:00", "", "2026-05-04 18:00", "2026-05-04"]
    items.to_csv(tmp_path / "items.csv", index=False)
    features = {
        "price": {"kind": "number", "buckets": 2},
        "soft": {"kind": "number", "column": "price", "soft_buckets": 2, "decimal": "."},
        "maker": {"kind": "category", "min_count": 2},
        "added": {"kind": "time", "parts": ["hour"]},
    }
    catalog = Catalog.from_frame(tmp_path / "items.csv", "id", features)
    assert catalog.columns["price"].tolist() == [0, 0, 2, 2, 0, 3]
    np.testing.assert_allclose(
        catalog.columns["soft"][2:], [[1, 0], [14 / 15, 1 / 15], [0, 0], [0, 1]], rtol=1e-6
    )
    assert catalog.columns["maker"].tolist() == [0, 0, 2, 1, 2, 1]
    hours = [[0, 0], [0, 0], [1, 0], [0, 0], [-1, 0], [0, 1]]
    np.testing.assert_allclose(catalog.columns["added"], hours, atol=1e-6)
    assert catalog.missing == {"price": 1, "soft": 1, "maker": 0, "added": 1}
    catalog.save(tmp_path / "catalog")
    assert Catalog.load(tmp_path / "catalog").encoders == catalog.encoders
    more = pd.DataFrame({"id": ["e", "f"], "price": [100, None], "maker": ["z", "z"]})
    more["added"] = [pd.Timestamp("2026-05-04 06:00"), None]
    grown = Catalog.from_frame(more, "id", base=catalog, features={"soft": {"column": "price"}})
    assert grown.columns["price"][6:].tolist() == [3, 0]
    assert grown.columns["soft"][6:].tolist() == [[0, 1], [0, 0]]
    assert grown.columns["maker"].tolist() == [0, 0, 2, 1, 2, 1, 3, 3]
    assert [feature.size for feature in grown.features] == [4, 2, 4, 2]


def test_a_bad_time_is_placed():
    frame = movies(added=["2026-05-04", "soon", None])
    with pytest.raises(InputError, match="'added' .time., items.csv, row 1.*'soon' is not a time"):
        Catalog.from_frame(frame, "movie", {"added": {"kind": "time"}})
