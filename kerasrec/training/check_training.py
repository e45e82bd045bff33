"""Checks of a training before anything is trained or written."""

from kerasrec.config.cutoffs import LABEL_METRICS, RATING_METRICS
from kerasrec.errors import InputError
from kerasrec.evaluation.value_kind import value_kind


def check_training(model, split, train):
    """Raises an `InputError` for a training that would fail or learn something meaningless.

    Args:
        model: A `Recommender`; one without trainable weights passes, whatever `train` says.
        split: `Split` to train and validate on.
        train: `TrainNode` of a config.
    """
    if not (model.trained and model.trainable_weights):
        return
    check_loss(model, train.loss)
    replicas = model.distribute_strategy.num_replicas_in_sync
    if missing := -train.batch_size % replicas:
        raise InputError(
            f"train.batch_size {train.batch_size} cannot be cut evenly between the {replicas} "
            f"replicas of strategy {train.strategy}: set it to {train.batch_size + missing}"
        )
    # A score that estimates a constant value learns that constant.
    if model.candidates == "pair" and not split.train.explicit:
        raise InputError(
            f"every value is {split.train.value[0]:g}: choose candidates in_batch, sampled or all "
            f"(train.loss softmax), or give a value column; with model.candidates pair train.loss "
            f"{train.loss} fits that one value"
        )
    if not len(split.validation) and train.patience is not None:
        raise InputError(
            f"the {split.protocol} split leaves no validation interactions, and train.monitor "
            f"{train.monitor} chooses the best epoch by them: give split.validation a share, "
            "such as 0.1, or true to next-item, or set train.patience to null to run all epochs "
            "and keep the last"
        )
    if len(split.validation) and train.monitor in RATING_METRICS:
        _check_rating_monitor(model, split, train)
    if len(split.validation) and train.monitor in LABEL_METRICS:
        _check_label_monitor(model, split, train)
    pairs = model.candidates == "pair"
    if pairs and train.loss == "bce" and not split.train.has_labels:
        values = split.train.value
        raise InputError(
            f"train.loss bce reads labels, 0 or 1, and the values of the data are from "
            f"{values.min():g} to {values.max():g}, and each would count as a positive label: set "
            "train.loss to mse, or give a value column of labels, such as rating >= 4"
        )


def check_loss(model, loss):
    """Raises an `InputError` for a loss that the model's candidates do not fit.

    Softmax and BPR need negatives. gBCE needs uniformly sampled negatives, whose share of all items
    is known, and uncorrected scores. Candidates "all" give one sum over all negatives, which only a
    softmax reads. MSE and Keras's own losses read the score of the observed item alone, which is
    corrected unless candidates are "pair". Models without candidates are not checked.
    """
    candidates = model.candidates
    if candidates is None:
        return
    if loss == "gbce":
        _check_gbce(model)
    elif candidates == "pair":
        others = {"softmax": "in_batch, sampled or all", "bpr": "in_batch or sampled"}
        if loss in others:
            raise InputError(
                f"train.loss {loss} holds the observed item against others, and model.candidates "
                f"pair gives none: set model.candidates to {others[loss]}, or train.loss to mse "
                "(ratings) or bce (labels)"
            )
    elif loss not in ("softmax", "bpr", "bce"):
        raise InputError(
            f"train.loss {loss} fits scores to the observed values, and with model.candidates "
            f"{candidates} scores are only compared with those of other items: set "
            "model.candidates to pair, or train.loss to softmax"
        )
    elif candidates == "all" and loss != "softmax":
        raise InputError(
            f"train.loss {loss} reads the other items one by one, and model.candidates all gives "
            "their sum, for a softmax: set model.candidates to in_batch or sampled, or train.loss "
            "to softmax"
        )


def check_test(split):
    """Raises an `InputError` for a split with nothing to test on."""
    if not len(split.test):
        raise InputError(
            f"the {split.protocol} split leaves no test interactions, and a run ends with a test: "
            "give split.test a share, such as 0.1"
        )


def _check_gbce(model):
    if model.candidates != "sampled":
        raise InputError(
            "train.loss gbce corrects for the share of all items that is drawn evenly, and "
            f"model.candidates {model.candidates} draws none that way: set model.candidates to "
            "sampled, or train.loss to softmax"
        )
    if model.log_q:
        raise InputError(
            "train.loss gbce makes probabilities of the scores as they are, and model.log_q true "
            "corrects them for a softmax: set model.log_q to false, or train.loss to softmax"
        )


def _check_rating_monitor(model, split, train):
    wrong, kind = None, value_kind(split, "validation")
    if model.candidates != "pair":
        wrong = f"model.candidates {model.candidates} predicts none"
    elif kind is None:
        wrong = f"all values of the data are {split.train.value[0]:g}"
    elif kind == "labels":
        wrong = "the values of the data are labels 0 and 1"
    elif train.loss == "bce":
        wrong = "train.loss bce predicts labels"
    if wrong:
        raise InputError(
            f"train.monitor {train.monitor} is the error of predicted ratings, and {wrong}: set "
            "train.monitor to ndcg@10; ratings need a value column that differs, "
            "model.candidates pair and train.loss mse"
        )


def _check_label_monitor(model, split, train):
    wrong, kind = None, value_kind(split, "validation")
    if model.candidates != "pair":
        wrong = f"model.candidates {model.candidates} predicts none"
    elif kind is None:
        wrong = f"all values of the data are {split.train.value[0]:g}"
    elif kind == "ratings":
        wrong = "the values of the data are ratings"
    elif train.loss != "bce":
        wrong = f"train.loss {train.loss} predicts no probabilities"
    if wrong:
        raise InputError(
            f"train.monitor {train.monitor} is of predicted labels, and {wrong}: set train.monitor "
            "to ndcg@10; labels need a value column of 0 and 1, model.candidates pair and "
            "train.loss bce"
        )
