import pytest

from kerasrec.serving.id_search import IdSearch


@pytest.fixture(scope="module")
def search():
    titles = ["Rye bread", "The rye", "Dryer", "Rye and smoke", "", "Ærø: café", "rye"]
    return IdSearch(["a", "b", "c", "d", "rye", "f", "g"], titles)


def test_order_is_id_then_beginnings_then_words_then_parts(search):
    # "rye" is an id; a, d and g begin with it (of b the word does), c only holds it.
    assert search.find("rye", 9) == ["rye", "a", "d", "g", "b", "c"]


def test_all_words_must_match_in_any_order(search):
    assert search.find("smoke rye", 9) == ["d"]
    assert search.find("smoke bread", 9) == []


def test_case_and_accents_do_not_matter(search):
    assert search.find("CAFE", 9) == ["f"]


def test_the_limit_is_respected(search):
    assert search.find("rye", 2) == ["rye", "a"]
    assert search.find("  ", 3) == ["a", "b", "c"]


def test_ids_without_titles():
    search = IdSearch(["user-1", "user-10", "user-2"])
    assert search.find("user-1", 9) == ["user-1", "user-10"]
    assert search.title("user-1") == ""


def test_a_query_with_many_matches_is_limited(monkeypatch):
    monkeypatch.setattr("kerasrec.serving.id_search.MAX_RANKED", 3)
    search = IdSearch([f"item {i}" for i in range(9)])
    assert search.find("item", 9) == ["item 0", "item 1", "item 2"]
    # The exact id is found nevertheless.
    assert search.find("item 8", 9)[0] == "item 8"
