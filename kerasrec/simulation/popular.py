"""A learner that counts the readings of the last days."""

from kerasrec.config.model_class import find_model_class
from kerasrec.simulation.frozen import Frozen
from kerasrec.simulation.nightly import WINDOW
from kerasrec.simulation.world import DAY, OPENING


class Popular:
    """The books that were read most often in the last 30 days, for everybody.

    Args:
        world, diary: As of `Nightly`.
    """

    promoted = refused = 0

    def __init__(self, world, diary):
        self._world = world
        self.model = Frozen(world, find_model_class("Popularity"), diary).model

    def night(self, day, diary):
        """Counts anew."""
        frame = diary.frame()
        recent = frame["timestamp"] >= OPENING + (day + 1 - WINDOW) * DAY
        self.model.adapt(self._world.interactions(frame[recent]))
        self.promoted += 1
