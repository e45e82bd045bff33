"""Metric names that MLflow takes."""


def with_mlflow_names(callback):
    """A callback, which gets `val_ndcg_at_10` for `val_ndcg@10` if it is one of MLflow.

    MLflow refuses a metric name with an @, and with it all metrics of the epoch.

    Args:
        callback: Keras callback; a class of MLflow, or derived from one, is changed in place.
    """
    modules = [base.__module__.partition(".")[0] for base in type(callback).__mro__]
    if "mlflow" in modules:
        on_epoch_end = callback.on_epoch_end
        callback.on_epoch_end = lambda epoch, logs=None: on_epoch_end(
            epoch, {name.replace("@", "_at_"): value for name, value in (logs or {}).items()}
        )
    return callback
