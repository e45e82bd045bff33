"""Films that were shown in a shop and what became of them: a synthetic log with a known rule."""

import dataclasses
import functools

import numpy as np
import pandas as pd

from kerasrec.data.impressions import Impressions
from kerasrec.data.interactions import Interactions
from kerasrec.errors import InputError

OPENING = 1_672_531_200  # 2023-01-01
DAY = 86_400
DIM, GENRES, GROUPS = 4, 6, 5
DEVICES = ("phone", "web", "tv")
# What is added to the logit of a click, for each position from 1 on.
POSITION_BIAS = (0.0, -0.5, -0.8, -1.0, -1.1, -1.2)
LABELS = {"click": {}, "seconds": {"kind": "seconds"}, "purchase": {}}
SHOWN = len(POSITION_BIAS)
AGAIN = 1.0  # added to it for a film of the genre that was watched last
EARLIER = 3  # films that each user had watched before


@dataclasses.dataclass(frozen=True)
class FilmShop:
    """Requests of users, each of which shows six films.

    Films have a genre and users a group, both with a direction in a space of latent vectors v and
    u. The catalog is divided into six shelves; a request shows one film of each, drawn with the
    known `propensity` exp(a <u, v>) / (sum over the shelf). They are placed by this weight and
    noise, so films that are liked are often at the top. A click, a purchase and the seconds that
    a clicked film is watched have

        P(click)          = sigmoid(c + 1.2 <u, v> + quality + device(genre) + evening(genre)
                                    + 1 [genre watched last] + bias of the position)
        P(buy | click)    = sigmoid(-0.5 + 0.6 <u, v> - 1.2 price + 0.7 [device is tv])
        E[seconds|click]  = exp(4 + 0.4 <u, v>)                            log-normal around it

    and both others are 0 without a click. So user, item, their features, the features of the
    request, the history and the position matter, and the probabilities are known: `truth`.

    >>> shop = FilmShop(users=50, items=100)
    >>> data = shop.impressions()
    >>> len(data), list(data.labels), list(data.context)
    (6000, ['click', 'seconds', 'purchase'], ['hour', 'device'])
    >>> bool(0.75 < shop.best_auc("click") < 0.9)
    True

    Args:
        users: how many.
        items: how many films; at least two for each place of a request.
        requests: of each user.
        seed: the same seed gives the same shop.
    """

    users: int = 500
    items: int = 100
    requests: int = 20
    seed: int = 0

    def __post_init__(self):
        if self.users < 1 or self.requests < 1 or self.items < 2 * SHOWN:
            raise InputError(
                f"A shop of {self.users} users with {self.requests} requests and {self.items} "
                f"items: expected at least 1 user, 1 request and {2 * SHOWN} items."
            )

    def impressions(self, labels=tuple(LABELS)):
        """The log as `Impressions`, with labels, positions, propensities and histories."""
        log, people, films, events = self._log
        past = Interactions.from_frame(
            events,
            user_frame=people,
            user_features={"group": {"kind": "category"}},
            item_frame=films,
            item_features={"genre": {"kind": "category"}, "price": {"kind": "number"}},
            name="watched films",
            where="watched films",
        )
        return Impressions.from_frame(
            log,
            labels={name: LABELS[name] for name in labels},
            context={"hour": {"kind": "category"}, "device": {"kind": "category"}},
            past=past,
            name="synthetic impressions",
            where="synthetic impressions",
        )

    @property
    def truth(self):
        """By label float64 (n,), in the order of the rows: P(click), E[seconds], P(purchase)."""
        log = self._log[0]
        return {name: log[f"true_{name}"].to_numpy() for name in LABELS}

    def best_auc(self, label):
        """The expected AUC of the true probabilities p, which no model exceeds in expectation.

        sum over pairs of p_i (1 - p_j) [p_i > p_j] / (sum of p * sum of 1 - p)
        """
        p = np.sort(self.truth[label])
        below = np.concatenate([[0.0], np.cumsum(1 - p)[:-1]])
        return float((p * (below + (1 - p) / 2)).sum() / (p.sum() * (1 - p).sum()))

    @functools.cached_property
    def _log(self):
        """Tables of the log, the users, the films, and what was watched."""
        random = np.random.default_rng(self.seed)
        directions = random.normal(size=(GROUPS + GENRES, DIM))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        group = random.integers(GROUPS, size=self.users)
        genre = np.arange(self.items) % GENRES
        u = 1.2 * directions[group] + 0.5 * random.normal(size=(self.users, DIM))
        v = 1.2 * directions[GROUPS + genre] + 0.5 * random.normal(size=(self.items, DIM))
        liked = u @ v.T
        quality = 0.4 * random.normal(size=self.items)
        price = random.normal(size=self.items)
        on_device = random.normal(scale=0.8, size=(len(DEVICES), GENRES))
        in_evening = random.normal(scale=0.8, size=GENRES)
        shelves = np.array_split(random.permutation(self.items), SHOWN)

        everyone = np.arange(self.users)
        first = random.integers(self.items, size=(EARLIER, self.users))
        events = [(everyone, first[n], OPENING - (EARLIER - n) * DAY) for n in range(EARLIER)]
        last, rows = genre[first[-1]], []
        for number in range(self.requests):
            hour = random.integers(24, size=self.users)
            device = random.integers(len(DEVICES), size=self.users)
            time = OPENING + number * DAY + hour * 3600 + random.integers(3600, size=self.users)
            item, propensity = _shown(random, liked, shelves)
            at, user = np.arange(SHOWN), everyone[:, None]
            logit = -0.6 + 1.2 * liked[user, item] + quality[item] + np.array(POSITION_BIAS)[at]
            logit += on_device[device[:, None], genre[item]]
            logit += in_evening[genre[item]] * (hour >= 18)[:, None]
            logit += AGAIN * (genre[item] == last[:, None])
            p = _sigmoid(logit)
            bought = _sigmoid(
                -0.5 + 0.6 * liked[user, item] - 1.2 * price[item] + 0.7 * (device == 2)[:, None]
            )
            mean = np.exp(4 + 0.4 * liked[user, item])
            click = random.random(p.shape) < p
            noise = np.exp(0.5 * random.normal(size=p.shape) - 0.125)
            purchase = click & (random.random(p.shape) < bought)
            rows.append(
                {
                    "user": np.broadcast_to(user, item.shape),
                    "item": item,
                    "request": np.broadcast_to(number * self.users + user, item.shape),
                    "timestamp": np.broadcast_to(time[:, None], item.shape),
                    "position": np.broadcast_to(at + 1, item.shape),
                    "propensity": propensity,
                    "hour": np.broadcast_to(hour[:, None], item.shape),
                    "device": np.array(DEVICES)[np.broadcast_to(device[:, None], item.shape)],
                    "click": click.astype(int),
                    "seconds": np.where(click, mean * noise, 0.0),
                    "purchase": purchase.astype(int),
                    "true_click": p,
                    "true_seconds": p * mean,
                    "true_purchase": p * bought,
                }
            )
            watched, place = np.nonzero(click)
            events.append((watched, item[watched, place], time[watched]))
            last[watched] = genre[item[watched, place]]  # of several the last one
        log = {name: np.concatenate([one[name].ravel() for one in rows]) for name in rows[0]}
        log = pd.DataFrame(log).sort_values("timestamp", kind="stable", ignore_index=True)
        events = pd.concat(
            [pd.DataFrame({"user": who, "item": what, "timestamp": t}) for who, what, t in events]
        )
        people = pd.DataFrame({"user": everyone, "group": [f"group-{n}" for n in group]})
        films = pd.DataFrame(
            {"item": np.arange(self.items), "genre": [f"genre-{n}" for n in genre], "price": price}
        )
        for table in (log, events, people, films):
            for name in {"user", "item"} & set(table):
                table[name] = f"{name}-" + table[name].astype(str)
        return log, people, films, events


def _shown(random, liked, shelves):
    """What each user is shown, best weight and noise first, and with which probability."""
    items, chances, order = [], [], []
    for shelf in shelves:
        weight = np.exp(0.5 * liked[:, shelf])
        chance = weight / weight.sum(axis=1, keepdims=True)
        place = (chance.cumsum(axis=1) <= random.random((len(liked), 1))).sum(axis=1)
        place = np.minimum(place, len(shelf) - 1)
        users = np.arange(len(liked))
        items.append(shelf[place])
        chances.append(chance[users, place])
        order.append(np.log(weight[users, place]) + random.gumbel(size=len(liked)))
    best = np.argsort(-np.stack(order, axis=1), axis=1)
    items, chances = np.stack(items, axis=1), np.stack(chances, axis=1)
    return np.take_along_axis(items, best, axis=1), np.take_along_axis(chances, best, axis=1)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def load_impressions(users=500, items=100, requests=20, seed=0):
    """`FilmShop(users, items, requests, seed).impressions()`."""
    return FilmShop(users, items, requests, seed).impressions()
