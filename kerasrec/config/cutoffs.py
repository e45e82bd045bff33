"""Cut-offs and the monitored metric, where nobody wrote them."""

import importlib

from kerasrec.errors import InputError

# Items of an answer, and the cut-off that is looked at first.
DEFAULT_K = 10
# What a run may monitor beside the ranking metrics; smaller is better.
RATING_METRICS = ("rmse", "mae")


def nearest_to_default(ks):
    """The cut-off that a table of one shows: the nearest to 10, the smaller of two."""
    return min(ks, key=lambda k: (abs(k - DEFAULT_K), k))


def monitors(config):
    """What a run of this config can choose its best epoch by."""
    names = importlib.import_module("kerasrec.metrics").RANKING
    ranking = [f"{_prefix(config)}{name}@{k}" for name in names for k in config.evaluate.ks]
    return [*ranking, *RATING_METRICS]


def with_monitor(config):
    """The config with `train.monitor`, if it was not written, among what `evaluate.ks` measures."""
    if "monitor" in config.train.model_fields_set:
        return config
    name = f"ndcg@{nearest_to_default(config.evaluate.ks)}"
    return with_default(config, "train", monitor=_prefix(config) + name)


def with_cutoffs(config, items, say=lambda line: None):
    """The config with cut-offs that a catalogue has items for.

    The default ones are cut to the number of items, and `train.monitor` follows if it was not
    written either.

    Args:
        config: `RunConfig`.
        items: Number of items.
        say: Called with a line for people where something was cut.

    Raises:
        InputError: for a cut-off above the number of items that was written.
    """
    ks = config.evaluate.ks
    if max(ks) <= items:
        return config
    if "ks" in config.evaluate.model_fields_set:
        raise InputError(
            f"evaluate.ks asks for {max(ks)} items and the data has {items}: lower evaluate.ks"
        )
    cut = sorted({min(k, items) for k in ks})
    config = with_monitor(with_default(config, "evaluate", ks=cut))
    monitor = config.train.monitor
    if monitor not in monitors(config):
        raise InputError(
            f"train.monitor {monitor} is not measured, the data has {items} items: leave it out"
        )
    say(f"The data has {items} items: evaluate.ks is {cut}, not {ks}.")
    return config


def with_default(config, node, **values):
    """The config with other values in one of its nodes, as if they were the defaults."""
    return _copy(config, {node: _copy(getattr(config, node), values)})


def _prefix(config):
    sampled = importlib.import_module("kerasrec.metrics").SAMPLED
    return sampled if config.split.protocol == "sampled" else ""


def _copy(node, values):
    written = set(node.model_fields_set)
    copy = node.model_copy(update=values)
    copy.model_fields_set.difference_update(set(values) - written)
    return copy
