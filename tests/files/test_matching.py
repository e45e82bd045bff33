from kerasrec.files.matching import fixed_part, is_pattern, matching


def test_wildcards_name_files_in_order(tmp_path):
    for name in ("b.csv", "a.csv", "c.txt", "_a.csv", ".a.csv"):
        (tmp_path / name).write_text("")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "d.csv").write_text("")
    assert [path.name for path in matching(tmp_path / "*.csv")] == ["a.csv", "b.csv"]
    assert [path.name for path in matching(tmp_path / "**" / "*.csv")] == [
        "a.csv",
        "b.csv",
        "d.csv",
    ]
    assert [path.name for path in matching(tmp_path / "[bc].*")] == ["b.csv", "c.txt"]
    assert matching(tmp_path / "a.csv") == [tmp_path / "a.csv"]
    assert matching(tmp_path / "gone.csv") == [] == matching(tmp_path / "*.tsv")


def test_a_file_whose_name_has_these_signs_is_that_file(tmp_path):
    (tmp_path / "a[1].csv").write_text("")
    (tmp_path / "a1.csv").write_text("")
    path = tmp_path / "a[1].csv"
    assert matching(path) == [path] and not is_pattern(path) and fixed_part(path) == path
    path = tmp_path / "x" / "d=*" / "*.csv"
    assert is_pattern(path) and fixed_part(path) == tmp_path / "x"
