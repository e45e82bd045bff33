"""What a run measures where its data stays on disk."""

from kerasrec.config.cutoffs import with_default
from kerasrec.out_of_core import StoredInteractions

USERS = 100_000
BASELINES = ["Popularity"]


def with_stored_defaults(config, split, say=lambda line: None):
    """The config with `evaluate` values, where they were not written, for data on disk.

    The test ranks for 100,000 users drawn at random, and the baseline ItemKNN, whose neighbours are
    counted in memory, is left out. Data in memory changes nothing.

    Args:
        config: `RunConfig`.
        split: `Split` of the data.
        say: Called with a line for people where something was changed.
    """
    if not isinstance(split.train, StoredInteractions):
        return config
    values = {"users": USERS, "baselines": BASELINES}
    written = config.evaluate.model_fields_set
    values = {name: value for name, value in values.items() if name not in written}
    if values:
        shown = ", ".join(f"evaluate.{name} is {value}" for name, value in values.items())
        say(f"The table stays on disk: {shown}; write other values to change them.")
    return with_default(config, "evaluate", **values)
