import pytest

from kerasrec.cli import main
from kerasrec.cli.ids import read_ids, read_ids_or_file
from kerasrec.errors import InputError

# As many users and items as it takes for an answer; every id of an item has a comma.
ITEMS = ["a,b", "c", "b", '["d"]', "a"]


@pytest.mark.parametrize(
    "given,ids",
    [
        (None, None),
        (["a, b,,c "], ["a", "b", "c"]),
        ([""], []),
        (["a,b", "c"], ["a,b", "c"]),
        (['["d"]', "c"], ['["d"]', "c"]),
        (['["a,b", 7, "[x"]'], ["a,b", "7", "[x"]),
        ([" []"], []),
    ],
)
def test_ids_between_commas_one_by_one_or_as_json(given, ids):
    assert read_ids(given, "--history") == ids


@pytest.mark.parametrize("wrong", ["[a,b]", '["a"', '["a", 1.5]', "[true]", "[null]", '[["a"]]'])
def test_what_begins_as_json_must_be_a_list_of_ids(wrong):
    with pytest.raises(InputError, match="--exclude: what begins with .* must be a JSON list"):
        read_ids([wrong], "--exclude")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run whose items have commas in their ids, and its export."""
    folder = tmp_path_factory.mktemp("commas")
    rows = [(f"u{u}", ITEMS[(u + step) % 5]) for u in range(10) for step in range(3)]
    quoted = ['{},"{}"'.format(user, item.replace('"', '""')) for user, item in rows]
    (folder / "clicks.csv").write_text("\n".join(["user,item", *quoted]))
    (folder / "knn.yaml").write_text(
        f"data: {{path: {folder}/clicks.csv, history_length: 4}}\n"
        "model: {class: ItemKNN, shrinkage: 0.0}\n"
        "evaluate: {ks: [2], baselines: []}\ntrain: {monitor: ndcg@2}\n"
    )
    assert main(["fit", str(folder / "knn.yaml"), "--run-dir", str(folder / "run"), "--json"]) == 0
    assert main(["export", str(folder / "run"), str(folder / "knn" / "1")]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("source", ["run", "knn/1"])
def test_ids_with_commas_are_read_and_excluded(kerasrec, trained, source):
    def ask(*arguments):
        return kerasrec("recommend", trained / source, *arguments, "-k", 5, "--json")[1]

    history = ask("--history", '["a,b", "c"]')
    assert history["notes"] == [] and history["history"] == ["a,b", "c"]
    assert ask("--history", "a,b", "--history", "c") == history
    assert {row["item"] for row in history["recommendations"]} == {"b", '["d"]', "a"}
    for exclude in (["--exclude", '["a,b"]'], ["--exclude", "a,b", "--exclude", '["d"]']):
        answer = ask("--history", "c", *exclude)
        assert answer["notes"] == []
        assert "a,b" not in {row["item"] for row in answer["recommendations"]}
    # Between commas these are two other items.
    assert ask("--history", "a,b")["history"] == ["a", "b"]


def test_a_value_with_the_suffix_of_a_table_is_a_file(tmp_path):
    (tmp_path / "ids.txt").write_text("a,b\nc\n")
    assert read_ids_or_file([str(tmp_path / "ids.txt")], "--allow") == ["a,b", "c"]
    assert read_ids_or_file(['["ids.txt"]'], "--allow") == ["ids.txt"]
    assert read_ids_or_file(["a,b"], "--allow") == ["a", "b"]
    assert read_ids_or_file(None, "--allow") is None
    (tmp_path / "ids.txt").write_text("\n")
    with pytest.raises(InputError, match="--allow: .*ids.txt holds no id"):
        read_ids_or_file([str(tmp_path / "ids.txt")], "--allow")
