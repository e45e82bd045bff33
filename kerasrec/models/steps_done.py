"""How many steps of an epoch are done, for callbacks."""


def steps_done(batch, params):
    """Number of training steps done in the current epoch.

    With `steps_per_execution` Keras counts the last execution of an epoch as full, so its `batch`
    may exceed the number of steps.

    Args:
        batch: Index that Keras gives to `on_train_batch_end`, from 0.
        params: `params` of the callback.

    >>> steps_done(batch=11, params={"steps": 10})
    10
    """
    return min(batch + 1, params.get("steps") or batch + 1)
