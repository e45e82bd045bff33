"""The invented bookstore as a world: books that come out, and people whose tastes are known."""

import dataclasses
import functools
import typing

import numpy as np

from kerasrec.data.datasets.synthetic import GENRES, PER_GENRE, WORDS, Bookstore
from kerasrec.data.interactions import Interactions
from kerasrec.whole_number import whole_number

SHOWN = 10  # books of a list
WARM_UP = 30  # days before day 0, in which people search and nothing is recommended
STOCK = 480  # books at the start of these days
OLDEST = 90  # days: the stock came out in so many days before these
NEW = 8  # books that come out a day
BASE = -3.5  # utility of a new book of average appeal in a genre that somebody does not care for
LOVE = 2.5  # what a favourite genre adds
APPEAL, OWN = 1.0, 0.7  # standard deviations of the appeal of books, and of a person's of themes
FADE = 1.0  # what a book loses in 30 days, for `OLDEST` days
DRIFT = 0.02  # chance a day that one of somebody's two favourite genres is replaced
FASHION = 0.05  # standard deviation of what a day adds to the appeal of a theme, for all people
VISITS = (0.2, 0.8)  # chance of a visit a day, of the rarest and the most frequent guest
SEARCHES = 0.2  # share of the visits in which somebody also finds a book without the list
DAY = 86_400
OPENING = 1_600_041_600  # midnight before day 0


class Day(typing.NamedTuple):
    """The chances of a day, the same for every shop.

    Attributes:
        visitors: `(n,)`, people who come, in the order of time.
        seconds: `(n,)`, Unix seconds at which they come; two visits are 100 s or more apart.
        searches: Bool `(n,)`, whether they also look for a book by themselves.
        utility: `(n, books)`, of the books for them on this day.
        looks: `(n, SHOWN)`, uniform.
        takes: `(n, books)`, uniform.
        gumbel: `(n, books)`, Gumbel noise of the searches.
    """

    visitors: np.ndarray
    seconds: np.ndarray
    searches: np.ndarray
    utility: np.ndarray
    looks: np.ndarray
    takes: np.ndarray
    gumbel: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class World:
    """Books and people. All that happens in it follows from the seed and from what is shown.

    The books are those of `Bookstore`, numbered in the order in which they come out: `STOCK` at the
    start, and `NEW` on each day, from `WARM_UP` days before day 0 on. The utility of book b for
    person u on day t is

        BASE + LOVE [genre of b is a favourite of u on day t] + own(u, theme of b)
             + appeal(b) + fashion(theme of b, t)

    with two favourite genres a person, of which one is replaced with chance `DRIFT` a day; own and
    appeal normal; fashion a random walk of each theme.

    Args:
        people: How many.
        days: How many, from day 0 on.
        seed: The same seed gives the same world.

    >>> world = World(people=3, days=2)
    >>> world.published(-30), world.published(1), len(world.ids)
    (488, 736, 736)
    """

    people: int
    days: int
    seed: int = 0

    def __post_init__(self):
        whole_number(self.people, "people", 2, 10_000)
        whole_number(self.days, "days", 1, 1000)
        whole_number(self.seed, "seed", 0)

    def published(self, day):
        """The number of books that are out on a day: these are the first ones."""
        return STOCK + NEW * (day + WARM_UP + 1)

    @functools.cached_property
    def ids(self):
        """The ids of the books, `(books,)` object."""
        return self._store.books["item"].to_numpy()[self._order]

    @functools.cached_property
    def born(self):
        """The day on which each book comes out, `(books,)`."""
        number = np.arange(len(self.ids)) - STOCK
        return np.where(number < 0, number * OLDEST // STOCK, number // NEW) - WARM_UP

    @functools.cached_property
    def user_ids(self):
        """The ids of the people, `(people,)` object."""
        return np.array([f"reader-{n}" for n in range(self.people)], dtype=object)

    @functools.cached_property
    def theme(self):
        """The theme of each book, `(books,)`."""
        return self._store.theme[self._order]

    def day(self, day):
        """The `Day`."""
        random = np.random.default_rng((self.seed, 1, day + WARM_UP))
        shape = self.people, len(self.ids)
        comes, searches = random.random((2, self.people))
        looks, takes = random.random((self.people, SHOWN)), random.random(shape, "float32")
        gumbel, turn = random.gumbel(size=shape), random.permutation(self.people)
        visitors = turn[comes[turn] < self._frequency[turn]]
        seconds = OPENING + day * DAY + (np.arange(len(visitors)) * DAY) // self.people
        searching = np.ones(len(visitors), bool) if day < 0 else searches[visitors] < SEARCHES
        return Day(
            visitors, seconds, searching, self.utility(day, visitors),
            looks[visitors], takes[visitors], gumbel[visitors],
        )  # fmt: skip

    def utility(self, day, people):
        """The utility of all books for some people on a day, float64 `(n, books)`."""
        favourites, fashion = self._tastes[day + WARM_UP]
        loved = (favourites[people][:, :, None] == self.theme // PER_GENRE).any(axis=1)
        own = self._own[people][:, self.theme]
        age = np.clip(day - self.born, 0, OLDEST)
        return BASE + LOVE * loved + own + self._appeal + fashion[self.theme] - FADE * age / 30

    def interactions(self, frame):
        """A table of what people read as `Interactions`, with the same rows whatever it holds.

        So a model is made once and adapted every night: its tables have rows for books that are
        not out yet, which no shop shows.
        """
        return Interactions.from_frame(frame, base=self._catalogs, name="simulation")

    @functools.cached_property
    def _catalogs(self):
        import pandas as pd

        most = max(self.people, len(self.ids))
        frame = pd.DataFrame(
            {"user": np.resize(self.user_ids, most), "item": np.resize(self.ids, most)}
        )
        data = Interactions.from_frame(frame)
        return data.users, data.items

    @functools.cached_property
    def _store(self):
        count = STOCK + NEW * (self.days + WARM_UP)
        return Bookstore(users=1, items=count, seed=self.seed)

    @functools.cached_property
    def _order(self):
        return np.random.default_rng((self.seed, 2)).permutation(self._store.items)

    @functools.cached_property
    def _appeal(self):
        random = np.random.default_rng((self.seed, 3))
        return random.normal(0.0, APPEAL, len(self.ids))

    @functools.cached_property
    def _own(self):
        random = np.random.default_rng((self.seed, 4))
        return random.normal(0.0, OWN, (self.people, len(WORDS)))

    @functools.cached_property
    def _frequency(self):
        return np.random.default_rng((self.seed, 5)).uniform(*VISITS, self.people)

    @functools.cached_property
    def _tastes(self):
        """The favourite genres `(people, 2)` and the fashion `(themes,)` of each day."""
        random = np.random.default_rng((self.seed, 6))
        favourites = np.stack([random.permutation(len(GENRES))[:2] for _ in range(self.people)])
        fashion, found = np.zeros(len(WORDS)), []
        for _ in range(self.days + WARM_UP):
            found.append((favourites.copy(), fashion.copy()))
            moved = np.flatnonzero(random.random(self.people) < DRIFT)
            side = random.integers(2, size=len(moved))
            # 1 to 11 genres after the other favourite, so that the two differ.
            step = random.integers(1, len(GENRES), size=len(moved))
            favourites[moved, side] = (favourites[moved, 1 - side] + step) % len(GENRES)
            fashion = fashion + random.normal(0.0, FASHION, len(WORDS))
        return found
