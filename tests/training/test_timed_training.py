"""Steps of a training by a clock that is set by hand."""

import types

import keras
import numpy as np
import pytest

from kerasrec.training.callbacks.timed_training import TimedTraining


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Model:
    """What the callback reads of a model."""

    def __init__(self):
        self.optimizer = keras.optimizers.SGD(1.0)
        self.weight = keras.Variable(np.zeros(1))
        self.weights, self.stop_training = [self.weight], False


@pytest.fixture
def start():
    def make(seconds, epochs, **options):
        clock, model = Clock(), Model()
        timed = TimedTraining(seconds, epochs, "val_ndcg@10", clock=clock, **options)
        timed.set_model(model)
        timed.on_train_begin()

        def step(now):
            clock.now = now
            timed.on_train_batch_end(0)
            return float(model.optimizer.learning_rate)

        def validate(now, value):
            clock.now = now
            timed.on_epoch_end(timed.epochs_done - 1, {"val_ndcg@10": value})

        return types.SimpleNamespace(
            timed=timed, model=model, step=step, validate=validate, epoch=timed.on_epoch_begin
        )

    return make


def test_the_rate_falls_from_the_first_step_to_the_end(start):
    run = start(100, 1000)
    run.epoch(0)
    # The first step compiles for 20 seconds; 80 are left.
    assert run.step(20) == 1
    assert run.step(40) == pytest.approx(0.75)
    assert run.step(60) == pytest.approx(0.5)
    assert not run.model.stop_training
    assert run.step(100) == pytest.approx(0.01)
    assert run.model.stop_training and run.timed.ended == "time"


def test_the_rate_falls_with_the_epochs_where_time_is_plenty(start):
    run = start(1e6, 4)
    rates = []
    for epoch in range(4):
        run.epoch(epoch)
        rates.append(run.step(epoch + 1))
    assert rates == pytest.approx([1, 0.75, 0.5, 0.25], abs=1e-4)


def test_it_stops_before_the_last_validation_would_be_late(start):
    run = start(100, 1000)
    run.epoch(0)
    run.step(10)
    run.validate(30, 0.1)  # takes 20
    run.epoch(1)
    run.step(79)
    assert not run.model.stop_training
    run.step(80)
    assert run.model.stop_training


def test_the_best_weights_are_kept(start):
    run = start(1000, 1000)
    for epoch, value in enumerate([0.1, 0.3, 0.2]):
        run.epoch(epoch)
        run.step(epoch + 1)
        run.model.weight.assign([float(epoch)])
        run.validate(epoch + 1.5, value)
    assert run.timed.curve == [(1.5, 0.1), (2.5, 0.3), (3.5, 0.2)] and run.timed.best == 0.3
    assert run.timed.restore(run.model) and run.model.weight.numpy() == [1.0]


def test_without_a_validation_there_is_nothing_to_restore(start):
    run = start(100, 10)
    run.timed.on_epoch_end(0, {"loss": 1.0})
    assert run.timed.best is None and not run.timed.restore(run.model)


@pytest.mark.parametrize("value,stops", [(0.04, True), (0.06, False)])
def test_a_model_far_below_another_is_given_up_after_a_third(start, value, stops):
    run = start(90, 1000, reached=0.1)
    run.epoch(0)
    run.step(0)
    run.validate(29, value)
    assert not run.model.stop_training  # a third is 30 seconds
    run.epoch(1)
    run.step(30)
    run.validate(31, value)
    assert run.model.stop_training is stops
    assert run.timed.ended == ("hopeless" if stops else None)
