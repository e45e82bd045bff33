import json

import pytest

pytestmark = pytest.mark.slow


def test_one_command_without_a_config(kerasrec, table):
    # Three seconds count and do not train; how much they count depends on the machine.
    status, out, error = kerasrec(
        "auto", "clicks.csv", "--items", "books.csv", "--minutes", "0.05", "--run-dir", "out"
    )
    assert status == 0, error
    lines = out.splitlines()
    assert "  user       user  (guessed by its name)" in lines
    assert "  title      name" in lines
    assert any(line.startswith("  Popularity ") for line in lines)
    assert "Run folder: out; again: kerasrec fit out/config.yaml" in lines
    assert "there was no time to train MatrixFactorization" in " ".join(out.split())
    assert "SASRec is left out" in error
    for command in (["evaluate", "out"], ["recommend", "out", "--user", "u1", "-k", "3"]):
        assert kerasrec(*command)[0] == 0


def test_json_for_machines(kerasrec, table):
    status, found, _ = kerasrec("auto", "clicks.csv", "--minutes", "0.05", "--json")
    assert status == 0
    assert set(found) == {"run", "export", "verdict", "stopped", "yaml", "ladder", "metrics"}
    assert found["run"].startswith("runs/clicks-auto-")
    written = json.loads((table / found["run"] / "ladder.json").read_text())
    assert written == found["ladder"] and written["rungs"][0]["name"] == "Popularity"


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["gone.csv"], "gone.csv: no such file"),
        (["books.csv"], "no column looks like users; name it, as --columns user=NAME"),
        (["clicks.csv", "--minutes", "0"], "minutes: expected a number above 0, got 0"),
        (["clicks.csv", "--items", "gone.csv"], "gone.csv: no such file"),
        (["clicks.csv", "--columns", "buyer=user"], "--columns buyer=user: expected KEY=NAME"),
    ],
)
def test_what_is_wrong_is_named(kerasrec, table, arguments, words):
    status, out, error = kerasrec("auto", *arguments)
    assert status == 2 and words in error and "Traceback" not in error
    assert not (table / "runs").exists()
