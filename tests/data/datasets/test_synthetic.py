"""The bookstore against its own rule, written out a second time."""

import hashlib

import numpy as np
import pytest

from kerasrec.data.datasets.synthetic import (
    GENRES,
    NEXT,
    PER_GENRE,
    STAY,
    WANDER,
    WORDS,
    Bookstore,
    load,
    next_book,
)
from kerasrec.errors import InputError


@pytest.fixture(scope="module")
def store():
    return Bookstore()


@pytest.fixture(scope="module")
def data(store):
    return store.interactions()


def parts(data):
    """Each user's items in time order, as item numbers of the store."""
    histories = data.histories()
    return [histories[row] - 2 for row in range(2, len(data.users))]


def test_shape_of_the_data(data):
    assert len(data.users) - 2 == 2000 and len(data.items) - 2 == 600
    assert not data.explicit
    histories = parts(data)
    lengths = np.array([len(items) for items in histories])
    assert lengths.min() == 15 and lengths.max() == 44
    # No book twice, no two at one time.
    assert all(len(set(items)) == len(items) for items in histories)
    for user in range(2, 50):
        assert (np.diff(data.timestamp[data.user == user]) > 0).all()
    # Popularity is skewed: the most popular fifth of the books has most of the readings.
    counts = np.sort(data.item_counts()[2:])[::-1]
    assert counts[:120].sum() > 0.45 * counts.sum() and counts.min() > 0
    assert data.items.title_of([2])[0].endswith(", no. 1")
    names = [feature.name for feature in data.items.features]
    assert names == ["genres", "pages", "description"]
    assert [feature.name for feature in data.users.features] == ["signed_up_for"]


def test_new_books_come_late(store, data):
    _, out = store._shelves
    late = np.flatnonzero(out) + 2
    assert len(late) == 24
    share = (data.timestamp - 1_600_000_000) / (730 * 86_400)
    assert share[np.isin(data.item, late)].min() >= 0.93
    assert data.item_counts()[late].min() > 0


def test_same_seed_same_bytes():
    def fingerprint(seed):
        data = Bookstore(users=80, items=100, seed=seed).interactions()
        columns = [data.user, data.item, data.timestamp, data.items.columns["description"]]
        return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()

    assert fingerprint(1) == fingerprint(1) != fingerprint(2)
    assert load(users=80, items=100, seed=1).users.vocabulary.ids[0] == "reader-0"


def test_next_book_by_hand():
    """Two books a theme, all equally popular; the last book is of theme 0, genre 0."""
    item_theme = np.repeat(np.arange(len(WORDS)), 2)
    equal, favourites = np.ones(len(item_theme)), np.array([[5, 6]])
    open_ = np.ones((1, len(item_theme)), bool)
    open_[0, [0, 3]] = False  # a read one of theme 0, one of theme 1
    chance = next_book(item_theme, equal, open_, np.array([0]), np.array([2]), favourites)[0]
    assert chance.sum() == pytest.approx(1)
    stay, anywhere = STAY[1], WANDER / (len(item_theme) - 2)
    assert chance[0] == chance[3] == 0
    assert chance[1] == pytest.approx((1 - WANDER) * stay + anywhere)
    assert chance[2] == pytest.approx((1 - WANDER) * (1 - stay) * NEXT + anywhere)
    favourite = (1 - WANDER) * (1 - stay) * (1 - NEXT) / (2 * PER_GENRE) / 2
    assert chance[5 * PER_GENRE * 2] == pytest.approx(favourite + anywhere)
    assert chance[-1] == pytest.approx(anywhere)
    # The circle closes: after a genre's last theme comes its first; a theme read out is passed on
    # to all open books.
    open_[0, :2] = False
    theme = np.array([PER_GENRE - 1])
    chance = next_book(item_theme, equal, open_, theme, np.array([9]), favourites)[0]
    lost = (1 - WANDER) * (1 - STAY[2]) * NEXT
    assert chance[-1] == pytest.approx((WANDER + lost) / (len(item_theme) - 3))
    assert chance[2 * PER_GENRE - 1] == pytest.approx((1 - WANDER) * STAY[2] / 2 + chance[-1])


def draw(random, store, open_, theme, run, favourites):
    """The rule in words, one user at a time."""
    popularity, _ = store._shelves
    shelf = np.zeros(0, int)
    if random.random() >= WANDER:
        if random.random() < STAY[min(run, 3) - 1]:
            wanted = theme
        elif random.random() < NEXT:
            genre, place = divmod(theme, PER_GENRE)
            wanted = genre * PER_GENRE + (place + 1) % PER_GENRE
        else:
            wanted = favourites[random.integers(2)] * PER_GENRE + random.integers(PER_GENRE)
        shelf = np.flatnonzero(open_ & (store.theme == wanted))
    if not len(shelf):
        shelf = np.flatnonzero(open_)
    return random.choice(shelf, p=popularity[shelf] / popularity[shelf].sum())


def test_best_possible_by_monte_carlo():
    """Users in random states draw by the rule in words; the ideal list hits as often as it says."""
    store, random = Bookstore(users=1, items=200, seed=3), np.random.default_rng(0)
    k, users, draws = 10, 40, 60
    open_ = random.random((users, 200)) < 0.8
    theme, run = random.integers(len(WORDS), size=users), random.integers(1, 5, size=users)
    favourites = np.stack([random.permutation(len(GENRES))[:2] for _ in range(users)])
    chance = next_book(store.theme, store._shelves[0], open_, theme, run, favourites)
    ranks = np.argsort(np.argsort(-chance, axis=1, kind="stable"), axis=1)
    gains = []
    for user in range(users):
        for _ in range(draws):
            item = draw(random, store, open_[user], theme[user], run[user], favourites[user])
            rank = ranks[user, item]
            gains.append((rank < k, (rank < k) / np.log2(rank + 2)))
    best = -np.sort(-chance, axis=1)[:, :k]
    expected = best.sum(1).mean(), (best / np.log2(np.arange(k) + 2)).sum(1).mean()
    for measured, value in zip(np.array(gains, float).T, expected, strict=True):
        assert abs(measured.mean() - value) < 4 * measured.std() / np.sqrt(len(measured))


def test_best_possible_holds_on_the_last_books(store, data):
    histories = parts(data)
    last = np.array([items[-1] for items in histories])
    chance = store.last_step
    assert chance.sum(1) == pytest.approx(1)
    # What was read before cannot come: the mask of evaluation takes nothing from the ideal.
    for user, items in enumerate(histories):
        assert (chance[user, items[:-1]] == 0).all()
    own = chance[np.arange(len(last)), last]
    assert (own > 0).all()
    rank = (chance > own[:, None]).sum(1)
    hit = (rank < 10).astype(float)
    for measured, value in (
        (hit, store.best_possible(10)["recall"]),
        (hit / np.log2(rank + 2), store.best_possible(10)["ndcg"]),
    ):
        assert abs(measured.mean() - value) < 4 * measured.std() / np.sqrt(len(measured))
    assert store.best_possible(600)["recall"] == pytest.approx(1)
    assert store.best_possible(1)["recall"] == store.best_possible(1)["ndcg"]


def test_structure_is_worth_learning(store, data):
    """Popularity is far from the best possible; the last book's theme is most of it."""
    histories, best = parts(data), store.best_possible(10)["recall"]
    theme = store.theme
    popular, by_theme = np.zeros(len(histories)), np.zeros(len(histories))
    counts = np.bincount(np.concatenate([items[:-1] for items in histories]), minlength=600)
    moves = np.zeros((len(WORDS), len(WORDS)))
    for items in histories:
        np.add.at(moves, (theme[items[:-2]], theme[items[1:-1]]), 1)
    for user, items in enumerate(histories):
        for hits, score in (
            (popular, counts.astype(float)),
            (by_theme, counts * moves[theme[items[-2]], theme]),
        ):
            score[items[:-1]] = -1
            hits[user] = (score > score[items[-1]]).sum() < 10
    assert popular.mean() < 0.15 * best
    assert 0.8 * best < by_theme.mean() < 0.97 * best


def test_descriptions_tell_the_theme(store):
    """Counting a description's words finds its theme, so cold books can be placed."""
    guesses = [
        np.argmax([sum(word in own for word in text.split()) for own in WORDS])
        for text in store.books["description"]
    ]
    assert np.mean(guesses == store.theme) > 0.95


def test_too_small():
    with pytest.raises(InputError, match="at least 1 user and 96 items"):
        Bookstore(items=50)


def test_friends_started_with_the_same_favourite_genre_and_change_nothing_else(store, data):
    social = Bookstore(friends=8).interactions()
    assert np.array_equal(social.item, data.item) and np.array_equal(social.user, data.user)
    friends = social.users.columns["friends"][2:] - 2
    assert friends.shape == (2000, 8) and (friends >= 0).all()
    beginning = store._reading[3]
    assert (beginning[friends] == beginning[:, None]).all()
    assert (friends != np.arange(2000)[:, None]).all()
    assert social.report.ignored == {}
    assert "friends" not in data.users.columns
    with pytest.raises(InputError, match="friends: expected a number of at least 0, got -1"):
        load(friends=-1)
