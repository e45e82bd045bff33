"""One arm: a shop with its own version, its own lists, and its own diary of the same people."""

import numpy as np
import pandas as pd

from kerasrec.simulation.click_model import click_probability, clicks
from kerasrec.simulation.ranked import ranked
from kerasrec.simulation.world import SHOWN

YOUNG = 30  # days


class Shop:
    """Shows lists to the visitors of a day, and learns in the night.

    Args:
        name: For tables.
        world: `World`.
        learner: `Frozen`, `Nightly` or `Popular`.
        diary: `Diary` of the days before; it is copied.
        explorer: `Explorer`, None to show what the model ranks first.

    Attributes:
        clicks, young: int `(days, people)`: clicks, and those on books under 30 days old.
        young_shown: int `(days, people)`, impressions of books under 30 days old.
        log: A list of DataFrames, one a day, of an exploring shop: `request`, `position`,
            `propensity`, `click` and `target`, the probability of the item in a shop that does not
            explore.
        best: True click probabilities of the lists that such a shop would show, `(n,)` a day.
    """

    def __init__(self, name, world, learner, diary, explorer=None):
        self.name, self.learner, self.diary = name, learner, diary.copy()
        self._world, self._explorer = world, explorer
        self._number = pd.Index(world.ids)
        shape = world.days, world.people
        self.clicks, self.young, self.young_shown = (np.zeros(shape, int) for _ in range(3))
        self.log, self.best = [], []

    def open(self, day, chances):
        """Serves the visitors of a day, `chances` being its `Day`."""
        visitors, rows = chances.visitors, np.arange(len(chances.visitors))[:, None]
        books, drawn = self._lists(day, visitors)
        clicked = clicks(chances.utility[rows, books], chances.looks, chances.takes[rows, books])
        young = day - self._world.born[books] < YOUNG
        self.clicks[day, visitors] = clicked.sum(1)
        self.young[day, visitors] = (clicked & young).sum(1)
        self.young_shown[day, visitors] = young.sum(1)
        if drawn is not None:
            self._explorer.count(drawn.items, clicked)
            self._write_log(day, visitors, clicked, drawn)
            best = self._number.get_indexer(drawn.best.ravel()).reshape(drawn.best.shape)
            self.best.append(click_probability(chances.utility[rows, best]).mean(1))
        self._remember(day, chances, books, clicked)

    def _lists(self, day, visitors):
        if self._explorer is None:
            out = self._world.ids[: self._world.published(day)].tolist()
            histories = [self.diary.histories[person] for person in visitors]
            drawn, (items, _) = None, ranked(self.learner.model, histories, SHOWN, out)
        else:
            drawn = self._explorer.lists(self.learner.model, day, visitors, self.diary)
            items = drawn.items
        return self._number.get_indexer(items.ravel()).reshape(items.shape), drawn

    def _write_log(self, day, visitors, clicked, drawn):
        self.log.append(
            pd.DataFrame(
                {
                    "request": np.repeat([f"{day}-{person}" for person in visitors], SHOWN),
                    "position": np.tile(np.arange(1, SHOWN + 1), len(visitors)),
                    "propensity": drawn.propensities.ravel(),
                    "click": clicked.ravel().astype(float),
                    "target": drawn.target.ravel(),
                }
            )
        )

    def _remember(self, day, chances, books, clicked):
        """Clicks in the order of positions, and then what a visitor finds without the list."""
        row, place = np.nonzero(clicked)
        seeking = np.flatnonzero(chances.searches)
        read = self.diary.read.copy()
        read[chances.visitors[row], books[row, place]] = True
        found = searched(self._world, day, chances, read)[seeking]
        rows = np.concatenate([row, seeking])
        seconds = chances.seconds[rows] + np.concatenate([place, np.full(len(seeking), SHOWN)])
        order = np.argsort(seconds, kind="stable")
        self.diary.add(
            chances.visitors[rows][order],
            np.concatenate([books[row, place], found])[order],
            seconds[order],
            (np.arange(len(rows)) >= len(row))[order],
        )


def searched(world, day, chances, read):
    """The book that each visitor would find without a list, `(n,)`.

    P(book) is proportional to exp(utility) over the books that are out and not read yet; the Gumbel
    noise of the day draws it, so that shops with the same readers find the same.
    """
    out = world.published(day)
    value = chances.utility[:, :out] + chances.gumbel[:, :out]
    return np.where(read[chances.visitors][:, :out], -np.inf, value).argmax(1)
