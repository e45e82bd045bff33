import pytest
import rich.cells

from kerasrec.cli.output import Output


@pytest.mark.parametrize("title", ["Heat " * 40, "映画の題名 " * 30, "x" * 200, "映" * 200])
def test_a_long_title_is_cut_and_the_numbers_are_whole(capsys, title):
    Output().rows(["rank", "score", "title"], [[1, "0.1234", title], [2, "0.1", "Short"]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(rich.cells.cell_len, lines)) <= 100
    first = next(line for line in lines if "0.1234" in line)
    assert first.split()[:2] == ["1", "0.1234"] and title[:4] in first and "…" in first
    assert len([line for line in lines if line.strip()]) == 4


def test_a_short_table_is_whole_and_brackets_are_no_markup(capsys):
    Output().rows(["title"], [["Heat [bold] [/x]"]])
    assert "Heat [bold] [/x]" in capsys.readouterr().out
