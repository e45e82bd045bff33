"""MovieLens 1M and 100K (Harper and Konstan, 2015, The MovieLens Datasets)."""

import numpy as np
import pandas as pd

from kerasrec.data.datasets.sources import Source, find, open_text, present, read_sequences
from kerasrec.data.interactions import Interactions
from kerasrec.errors import InputError

GROUPLENS = "https://files.grouplens.org/datasets/movielens/"
SASREC = (
    "https://raw.githubusercontent.com/kang205/SASRec/e3738967fddab206d6eeb4fda433e7a7034dd8b1/"
)
MELU = (
    "https://raw.githubusercontent.com/hoyeoplee/MeLU/f70c8ff91471193cd598bc241c6b0f22665f6375/"
    "movielens/ml-1m/"
)
OTHERS = "Without it there are load('ml-1m', variant='timestamps') and variant='ids'."
RATINGS = Source(
    "ml1m",
    "ratings_5fold.csv",
    advice="It has the columns user,movie,rating,fold; load('ml-1m', variant='timestamps') has the "
    "same ratings without folds.",
)
SEQUENCES = Source("ml1m", "sequences_sasrec_ids.txt", advice=OTHERS)
# The same sequences as pairs. sha256 of these pairs written from the sequences; it agrees with the
# blob id in the repository.
PAIRS = Source(
    "ml1m",
    "ml-1m.txt",
    SASREC + "data/ml-1m.txt",
    "sha256:b725f3acb3986fe3130bffd1e77a74d182a1f51799567a236dbd60270f95b0a2",
)
ITEM_IDS = Source("ml1m", "sas_item_to_movie.txt", advice=OTHERS)
USER_IDS = Source("ml1m", "sas_user_to_user.txt", advice=OTHERS)
MOVIES = Source(
    "ml1m",
    "movies.dat",
    MELU + "movies.dat",
    "sha256:ad22fd112a753c753925eea3a7a46b7ed82b1273fc4f47f798ee52ec0c28576b",
)
PLOTS = Source(
    "ml1m",
    "movies_extrainfos.dat",
    MELU + "movies_extrainfos.dat",
    "sha256:18432b1713b66a5262c11f6d929801a6e6f414d861cd2adf191dfba61e45c74d",
)
PEOPLE = Source(
    "ml1m",
    "users.dat",
    MELU + "users.dat",
    "sha256:1dc3a95300cb19f7c10e027daf29b8cdf1d908dab65b5edfb45950aa389a10a3",
)
# The md5 that GroupLens publishes beside the archive (ml-1m.zip.md5).
TIMED = Source(
    "ml1m",
    "ratings.dat",
    GROUPLENS + "ml-1m.zip",
    member="ml-1m/ratings.dat",
    archive_check="md5:c4d9eecfca2ab87c1945afe126590906",
)
VARIANTS = ("sequences", "ids", "ratings", "timestamps")

SMALL_CHECKS = {
    "u1.base": "ce253ec86c448b44fb3ba9a30d12dcfc2e9210cbde71efada3730c22e9ac212a",
    "u1.test": "18c6014a4b2c7324f250a63f8904a7b16b2b19f911129e346141507b0cbac950",
    "u2.test": "4de658d1e04ed9104629509a2e2528fce833ac8e048280183f1df167632038c3",
    "u3.test": "0f548b51c78327de4c156461d3e430b7e5579fe2b5681586a59416e48fd35f6d",
    "u4.test": "7c02ad0a1e7ab1083c8b9d4b627203a051dd7b5eab46d99fa44de33470de8db9",
    "u5.test": "7743953f671e6b5f11a69f7f62c500e3f06965cd353de94a0eb808de3eac6bf3",
    "u.item": "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701",
    "u.user": "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c",
}
SMALL = {
    name: Source("ml100k", name, GROUPLENS + "ml-100k.zip", f"sha256:{check}", f"ml-100k/{name}")
    for name, check in SMALL_CHECKS.items()
}
SMALL_GENRES = (
    "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")


def ml_1m(base=None, variant="sequences", features=True, max_tokens=8000, length=32):
    """MovieLens 1M: 6,040 users; ids are MovieLens ids, except for variant "ids".

    Features: items have `genres` and `text` (title, genres and plot), users `gender`, `age` and
    `occupation`.

    Args:
        base: (users, items) catalogs to continue.
        variant: "sequences": the SASRec version, 999,611 interactions with 3,416 items in time
            order, value 1. "ids": the same under the ids of the SASRec file, without features and
            titles. "ratings": 1,000,209 ratings of 3,706 items in five published folds (1 to 5),
            without times. "timestamps": the same ratings from GroupLens with times, without folds.
        features: False leaves the features out (titles stay).
        max_tokens, length: of `text`.

    Raises:
        InputError: an unknown variant, or a file that is not there.
    """
    if variant not in VARIANTS:
        raise InputError(f"ml-1m variant={variant!r}: expected one of {', '.join(VARIANTS)}.")
    if variant in ("sequences", "ids"):
        path = present(SEQUENCES)
        if path is not None:
            user, item = read_sequences(path)
        elif variant == "ids":
            path = find(PAIRS)
            user, item = np.loadtxt(path, dtype=np.int64, unpack=True)
        else:
            path = find(SEQUENCES)
        frame = pd.DataFrame({"user": user, "item": item})
        if variant == "ids":
            return Interactions.from_frame(frame, base=base, name="ml-1m", where=str(path))
        frame["user"] = frame["user"].map(movielens_ids(USER_IDS))
        frame["item"] = frame["item"].map(movielens_ids(ITEM_IDS))
    elif variant == "ratings":
        path = find(RATINGS)
        frame = pd.read_csv(path).rename(columns={"movie": "item", "rating": "value"})
    else:
        path = find(TIMED)
        frame = separated(path, ["user", "item", "value", "timestamp"])
        frame = frame.astype({"value": float, "timestamp": np.int64})
    frame = frame.astype({"user": str, "item": str})
    movies = separated(find(MOVIES), ["item", "title", "genres"])
    movies = movies[movies["item"].isin(frame["item"].unique())].reset_index(drop=True)
    options = {}
    if features:
        movies["text"] = _texts(movies)
        options = {
            "item_features": {
                "genres": {"kind": "categories"},
                "text": {"kind": "text", "max_tokens": max_tokens, "length": length},
            },
            **people(),
        }
    return Interactions.from_frame(
        frame,
        item_frame=movies,
        item_title="title",
        base=base,
        name="ml-1m",
        where=str(path),
        **options,
    )


def ml_100k(base=None, features=True):
    """MovieLens 100K: 943 users, 1,682 items, 100,000 ratings with times and five published folds.

    `fold` 1 to 5 is the file u1.test to u5.test that holds the rating. Each of the five files holds
    20,000 ratings, but u5.test repeats three of u4.test, and three ratings are in no file. Those
    three are in fold 5 here, so the folds are disjoint.

    Features: items have `genres`, users `age` (a number), `gender` and `occupation`.

    Args:
        base: (users, items) catalogs to continue.
        features: False leaves the features out (titles stay).

    Raises:
        InputError: a file that is not there.
    """
    paths = {name: find(source, SMALL.values()) for name, source in SMALL.items()}
    names = ["user", "item", "value", "timestamp"]
    parts = []
    for fold in range(1, 6):
        part = pd.read_csv(paths[f"u{fold}.test"], sep="\t", names=names)
        parts.append(part.assign(fold=fold))
    parts.append(pd.read_csv(paths["u1.base"], sep="\t", names=names).assign(fold=5))
    frame = pd.concat(parts).drop_duplicates(names, keep="first", ignore_index=True)
    flags = [f"genre {name}" for name in SMALL_GENRES]
    columns = ["item", "title", "released", "video", "url", *flags]
    items = pd.read_csv(paths["u.item"], sep="|", names=columns, encoding="latin-1", dtype=str)
    chosen = items[flags].to_numpy() == "1"
    items["genres"] = ["|".join(np.array(SMALL_GENRES)[row]) for row in chosen]
    columns = ["user", "age", "gender", "occupation", "zip"]
    users = pd.read_csv(paths["u.user"], sep="|", names=columns, dtype={"zip": str})
    options = {}
    if features:
        options = {
            "item_features": {"genres": {"kind": "categories"}},
            "user_frame": users,
            "user_features": {
                "age": {"kind": "number"},
                "gender": {"kind": "category"},
                "occupation": {"kind": "category"},
            },
        }
    return Interactions.from_frame(
        frame,
        item_frame=items,
        item_title="title",
        base=base,
        name="ml-100k",
        where=str(paths["u1.base"].parent),
        **options,
    )


def separated(path, names):
    """A file of fields between `::`, without a header."""
    with open_text(path) as file:
        rows = [line.rstrip("\n").split("::") for line in file]
    wrong = next((row for row, fields in enumerate(rows, 1) if len(fields) != len(names)), None)
    if wrong:
        raise InputError(
            f"{path}, row {wrong}: expected {len(names)} fields between '::', got "
            f"{len(rows[wrong - 1])}."
        )
    return pd.DataFrame(rows, columns=names)


def people():
    """The user arguments of `Interactions.from_frame`."""
    return {
        "user_frame": separated(find(PEOPLE), ["user", "gender", "age", "occupation", "zip"]),
        "user_features": {name: {"kind": "category"} for name in ("gender", "age", "occupation")},
    }


def details():
    """IMDb's metadata of the films by MovieLens id; "" where it is missing."""
    columns = "item title year rated released genre director writer actors plot poster".split()
    return separated(find(PLOTS), columns).set_index("item").replace("N/A", "")


def movielens_ids(source, header=0):
    """Ids of a file -> MovieLens ids; the file holds both, below `header` lines of names."""
    with open_text(find(source)) as file:
        ours, theirs = np.loadtxt(file, dtype=np.int64, skiprows=header, unpack=True)
    return dict(zip(ours.tolist(), theirs.tolist(), strict=True))


def _texts(movies):
    plot = movies["item"].map(details()["plot"]).fillna("")
    return movies["title"] + " " + movies["genres"].str.replace("|", " ") + " " + plot
