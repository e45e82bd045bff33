"""A synthetic bookstore whose best possible recommendations are known."""

import dataclasses
import functools

import numpy as np
import pandas as pd

from kerasrec.data.interactions import Interactions
from kerasrec.errors import InputError

STAY = (0.75, 0.6, 0.1)  # chance to stay in a theme after 1, 2, 3 or more books of it in a row
NEXT = 0.6  # share of leavers who go to the next theme; the others go to a favourite genre
WANDER = 0.05  # share of choices by popularity only
DRIFT = 0.03  # chance per step that one favourite genre is replaced
ZIPF = 1.0  # popularity of the r-th most popular book ~ r ** -ZIPF
STEPS = (15, 45)  # books a user, first and past the last
SPAN = 730 * 86_400  # seconds the shop is open
OPENING = 1_600_000_000
NEW = 0.04  # share of the books that arrive late
ARRIVAL = 0.93  # their arrival, as a share of SPAN

# genre: themes, each a few words of its own. All titles and texts are made of these.
THEMES = {
    "mystery": (
        "detective alibi suspect clue confession",
        "locked manor butler inheritance weekend",
        "heist vault forger safecracker getaway",
        "village vicar poison gossip teashop",
    ),
    "space": (
        "starship captain nebula mutiny hyperdrive",
        "colony terraform dome settlers drought",
        "android memory circuit awakening factory",
        "signal antenna alien linguist silence",
    ),
    "fantasy": (
        "dragon rider egg mountain oath",
        "wizard apprentice spell tower grimoire",
        "fae court bargain thorn mirror",
        "throne usurper banner siege heir",
    ),
    "romance": (
        "wedding bride letters florist waltz",
        "rivals office deadline elevator truce",
        "lighthouse storm stranger island summer",
        "bakery hometown reunion cinnamon porch",
    ),
    "history": (
        "legion empire senator frontier aqueduct",
        "merchant spice caravan harbour ledger",
        "plague physician monastery herbal winter",
        "revolution pamphlet barricade printer exile",
    ),
    "horror": (
        "haunted attic whispers cradle wallpaper",
        "swamp creature fishermen fog teeth",
        "cult ritual cellar chalk moon",
        "asylum nurse corridor stitches scream",
    ),
    "travel": (
        "railway sleeper border timetable steppe",
        "sailing atoll monsoon anchor current",
        "pilgrim footpath hostel blister bells",
        "desert camel well mirage dunes",
    ),
    "cooking": (
        "sourdough oven crumb starter rye",
        "market vegetables broth ginger noodles",
        "grill smoke brisket charcoal picnic",
        "dessert caramel meringue custard berries",
    ),
    "nature": (
        "forest owl moss fungi oak",
        "river otter trout heron reeds",
        "glacier penguin krill aurora iceberg",
        "garden bees pollen compost orchard",
    ),
    "science": (
        "quantum particle collider vacuum photon",
        "genome enzyme mutation cell virus",
        "theorem proof prime infinity puzzle",
        "climate ocean carbon core forecast",
    ),
    "business": (
        "startup investor pitch pivot equity",
        "negotiation contract leverage table handshake",
        "habit focus morning calendar attention",
        "bank crash bubble regulator bond",
    ),
    "sport": (
        "marathon pace blister training finish",
        "climbing rope summit crevasse belay",
        "football coach league penalty stadium",
        "chess gambit endgame clock prodigy",
    ),
}
GENRES = tuple(THEMES)
WORDS = tuple(text.split() for themes in THEMES.values() for text in themes)
PER_GENRE = len(WORDS) // len(GENRES)
FILLER = (
    "a story about the with and in of for one who returns to find an old new quiet last first "
    "secret long year night family friends told over under between lost true"
).split()
TITLES = ("The {} and the {}", "A {} for the {}", "{} without {}", "Last {}, first {}", "My {} {}")


@dataclasses.dataclass(frozen=True)
class Bookstore:
    """Users who read one book after another, each book at most once.

    Books belong to themes, four to a genre; a description uses words of its theme. A user has two
    favourite genres, one of which changes with chance `DRIFT` per step. The next book comes from
    the theme of the last one with a chance (`STAY`) that falls with the number of books read from
    it in a row; otherwise with chance `NEXT` from the next theme of its genre (a circle), otherwise
    from any theme of the two favourite genres. Within the theme a published, unread book is chosen
    by popularity (Zipf). If the theme has none left, and always with chance `WANDER`, all such
    books are candidates. A few books are published late.

    So the order of several books matters, as do the text and the user. The rule is known, and with
    it the best possible recommender, see `best_possible`.

    >>> data = Bookstore(users=50, items=120).interactions()
    >>> len(data.users.vocabulary) - 2, len(data.items.vocabulary) - 2
    (50, 120)

    Args:
        users: how many.
        items: how many; at least 96, two for each theme.
        seed: the same seed gives the same bookstore, byte for byte.
        friends: how many friends a user has, drawn from users with the same first favourite genre
            at the start; 0 leaves the feature `friends` out.
    """

    users: int = 2000
    items: int = 600
    seed: int = 0
    friends: int = 0

    def __post_init__(self):
        if self.friends < 0:
            raise InputError(f"friends: expected a number of at least 0, got {self.friends}")
        if self.users < 1 or self.items < 2 * len(WORDS):
            raise InputError(
                f"A bookstore of {self.users} users and {self.items} items: expected at least "
                f"1 user and {2 * len(WORDS)} items, two for each of the {len(WORDS)} themes."
            )

    def interactions(self, base=None):
        """The reading as `Interactions`; value 1, users and books with features."""
        reading, named, _, _ = self._reading
        user, item = np.nonzero(reading >= 0)[0], reading[reading >= 0]
        frame = pd.DataFrame(
            {
                "user": np.char.add("reader-", user.astype(str)).astype(object),
                "item": self._ids[item],
                "timestamp": self._times[reading >= 0],
            }
        )
        people = pd.DataFrame(
            {
                "user": np.char.add("reader-", np.arange(self.users).astype(str)),
                "signed_up_for": np.array(GENRES)[named],
            }
        )
        user_features = {"signed_up_for": {"kind": "category"}}
        if self.friends:
            people["friends"] = self._friends
            user_features["friends"] = {"kind": "users"}
        return Interactions.from_frame(
            frame,
            item_frame=self.books,
            item_title="title",
            item_features={
                "genres": {"kind": "categories"},
                "pages": {"kind": "number"},
                "description": {"kind": "text", "max_tokens": 2000, "length": 16},
            },
            user_frame=people,
            user_features=user_features,
            base=base,
            name="synthetic",
            where="synthetic",
        )

    def best_possible(self, k=10):
        """Expected metrics of the best ranker on each user's last book: `{"recall", "ndcg"}` at k.

        That ranker knows the rule, each user's favourites at that step and all books read before,
        and ranks the unread books by their true probability p of being next. One book is relevant,
        so it expects

            Recall@k = sum of p over the first k,   NDCG@k = sum of p / log2(rank + 1).

        Means over users. No recommender has a higher expectation.
        """
        best = -np.sort(-self.last_step, axis=1)[:, :k]
        discount = np.log2(np.arange(best.shape[1]) + 2)
        return {
            "recall": float(best.sum(1).mean()),
            "ndcg": float((best / discount).sum(1).mean()),
        }

    @property
    def last_step(self):
        """P(book is the user's last): float64 (users, items), book j being `books.item[j]`."""
        return self._reading[2]

    @functools.cached_property
    def books(self):
        """The catalog: item, title, genres, pages, description."""
        random = np.random.default_rng((self.seed, 1))
        rows = []
        for item, theme in enumerate(self.theme):
            genre, own = theme // PER_GENRE, WORDS[theme]
            second = int(random.integers(len(GENRES)))
            words = [*random.choice(own, 4), *random.choice(FILLER, 8)]
            # A word of a random theme: no single word identifies the theme.
            words.append(random.choice(WORDS[int(random.integers(len(WORDS)))]))
            a, b = random.choice(own, 2, replace=False)
            title = TITLES[int(random.integers(len(TITLES)))].format(a, b)
            genres = {genre, second} if random.random() < 0.3 else {genre}
            rows.append(
                (
                    self._ids[item],
                    f"{title[0].upper()}{title[1:]}, no. {item + 1}",
                    "|".join(GENRES[g] for g in sorted(genres)),
                    max(40, int(random.normal(180 + 25 * genre, 40))),
                    " ".join(random.permutation(words)),
                )
            )
        return pd.DataFrame(rows, columns=["item", "title", "genres", "pages", "description"])

    @functools.cached_property
    def _ids(self):
        return np.array([f"book-{item}" for item in range(self.items)], dtype=object)

    @functools.cached_property
    def theme(self):
        return np.sort(np.arange(self.items) % len(WORDS))

    @functools.cached_property
    def _shelves(self):
        """Popularity of each book, and the share of SPAN after which it is published."""
        random = np.random.default_rng((self.seed, 2))
        popularity = (1.0 + random.permutation(self.items)) ** -ZIPF
        out = np.zeros(self.items)
        late = random.permutation(self.items)[: max(1, round(NEW * self.items))]
        out[late] = ARRIVAL
        # New books are advertised.
        popularity[late] = np.quantile(popularity, 0.97)
        return popularity, out

    @functools.cached_property
    def _times(self):
        """int64 (users, most steps): when each book is read; the next user's steps are equal."""
        random = np.random.default_rng((self.seed, 3))
        share = np.sort(random.random((self.users, STEPS[1] - 1)), axis=1)
        joined = random.random((self.users, 1)) * 0.6
        seconds = ((joined + (1 - joined) * share) * SPAN).astype(np.int64)
        return OPENING + seconds + np.arange(seconds.shape[1])  # no two of a user are equal

    @functools.cached_property
    def _reading(self):
        """Items by (user, step), -1 past the end; each user's genre feature; P of the last item.

        And the first favourite genre of each user at the start.
        """
        random = np.random.default_rng((self.seed, 4))
        popularity, out = self._shelves
        most = STEPS[1] - 1
        length = random.integers(*STEPS, self.users)
        favourites = np.stack([random.permutation(len(GENRES))[:2] for _ in range(self.users)])
        beginning = favourites[:, 0].copy()
        named = np.where(
            random.random(self.users) < 0.7,
            favourites[:, 0],
            random.integers(len(GENRES), size=self.users),
        )
        theme = favourites[:, 0] * PER_GENRE + random.integers(PER_GENRE, size=self.users)
        run = np.ones(self.users, dtype=int)
        reading = np.full((self.users, most), -1)
        unread = np.ones((self.users, self.items), dtype=bool)
        last = np.zeros((self.users, self.items))
        for step in range(most):
            rows = np.flatnonzero(step < length)
            out_now = self._times[rows, step, None] >= OPENING + out * SPAN
            chance = next_book(
                self.theme,
                popularity,
                unread[rows] & out_now,
                theme[rows],
                run[rows],
                favourites[rows],
            )
            final = step == length[rows] - 1
            last[rows[final]] = chance[final]
            total = chance.cumsum(axis=1)
            # Strictly above: a book of probability 0 is never drawn.
            item = (total <= random.random((len(rows), 1)) * total[:, -1:]).sum(axis=1)
            reading[rows, step] = item
            unread[rows, item] = False
            run[rows] = np.where(theme[rows] == self.theme[item], run[rows] + 1, 1)
            theme[rows] = self.theme[item]
            drifts = rows[random.random(len(rows)) < DRIFT]
            side = random.integers(2, size=len(drifts))
            # 1 to 11 genres after the other favourite, so that the two differ.
            other = favourites[drifts, 1 - side]
            new = (other + random.integers(1, len(GENRES), size=len(drifts))) % len(GENRES)
            favourites[drifts, side] = new
        return reading, named, last, beginning

    @property
    def _friends(self):
        """The ids of each user's friends, in one text."""
        random, beginning, lists = np.random.default_rng((self.seed, 5)), self._reading[3], []
        for user in range(self.users):
            alike = np.flatnonzero((beginning == beginning[user]) & (np.arange(self.users) != user))
            drawn = random.permutation(alike)[: self.friends]
            lists.append("|".join(f"reader-{friend}" for friend in np.sort(drawn)))
        return lists


def next_book(item_theme, popularity, open_, theme, run, favourites):
    """P(item is next), float64 (users, items); the rule in `Bookstore`.

    Args:
        item_theme, popularity: by item; items are in the order of their themes.
        open_: bool (users, items), published and unread.
        theme, run: theme of the last book, (users,), and how many in a row were of it.
        favourites: genres, (users, 2).
    """
    users = np.arange(len(theme))
    stay = np.array(STAY)[np.minimum(run, len(STAY)) - 1]
    following = theme // PER_GENRE * PER_GENRE + (theme + 1) % PER_GENRE
    wanted = np.zeros((len(theme), len(WORDS)))
    wanted[users, theme] += stay
    wanted[users, following] += (1 - stay) * NEXT
    for side in range(2):
        for place in range(PER_GENRE):
            at = favourites[:, side] * PER_GENRE + place
            wanted[users, at] += (1 - stay) * (1 - NEXT) / (2 * PER_GENRE)
    weight = open_ * popularity
    in_theme = np.add.reduceat(weight, np.searchsorted(item_theme, np.arange(len(WORDS))), axis=1)
    empty = in_theme == 0
    anywhere = WANDER + (1 - WANDER) * (wanted * empty).sum(1, keepdims=True)
    factor = (1 - WANDER) * wanted * ~empty / np.where(empty, 1, in_theme)
    factor += anywhere / in_theme.sum(1, keepdims=True)
    weight *= np.repeat(factor, np.bincount(item_theme), axis=1)
    return weight


def load(base=None, users=2000, items=600, seed=0, friends=0):
    """`Bookstore(users, items, seed, friends).interactions(base)`."""
    return Bookstore(users, items, seed, friends).interactions(base)
