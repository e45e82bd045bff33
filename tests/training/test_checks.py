import dataclasses
import types

import numpy as np
import pytest

from kerasrec.config.train_node import TrainNode
from kerasrec.errors import InputError
from kerasrec.models.make_candidates import CANDIDATES
from kerasrec.training.check_training import check_loss, check_test, check_training

STOCK = ["mean_squared_error", "mean_absolute_error", "huber", "log_cosh"]
FITTING = {
    "softmax": {"in_batch", "sampled", "sampled_by_popularity", "all"},
    "bpr": {"in_batch", "sampled", "sampled_by_popularity"},
    "bce": {"pair", "in_batch", "sampled", "sampled_by_popularity"},
    "gbce": {"sampled"},
    **{name: {"pair"} for name in ["mse", *STOCK]},
}


@pytest.mark.parametrize("candidates", sorted({*CANDIDATES, "sampled_by_popularity"}))
@pytest.mark.parametrize("loss", FITTING)
def test_a_loss_and_candidates_that_do_not_fit_are_refused(loss, candidates):
    model = types.SimpleNamespace(candidates=candidates, log_q=False)
    if candidates in FITTING[loss]:
        check_loss(model, loss)
    else:
        with pytest.raises(InputError) as error:
            check_loss(model, loss)
        said = str(error.value)
        assert f"train.loss {loss} " in said and f"model.candidates {candidates} " in said
        # What it names instead is taken.
        instead = said.partition(": set model.candidates to ")[2].partition(",")[0].split()[0]
        check_loss(types.SimpleNamespace(candidates=instead, log_q=False), loss)


def test_gbce_needs_uncorrected_scores():
    with pytest.raises(InputError, match="train.loss gbce .* set model.log_q to false"):
        check_loss(types.SimpleNamespace(candidates="sampled", log_q=True), "gbce")


def test_a_model_without_candidates_takes_any_loss():
    check_loss(types.SimpleNamespace(candidates=None), "mse")


def trained(candidates="pair", replicas=1):
    strategy = types.SimpleNamespace(num_replicas_in_sync=replicas)
    return types.SimpleNamespace(
        candidates=candidates, trained=True, trainable_weights=[1], distribute_strategy=strategy
    )


def valued(split, values):
    """The split with its values replaced, in turn."""
    parts = {
        name: dataclasses.replace(
            getattr(split, name), value=np.resize(values, len(getattr(split, name))).astype("f4")
        )
        for name in ("train", "validation", "test")
    }
    return dataclasses.replace(split, **parts)


@pytest.mark.parametrize(
    "candidates,loss,values,words",
    [
        ("in_batch", "softmax", [1, 2], "model.candidates in_batch predicts none"),
        ("pair", "mse", [0, 1], "labels 0 and 1"),
        ("pair", "bce", [1, 2], "bce predicts labels"),
        ("pair", "mse", [1, 2], None),
    ],
)
@pytest.mark.parametrize("monitor", ["rmse", "mae"])
def test_a_rating_error_is_monitored_only_with_ratings(
    rated, monitor, candidates, loss, values, words
):
    split = valued(rated, values)
    train = TrainNode(loss=loss, monitor=monitor)
    if words is None:
        check_training(trained(candidates), split, train)
    else:
        with pytest.raises(InputError, match=f"train.monitor {monitor} .*{words}.*ndcg@10"):
            check_training(trained(candidates), split, train)


@pytest.mark.parametrize(
    "candidates,loss,values,words",
    [
        ("in_batch", "softmax", [0, 1], "model.candidates in_batch predicts none"),
        ("pair", "mse", [0, 1], "mse predicts no probabilities"),
        ("pair", "mse", [1, 2], "the values of the data are ratings"),
        ("pair", "bce", [0, 1], None),
    ],
)
@pytest.mark.parametrize("monitor", ["auc", "log_loss", "accuracy"])
def test_a_metric_of_labels_is_monitored_only_with_labels(
    rated, monitor, candidates, loss, values, words
):
    train = TrainNode(loss=loss, monitor=monitor)
    if words is None:
        check_training(trained(candidates), valued(rated, values), train)
    else:
        with pytest.raises(InputError, match=f"train.monitor {monitor} .*{words}.*ndcg@10"):
            check_training(trained(candidates), valued(rated, values), train)


@pytest.mark.parametrize("loss", ["mse", "bce", "huber"])
@pytest.mark.parametrize("value", [1, 4])
def test_constant_values_are_refused(rated, loss, value):
    split = valued(rated, [value])
    words = f"every value is {value}: choose candidates in_batch, sampled or all .*value column"
    with pytest.raises(InputError, match=words):
        check_training(trained(), split, TrainNode(loss=loss))
    # Held against other items it says what was taken, and a model that counts reads no value.
    check_training(trained("in_batch"), split, TrainNode())
    check_training(types.SimpleNamespace(candidates="pair", trained=False), split, TrainNode())


def test_empty_validation_and_test_parts_are_refused(split):
    nothing = dataclasses.replace(split, validation=split.test.select([]))
    with pytest.raises(InputError, match="next-item split leaves no validation interactions"):
        check_training(trained("all"), nothing, TrainNode())
    # A model that counts chooses no epoch.
    check_training(types.SimpleNamespace(trained=False), nothing, TrainNode())
    with pytest.raises(InputError, match="leaves no test interactions"):
        check_test(dataclasses.replace(split, test=split.test.select([])))


def test_a_batch_that_does_not_divide_by_the_replicas_is_refused(split):
    train = TrainNode(batch_size=10, strategy="mirrored")
    check_training(trained("in_batch", replicas=5), split, train)
    with pytest.raises(InputError, match="batch_size 10 .* 4 replicas .* mirrored: set it to 12"):
        check_training(trained("in_batch", replicas=4), split, train)


def test_bce_refuses_ratings(rated):
    train = TrainNode(loss="bce")
    for values in ([0, 1], [1, 0, 0]):
        check_training(trained(), valued(rated, values), train)
    for values in ([1, 2, 5], [0, 0.5], [-1, 1]):
        least, most = min(values), max(values)
        with pytest.raises(InputError, match=f"bce reads labels.* from {least:g} to {most:g}"):
            check_training(trained(), valued(rated, values), train)
    # Held against other items, a value says that the item was chosen.
    check_training(trained("sampled"), valued(rated, [1, 2, 5]), train)
