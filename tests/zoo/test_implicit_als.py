import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models import Retriever
from kerasrec_zoo import implicit_als
from kerasrec_zoo.implicit_als import ImplicitALS


def from_matrix(matrix, **given):
    users, items = np.nonzero(matrix)
    frame = pd.DataFrame({"user": users, "item": items, "value": matrix[users, items]})
    ids = pd.DataFrame({"item": range(matrix.shape[1])})
    return Interactions.from_frame(frame, item_frame=ids, **given)


def planted(users=30, items=25, seed=0):
    """Users of very different histories, among them one of a single item."""
    generator = np.random.default_rng(seed)
    taken = generator.random((users, items)) < np.linspace(0.02, 0.9, users)[:, None]
    taken[:, 0] = True
    return taken * generator.integers(1, 6, taken.shape).astype("float64")


def adapted(train, **arguments):
    model = ImplicitALS(train.schema(), **arguments)
    model.adapt(train)
    return model


def vectors(model):
    tables = (model.user_vectors, model.item_vectors)
    return [np.array(table.embeddings, "float64") for table in tables]


def confidences(train, alpha):
    """Dense, 0 for a pair that was not observed; float64."""
    found = np.zeros((len(train.users), len(train.items)))
    np.add.at(found, (train.user, train.item), alpha * train.value)
    found[train.user, train.item] += 1
    return found


def best_users(confidence, items, l2, exponent, weight):
    """The users' normal equations, one by one."""
    found = np.zeros((len(confidence), items.shape[1]))
    for user, c in enumerate(confidence):
        ridge = l2 * ((c > 0).sum() + weight * (confidence.sum(axis=0) > 0).sum()) ** exponent
        system = weight * items.T @ items + (items.T * c) @ items + ridge * np.eye(items.shape[1])
        found[user] = np.linalg.solve(system, items.T @ c)
    return found


@pytest.mark.parametrize("dim", [2, 8, 24, 40])
@pytest.mark.parametrize("alpha,exponent", [(0.0, 1.0), (0.5, 0.5), (2.0, 0.0)])
def test_users_solve_their_normal_equations_by_hand(dim, alpha, exponent):
    train = from_matrix(planted())
    model = adapted(train, dim=dim, epochs=2, l2=0.03, l2_exponent=exponent, alpha=alpha)
    users, items = vectors(model)
    expected = best_users(confidences(train, alpha), items, 0.03, exponent, 0.3)
    np.testing.assert_allclose(users[2:], expected[2:], atol=2e-4)


@pytest.mark.slow
def test_in_the_end_items_solve_theirs():
    train = from_matrix(planted())
    users, items = vectors(adapted(train, dim=3, epochs=60, l2=0.02))
    expected = best_users(
        confidences(train, 0.0).T, users * (np.arange(32) > 1)[:, None], 0.02, 1, 0.3
    )
    np.testing.assert_allclose(items[2:], expected[2:], atol=1e-3)


@pytest.mark.slow
def test_the_loss_falls():
    train = from_matrix(planted())
    confidence = confidences(train, 0.0)[2:, 2:]
    losses = []
    for epochs in (1, 2, 4, 8, 16):
        users, items = (table[2:] for table in vectors(adapted(train, dim=4, epochs=epochs)))
        score = users @ items.T
        ridges = [
            0.007 * ((confidence > 0).sum(axis=axis) + 0.3 * confidence.shape[axis])
            for axis in (1, 0)
        ]
        loss = (confidence * (1 - score) ** 2).sum() + 0.3 * (score**2).sum()
        loss += sum(
            (r * (v**2).sum(axis=1)).sum() for r, v in zip(ridges, (users, items), strict=True)
        )
        losses.append(loss)
    assert losses == sorted(losses, reverse=True)


def test_short_and_long_histories_are_solved_alike():
    generator = np.random.default_rng(0)
    observed = scipy.sparse.random(12, 50, 0.3, "csr", rng=generator)
    observed.data += 0.5
    fixed = generator.normal(size=(50, 9)).astype("float32")
    fixed[0] = 0.0
    base = generator.uniform(1, 2, (12, 9)).astype("float32")
    rows = np.arange(12)
    short = implicit_als._solve_short(observed, rows, fixed, base)
    long = implicit_als._solve_long(observed, rows, fixed, base)
    np.testing.assert_allclose(short, long, atol=1e-5)


@pytest.mark.parametrize("dim", [8, 40])
def test_as_many_steps_as_factors_solve_the_normal_equations_by_hand(dim):
    train = from_matrix(planted())
    model = adapted(train, dim=dim, epochs=2, l2=0.03, alpha=0.5, cg_steps=dim)
    users, items = vectors(model)
    expected = best_users(confidences(train, 0.5), items, 0.03, 1, 0.3)
    np.testing.assert_allclose(users[2:], expected[2:], atol=1e-3)


def test_few_steps_from_the_last_vectors_reach_the_exact_solution():
    train = from_matrix(planted())
    exact, few = (adapted(train, dim=3, epochs=60, l2=0.02, cg_steps=steps) for steps in (None, 2))
    (users, items), (steps_users, steps_items) = vectors(exact), vectors(few)
    np.testing.assert_allclose(steps_users @ steps_items.T, users @ items.T, atol=2e-3)


def test_a_step_of_conjugate_gradients_by_hand():
    observed = scipy.sparse.csr_matrix(np.array([[0.0, 2.0]]))
    # A = B + 2 y y' = [[3, 2], [2, 4]] and Y'c = [2, 2]. From 0 the residual is [2, 2], its square
    # 8, and [2, 2] A [2, 2]' = 44.
    fixed = np.array([[0.0, 0.0], [1.0, 1.0]], "float32")
    base, start = np.array([[1.0, 2.0]], "float32"), np.zeros((1, 2), "float32")
    found = implicit_als._approach(observed, np.array([0]), fixed, base, start, 1)
    np.testing.assert_allclose(found, [[2 * 8 / 44] * 2], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 1000])
def test_groups_of_any_size_answer_alike(monkeypatch, at_once):
    train = from_matrix(planted())
    whole = vectors(adapted(train, dim=8, epochs=3, alpha=0.3))
    monkeypatch.setattr(implicit_als, "BATCH_SIZE", at_once)
    for one, other in zip(whole, vectors(adapted(train, dim=8, epochs=3, alpha=0.3)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_values_count_with_alpha_alone_and_repetitions_add_them():
    train = from_matrix(planted())
    ones = dataclasses.replace(train, value=np.ones(len(train)))
    twice = ones.concat(ones)
    double = dataclasses.replace(train, value=np.full(len(train), 2.0))
    for one, other, alpha in ((train, ones, 0.0), (twice, ones, 0.0), (twice, double, 0.5)):
        first, second = (vectors(adapted(x, dim=4, epochs=3, alpha=alpha)) for x in (one, other))
        np.testing.assert_allclose(first[0], second[0], atol=1e-5)
        np.testing.assert_allclose(first[1], second[1], atol=1e-5)
    first, second = (vectors(adapted(x, dim=4, epochs=3, alpha=0.5))[0] for x in (train, ones))
    assert np.abs(first - second).max() > 0.01


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_contributions_add_up_to_the_score(alpha):
    train = from_matrix(planted())
    model = adapted(train, dim=6, alpha=alpha)
    asked = np.arange(2, 27)
    for user in (2, 9, 31):
        own = np.flatnonzero(train.user == user)
        history, values = train.item[own], train.value[own]
        inputs = {"user": np.array([user])}
        parts = model.contributions(inputs, history, asked, values)
        assert parts.shape == (25, len(history))
        expected = model.score_pairs({"user": np.full(25, user)}, asked)
        np.testing.assert_allclose(parts.sum(axis=1), expected, atol=1e-4)
        # Without values that matter the vectors must do, as for every retriever.
        without = model.contributions(inputs, history, asked)
        expected = Retriever.contributions(model, inputs, history, asked) if alpha else parts
        np.testing.assert_allclose(without, expected, atol=1e-6)


def test_contributions_are_those_of_the_paper():
    train = from_matrix(planted())
    model = adapted(train, dim=6)
    _, items = vectors(model)
    history = np.array([4, 2, 9])
    ridge = 0.007 * (3 + 0.3 * 25)
    weights = 0.3 * items.T @ items + items[history].T @ items[history] + ridge * np.eye(6)
    expected = [items[5] @ np.linalg.inv(weights) @ items[j] for j in history]
    found = model.contributions({}, history, np.array([5]))
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_recommendations_are_explained():
    train = from_matrix(planted())
    answer = adapted(train, dim=6).recommend(users=["3"], k=2, explain=2)
    for score, reasons in zip(answer["score"], answer["reasons"], strict=True):
        assert sum(reason["contribution"] for reason in reasons) == pytest.approx(score, abs=1e-5)


def test_what_nobody_took_scores_nothing_and_nobody_gets_what_is_popular():
    matrix = planted()
    matrix[:, 3] = 0
    matrix[7] = 0
    train = from_matrix(matrix, user_frame=pd.DataFrame({"user": range(30)}))
    model = adapted(train, dim=5)
    items = [str(i) for i in range(25)]
    idle = model.score(users=["7"] * 25, items=items)
    assert idle[3] == 0 and np.argmax(idle) == 0 and np.isfinite(idle).all()
    with pytest.warns(UserWarning, match="unknown user"):
        nobody = model.score(users=["nobody"] * 25, items=items)
    np.testing.assert_array_equal(nobody, idle)
    history = np.array([2, train.items.vocabulary.rows(["3"])[0]])
    assert model.contributions({}, history, np.array([2, 4]))[:, 1].tolist() == [0.0, 0.0]


def test_a_constant_matrix_is_popular_all_over():
    found = adapted(from_matrix(np.ones((8, 6))), dim=10, epochs=20)
    scores = found.score(users=["0", "3"], items=["5", "1"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    # One number s each way is left: minimize (1 - s)^2 + .3 s^2 + 2 ridges, so s < 1 / 1.3.
    assert 0.5 < scores[0] < 1 / 1.3


def test_parts_that_nothing_connects_do_not_mix():
    matrix = np.zeros((9, 8))
    matrix[:5, :4] = 1
    matrix[5:, 4:] = 1
    model = adapted(from_matrix(matrix), dim=4, epochs=20)
    found = model.score(users=["0", "0", "8", "8"], items=["0", "7", "0", "7"])
    np.testing.assert_allclose(found[[1, 2]], 0, atol=1e-4)
    assert found[[0, 3]].min() > 0.5


def test_the_seed_fixes_everything():
    train = from_matrix(planted())
    one, again, other = (vectors(adapted(train, dim=5, epochs=2, seed=s))[1] for s in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01


@pytest.mark.parametrize(
    "bad,message",
    [
        ({"l2": 0.0}, "l2: expected a number above 0, got 0.0"),
        ({"unobserved_weight": -1}, "unobserved_weight: expected a number above 0, got -1"),
        ({"epochs": 0}, "epochs: expected a whole number from 1, got 0"),
        ({"dim": 0}, "dim: expected a whole number from 1, got 0"),
        ({"cg_steps": 0}, "cg_steps must be a whole number of at least 1: got 0"),
        ({"cg_steps": "3"}, "cg_steps must be a whole number of at least 1: got '3'"),
        ({"cg_steps": 2.5}, "cg_steps must be a whole number of at least 1: got 2.5"),
    ],
)
def test_bad_arguments_are_refused(bad, message):
    with pytest.raises(InputError, match=message):
        ImplicitALS(from_matrix(np.ones((3, 3))).schema(), **bad)


@pytest.mark.parametrize("alpha,value", [(0.5, -2.0), (-0.5, 2.0), (1.0, np.nan)])
def test_a_confidence_must_be_above_zero(alpha, value):
    train = from_matrix(np.ones((3, 3)))
    train = dataclasses.replace(train, value=np.where(np.arange(9) == 4, value, 1.0))
    with pytest.raises(InputError, match="confidence 1 . alpha . value must be above 0"):
        adapted(train, dim=2, alpha=alpha)
