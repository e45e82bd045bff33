"""Cut-offs, metrics to monitor, and defaults that follow from them."""

import importlib

from kerasrec.errors import InputError

# The number of items of an answer, and the cut-off that is shown first.
DEFAULT_K = 10
# Metrics of ratings that a run may monitor beside ranking metrics; smaller is better.
RATING_METRICS = ("rmse", "mae")
# The same where the values are labels.
LABEL_METRICS = ("auc", "log_loss", "accuracy")
RANKER_METRICS = {
    "binary": (*LABEL_METRICS, "normalised_entropy", "user_auc", "request_auc"),
    "number": ("rmse", "mae", "poisson_deviance"),
}
RANKER_BASELINES = ("MeanRates", "GradientBoosting")
SMALLER = (*RATING_METRICS, "log_loss", "normalised_entropy", "poisson_deviance")


def nearest_to_default(ks):
    """The cut-off that is nearest to 10, the smaller of two; for tables that show one."""
    return min(ks, key=lambda k: (abs(k - DEFAULT_K), k))


def monitors(config):
    """Names of the metrics that a run of this config can choose its best epoch by."""
    if config.data.ranks:
        return ranker_monitors(config)
    names = importlib.import_module("kerasrec.metrics").RANKING
    ranking = [f"{_prefix(config)}{name}@{k}" for name in names for k in config.evaluate.ks]
    return [*ranking, *RATING_METRICS, *LABEL_METRICS]


def with_ranker_defaults(config):
    """The config of a ranker with the `evaluate` values that were not written."""
    if "baselines" in config.evaluate.model_fields_set:
        return config
    return with_default(config, "evaluate", baselines=list(RANKER_BASELINES))


def ranker_monitors(config):
    """Names of the metrics that a ranker's best epoch can be chosen by.

    Of a named data set those without the name of a label are of its first.
    """
    if config.data.impressions is None:
        names = importlib.import_module("kerasrec.data.datasets").LABELS[config.data.name]
        labels = {"": "binary"} | {f"{name}.": "binary" for name in names}
    else:
        labels = {f"{name}.": one.kind for name, one in config.data.labels.items()}
        labels = labels or {"click.": "binary"}
    found = []
    for label, kind in labels.items():
        known = RANKER_METRICS["binary" if kind == "binary" else "number"]
        found += [f"{label}{metric}" for metric in known]
    return found


def smaller_is_better(monitor):
    """Whether a metric is an error."""
    return monitor.rpartition(".")[2] in SMALLER


def with_train_defaults(config):
    """The config with the values of `train` that were not written and follow from other nodes.

    `train.monitor` is among what `evaluate.ks` measures. With a split that holds nothing out,
    nothing is measured, so it and `train.patience` are None.
    """
    if config.data.ranks and "protocol" not in config.split.model_fields_set:
        protocol = "time" if config.data.impressions is not None else "given"
        config = with_default(config, "split", protocol=protocol)
    if config.data.ranks:
        config = with_ranker_defaults(config)
    values = {"monitor": None, "patience": None}
    if config.data.ranks:
        values = {"loss": {}} | ({} if config.split.holds_out else values)
        if config.split.holds_out:
            values["monitor"] = ranker_monitors(config)[0]
    elif config.split.holds_out:
        values = {"monitor": f"{_prefix(config)}ndcg@{nearest_to_default(config.evaluate.ks)}"}
    written = config.train.model_fields_set
    return with_default(
        config, "train", **{name: value for name, value in values.items() if name not in written}
    )


def with_cutoffs(config, items, say=lambda line: None):
    """The config with cut-offs of at most the number of items.

    Default cut-offs are lowered to it, and a default `train.monitor` follows. Written ones that are
    too large are refused.

    Args:
        config: `RunConfig`.
        items: Number of items.
        say: Called with a line for people where something was lowered.

    Raises:
        InputError: for a written cut-off above the number of items.
    """
    ks = config.evaluate.ks
    if max(ks) <= items or not config.split.holds_out:
        return config
    if "ks" in config.evaluate.model_fields_set:
        raise InputError(
            f"evaluate.ks asks for {max(ks)} items and the data has {items}: lower evaluate.ks"
        )
    cut = sorted({min(k, items) for k in ks})
    config = with_train_defaults(with_default(config, "evaluate", ks=cut))
    monitor = config.train.monitor
    if monitor not in monitors(config):
        raise InputError(
            f"train.monitor {monitor} is not measured, the data has {items} items: leave it out"
        )
    say(f"The data has {items} items: evaluate.ks is {cut}, not {ks}.")
    return config


def with_default(config, node, **values):
    """The config with other values in one of its nodes, which still count as not written."""
    return _copy(config, {node: _copy(getattr(config, node), values)})


def _prefix(config):
    sampled = importlib.import_module("kerasrec.metrics").SAMPLED
    return sampled if config.split.protocol == "sampled" else ""


def _copy(node, values):
    written = set(node.model_fields_set)
    copy = node.model_copy(update=values)
    copy.model_fields_set.difference_update(set(values) - written)
    return copy
