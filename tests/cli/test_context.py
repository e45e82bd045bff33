"""Features of a request on the command line, from a checkpoint and from an export."""

import json

import pytest

from kerasrec.cli.context import read_context
from kerasrec.errors import InputError

GIVEN = ("hour=9", "price=12.5", "tags=b|c", "query=red hat", "at=2024-01-01 10:00", "place=[1, 2]")
CONTEXT = [part for one in GIVEN for part in ("--context", one)]
# The same for the model in Python; 2024-01-01 10:00 UTC is 1704103200.
IN_PYTHON = {
    "hour": [9], "price": [12.5], "tags": [["b", "c"]], "query": ["red hat"],
    "at": [1704103200], "place": [[1.0, 2.0]],
}  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(context_ranker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranker") / "checkpoint"
    context_ranker.save(folder)
    return folder


@pytest.mark.parametrize("text", ["hour", "=9", ""])
def test_a_pair_has_a_key(text):
    with pytest.raises(InputError, match="expected KEY=VALUE, such as hour=9"):
        read_context([text])


def test_a_key_is_given_once():
    with pytest.raises(InputError, match="--context hour is given twice"):
        read_context(["hour=9", "hour=10"])


@pytest.mark.slow
def test_one_user(kerasrec, context_ranker, context_export, checkpoint):
    expected = context_ranker.recommend(users=["u1"], k=4, context=IN_PYTHON)
    for source in (checkpoint, context_export, context_export / "1"):
        asked = ("recommend", source, "--user", "u1", "-k", 4, *CONTEXT, "--trust", "--json")
        status, found, error = kerasrec(*asked)
        assert error == "" and status == 0 and found["notes"] == []
        rows = found["recommendations"]
        assert [row["item"] for row in rows] == list(expected.item)
        scores = [row["score"] for row in rows]
        assert scores == pytest.approx(list(expected.score), rel=1e-4)


@pytest.mark.slow
def test_what_is_missing_or_unknown_is_said(kerasrec, context_export, checkpoint):
    for source in (checkpoint, context_export):
        asked = ("recommend", source, "--user", "u1", "--trust")
        status, _, error = kerasrec(*asked, *CONTEXT[:6])
        assert status == 0, error
        assert "context: query, at, place not given: answered as if missing" in error
        status, _, error = kerasrec(*asked, "--context", "hours=9")
        assert status == 2
        said = "reads no feature 'hours' of a request; it reads hour, price, tags, query, at, place"
        assert said in error
        status, _, error = kerasrec(*asked, "--context", "price=much")
        assert status == 2
        assert "Feature 'price' (number), request 0: " in error and "'much'" in error
    asked = ("recommend", context_export, "--item", "i1", "--context", "hour=9")
    assert "--context does not go with --item" in kerasrec(*asked)[2]


@pytest.mark.slow
def test_inspect_shows_features_tasks_and_missing_numbers(kerasrec, context_export):
    status, out, _ = kerasrec("inspect", context_export)
    assert status == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert {"context hour category, 24 values", "context price number"} <= set(lines)
    assert {"task click binary", "task seconds seconds"} <= set(lines)
    assert "score inputs price float32 (any) [null]" in lines
    assert "score inputs place float32 (any, 2) [[null, null]]" in lines
    assert "score outputs seconds float32 (any)" in lines
    status, found, _ = kerasrec("inspect", context_export, "--json")
    json.dumps(found, allow_nan=False)
    assert found["context"]["tags"]["separator"] == "|"


@pytest.mark.slow
@pytest.mark.export
def test_verify(kerasrec, context_ranker, tmp_path):
    from kerasrec.export import export

    export(context_ranker, tmp_path / "1", k=3)
    status, found, _ = kerasrec("verify", tmp_path / "1", "--json")
    assert status == 0
    assert set(found["signatures"]) == {"recommend", "recommend_examples", "score", "explain"}
    assert all(one["difference"] < 1e-5 for one in found["signatures"].values())
