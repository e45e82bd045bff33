"""The same training steps in four ways, to measure the overhead of `model.fit`."""

import tensorflow as tf

from benchmarks.peers import keras_tables
from benchmarks.peers.timed_fit import timed_fit


def setup(case):
    """Makes a function that trains n steps.

    Case: as for `keras_tables`, and `prefetch`, and `path`: "fit", "train_function" (the loop
    inside `fit`, without callbacks), "function" (`train_step` in a `tf.function` of the same number
    of steps), "graph" (all n steps in one call, on one batch in memory).
    """
    model, data, _ = keras_tables.build(case)
    if case["prefetch"]:
        data = data.prefetch(8)
    model.fit(data, steps_per_epoch=case["steps_per_execution"], verbose=0, shuffle=False)
    return PATHS[case["path"]](model, data, case)


def by_fit(model, data, case):
    return timed_fit(model, data, case["steps_per_execution"])


def by_train_function(model, data, case):
    iterator = iter(data)

    def run(steps):
        for _ in range(steps // case["steps_per_execution"]):
            logs = model.train_function(iterator)
        float(logs["loss"])  # waits for the last step

    return run


def by_function(model, data, case):
    iterator = iter(data)
    step = tf.function(model.train_step, jit_compile=case["jit"])

    @tf.function
    def call(iterator):
        for _ in tf.range(case["steps_per_execution"]):
            step(next(iterator))

    def run(steps):
        for _ in range(steps // case["steps_per_execution"]):
            call(iterator)
        model.optimizer.iterations.numpy()  # waits for the last step

    return run


def by_graph(model, data, case):
    batch = next(iter(data))
    step = tf.function(model.train_step, jit_compile=case["jit"])

    @tf.function
    def call(steps):
        for _ in tf.range(steps):
            step(batch)

    def run(steps):
        call(tf.constant(steps))
        model.optimizer.iterations.numpy()  # waits for the last step

    return run


PATHS = {
    "fit": by_fit,
    "train_function": by_train_function,
    "function": by_function,
    "graph": by_graph,
}
