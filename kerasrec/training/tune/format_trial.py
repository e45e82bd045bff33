"""The line that a search prints for each trial."""


def format_trial(trial, monitor, is_best):
    """A finished trial in one line.

    Args:
        trial: Dict as of `SearchStudy.finished`.
        monitor: Name of the value.
        is_best: Whether it is the best trial so far.

    >>> trial = {"number": 3, "state": "complete", "value": 0.25, "values": {"model.dim": 8}}
    >>> format_trial({**trial, "best_epoch": 2, "epochs": 5, "seconds": 1.25}, "ndcg@10", True)
    'trial 3: ndcg@10 0.2500, epoch 2 of 5, 1.2 s; dim=8; the best so far'
    """
    shorts = short_names(trial["values"])
    values = " ".join(
        f"{shorts[key]}={format_value(value)}" for key, value in trial["values"].items()
    )
    if trial["state"] == "failed":
        return f"trial {trial['number']} failed; {values}: {trial['error']}"
    epochs = f", epoch {trial['best_epoch']} of {trial['epochs']}" if trial["epochs"] else ""
    if trial["state"] == "pruned":
        epochs = f", pruned after epoch {trial['epochs']}"
    end = "; the best so far" if is_best else ""
    seconds = f"{trial['seconds']:.1f} s"
    return (
        f"trial {trial['number']}: {format_score(monitor, trial)}{epochs}, {seconds}; {values}{end}"
    )


def format_score(monitor, trial):
    """The monitored metric of a trial with its name; "" for None, no trial."""
    return f"{monitor} {trial['value']:.4f}" if trial else ""


def format_value(value):
    """A value of a parameter; floats with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def short_names(keys):
    """The shortest end of each dotted key that no other key ends with.

    >>> short_names(["model.dim", "train.optimizer.learning_rate"])
    {'model.dim': 'dim', 'train.optimizer.learning_rate': 'learning_rate'}
    """
    found = {}
    for key in keys:
        parts = key.split(".")
        ends = [".".join(parts[start:]) for start in reversed(range(len(parts)))]
        others = [f".{other}" for other in keys if other != key]
        found[key] = next(
            (end for end in ends if not any(other.endswith(f".{end}") for other in others)), key
        )
    return found
