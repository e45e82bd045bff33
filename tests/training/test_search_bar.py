from kerasrec.training.tune.search_bar import SearchBar


def test_values_in_brackets_are_shown_as_they_are():
    with SearchBar(1, 2, "ndcg@10 .25, model.activation [relu]") as bar:
        shown = [column.render(bar._bar.tasks[0]) for column in bar._bar.columns]
    assert "ndcg@10 .25, model.activation [relu]" in [str(one) for one in shown]
