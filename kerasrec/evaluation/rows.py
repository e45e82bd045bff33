"""Rows of an Evaluation, from metrics by key (model, scope..., metric)."""


def names_of(models):
    """Class names, numbered where a class comes twice.

    >>> names_of([1, 2.0, 3])
    ['int', 'float', 'int 2']
    """
    names = []
    for i, model in enumerate(models):
        name = type(model).__name__
        before = sum(type(other) is type(model) for other in models[:i])
        names.append(f"{name} {before + 1}" if before else name)
    return names


def model_rows(found, names, seconds):
    """One dict a model, with the metrics of the keys (model, "all", metric)."""
    return [
        {"model": name, "metrics": _under(found, (name, "all")), "seconds": spent}
        for name, spent in zip(names, seconds, strict=True)
    ]


def above_rows(found, baselines):
    """One dict a baseline, with the differences of the keys (baseline, "above", metric)."""
    return [{"model": name, "metrics": _under(found, (name, "above"))} for name in baselines]


def group_rows(found, groups):
    """The groups, with the metrics of the keys (model, by, group, metric)."""
    return [g | {"metrics": _under(found, (g["model"], g["by"], g["group"]))} for g in groups]


def _under(found, scope):
    return {key[-1]: value for key, value in found.items() if key[:-1] == scope}
