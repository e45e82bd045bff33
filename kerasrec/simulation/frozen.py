"""A learner that never learns again."""

from kerasrec.simulation.nightly import LENGTH


class Frozen:
    """The first version for ever; its answers still follow from what somebody read last.

    Args:
        world, make, diary: As of `Nightly`.
    """

    promoted = refused = 0

    def __init__(self, world, make, diary):
        first = world.interactions(diary.frame())
        self.model = make(first.schema(history_length=LENGTH))
        self.model.adapt(first)

    def night(self, day, diary):
        """Does nothing."""
