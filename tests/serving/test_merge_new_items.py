"""New items among the answers of an export, by hand."""

import numpy as np
import pytest

from kerasrec.serving.merge_new_items import merge_new_items

NEVER = -np.inf


def answer(items, scores, **more):
    item = np.array([[one.encode() for one in row] for row in items])
    return {"item": item, "score": np.float32(scores), **more}


def shown(found):
    return [[one.decode() for one in row] for row in found["item"]]


def test_each_row_is_the_best_of_both():
    outputs = answer([["a", "b", "c"], ["a", "", ""]], [[3, 2, 1], [5, NEVER, NEVER]])
    scores = np.float32([[2, 2.5], [NEVER, 1]])
    found = merge_new_items(outputs, [b"x", b"long id"], scores, [3, 3])
    # x ties with b and comes after it.
    assert shown(found) == [["a", "long id", "b"], ["a", "long id", ""]]
    assert found["score"].tolist() == [[3, 2.5, 2], [5, 1, NEVER]]


def test_no_row_has_more_than_it_asked_for():
    outputs = answer([["a", "b"], ["a", ""], ["", ""]], [[3, 2], [3, NEVER], [NEVER, NEVER]])
    found = merge_new_items(outputs, [b"x"], np.float32([[9], [9], [9]]), [2, 1, 0])
    assert shown(found) == [["x", "a"], ["x", ""], ["", ""]]


def test_other_outputs_stay_with_their_items_and_probabilities_are_computed():
    outputs = answer(
        [["a", "b"]], [[2, 0]],
        probability=np.float32([[0.88, 0.5]]),
        reason_item=np.array([[["h", "i"], ["j", "k"]]], object),
        reason=np.float32([[[1, 2], [3, 4]]]),
        note=np.float32([7]),
    )  # fmt: skip
    found = merge_new_items(outputs, [b"x"], np.float32([[1]]), [2])
    assert shown(found) == [["a", "x"]]
    assert found["reason_item"].tolist() == [[["h", "i"], [b"", b""]]]
    assert found["reason"].tolist() == [[[1, 2], [0, 0]]] and found["note"].tolist() == [7]
    np.testing.assert_allclose(found["probability"], [[0.88, 0.731059]], rtol=1e-5)


def many(share, request="r", scores=NEVER):
    items = [f"i{n}" for n in range(10)]
    outputs = answer([items], [[float(10 - n) for n in range(10)]])
    new = [f"x{n}".encode() for n in range(5)]
    scores = np.float32([[0.1, 0.2, 0.3, 0.4, 0.5]])
    return shown(merge_new_items(outputs, new, scores, [10], share, request))[0]


def test_a_share_of_the_places_is_for_new_items_at_the_end_of_the_list():
    assert many(0.0) == [f"i{n}" for n in range(10)]
    found = many(0.2)
    assert found[:8] == [f"i{n}" for n in range(8)]
    assert set(found[8:]) <= {f"x{n}" for n in range(5)} and found[8] > found[9]
    assert many(0.2) == found
    assert len({tuple(many(0.2, request=f"r{n}")) for n in range(40)}) > 5
    # More places than new items.
    assert many(1.0) == [*(f"i{n}" for n in range(5)), "x4", "x3", "x2", "x1", "x0"]


def test_the_share_is_met_on_average_and_each_new_item_has_the_same_chance():
    """0.05 of 10 places is one place in every second list, for one of 5 items."""
    lists = [many(0.05, request=str(n)) for n in range(4000)]
    counts = np.array([sum(f"x{n}" in one for one in lists) for n in range(5)])
    assert all(len([x for x in one if x[0] == "x"]) <= 1 for one in lists)
    # Standard deviation of a count: sqrt(4000 * 0.1 * 0.9) = 19.
    assert np.abs(counts - 400).max() < 5 * 19 and abs(counts.sum() - 2000) < 5 * 32


def test_new_items_that_are_shown_anyway_are_counted():
    outputs = answer([["a", "b"]], [[2, 1]])
    scores = np.float32([[9, 0]])
    found = merge_new_items(outputs, [b"x", b"y"], scores, [2], share=0.5)
    assert shown(found) == [["x", "a"]]


def test_what_a_row_must_not_have_is_not_drawn():
    outputs = answer([["a", "b"]], [[2, 1]])
    found = merge_new_items(outputs, [b"x", b"y"], np.float32([[NEVER, 0]]), [2], share=1.0)
    assert shown(found) == [["a", "y"]]


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_row_without_new_items_stays(share):
    outputs = answer([["a", "b"]], [[2, 1]])
    found = merge_new_items(outputs, [b"x"], np.float32([[NEVER]]), [2], share)
    assert shown(found) == [["a", "b"]] and found["score"].tolist() == [[2, 1]]
