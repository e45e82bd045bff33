"""A learner that is counted anew every night, and served if the gate lets it pass."""

from kerasrec.simulation.ranked import ranked
from kerasrec.simulation.world import DAY
from kerasrec.update.ask_export import Answers
from kerasrec.update.recent_queries import RecentQueries

WINDOW = 30  # days that are counted: tastes drift and books fade
LENGTH = 50  # books of a history


class Nightly:
    """Makes a version each night as `kerasrec update --days 30` does, but in memory.

    The latest books that people found by themselves, `1.2 gate.fewest` of them, are held out with
    all that happened since the first of them. The next version is adapted to the days before, and
    the gate compares the answers of both. What was held out is learned in the next nights. Books
    that were found in a list are no queries: the version that made the list would be judged by its
    own choice. A night with too few new searches makes no version.

    The versions are models of the same graph, so their time and size are not compared.

    Args:
        world: `World`.
        make: Function of a `Schema` that returns a model that is not adapted.
        diary: `Diary` of the days before the first one.
        gate: `Gate`.

    Attributes:
        model: The version that serves.
        promoted, refused: Numbers of nights.
    """

    def __init__(self, world, make, diary, gate):
        self._world, self._gate = world, gate
        first = world.interactions(diary.frame())
        self.model, self._spare = (make(first.schema(history_length=LENGTH)) for _ in range(2))
        self.model.adapt(first)
        self._until = diary.frame()["timestamp"].iloc[-1] + 1
        self.promoted = self.refused = 0

    def night(self, day, diary):
        """Makes and judges a version after a day."""
        frame = diary.frame()
        times, searched = frame["timestamp"].to_numpy(), frame["searched"].to_numpy()
        count = int(1.2 * self._gate.fewest)
        found = times[searched & (times >= self._until)][-count:]
        if len(found) < count:
            return
        until = found[0]
        window = (times < until) & (times >= until - WINDOW * DAY)
        self._spare.adapt(self._world.interactions(frame[window]))
        queries = RecentQueries.of(
            frame[times < until],
            frame[(times >= until) & searched],
            (times < self._until)[times < until],
            seed=day,
        )
        allow = self._world.ids[: self._world.published(day)].tolist()
        answers = [
            Answers(ranked(model, queries.history, self._gate.k, allow)[0], True)
            for model in (self.model, self._spare)
        ]
        judgement = self._gate.judge(queries, *answers, (1.0, 1.0), (1, 1), seed=day)
        if judgement.promoted:
            self.model, self._spare, self._until = self._spare, self.model, until
        self.promoted += judgement.promoted
        self.refused += not judgement.promoted
