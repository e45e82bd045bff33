"""MovieLens 1M, the published item cold-start split: train has no test item."""

import pandas as pd

from kerasrec.data.datasets.movielens import MOVIES, details, movielens_ids, people, separated
from kerasrec.data.datasets.sources import Source, find, open_text
from kerasrec.data.interactions import Interactions

ADVICE = "It is one of the files of the split, beside the maps of its ids to MovieLens's."
PARTS = ("train_df.csv", "cold_vali_df.csv", "cold_test_df.csv")
FOLDS = tuple(Source("ml1m/cold", name, advice=ADVICE) for name in PARTS)
ITEM_IDS = Source("ml1m/cold", "cold_item_to_ml1m.tsv", advice=ADVICE)
USER_IDS = Source("ml1m/cold", "cold_user_to_ml1m.tsv", advice=ADVICE)
MORE = {"directors": {"kind": "categories"}, "month": {"kind": "category"}}
# Years before and after a film that count as its time.
NEAR = 4


def load(base=None, max_tokens=10_000, length=96, more=False):
    """MovieLens 1M, cold items: 6,018 users; fold 0 = 529,953 pairs with 1,811 warm items, fold 1 =
    302 cold items for validation, fold 2 = 905 cold items for the test (`splits.cold_items`).

    All values are 1, ids are MovieLens ids, and there are no times. The rows of the catalogue are
    in the order of the ids, not of the interactions.

    Features: items have `genres` (MovieLens's), `kinds` (the genres of IMDb), `people` (directors,
    writers, actors), `years` (its own and the four before and after, so that films of similar years
    share values), `rated` (the age rating) and `text` (title and plot), users `gender`, `age` and
    `occupation`. With `more` items also have `directors`, who are among `people` as well, and
    `month`, that of the release.

    Args:
        base: (users, items) catalogs to continue.
        max_tokens, length: of `text`.
        more: Add `directors` and `month`.

    Raises:
        InputError: a file that is not there.
    """
    parts = []
    for fold, source in enumerate(FOLDS):
        with open_text(find(source)) as file:
            parts.append(pd.read_csv(file).assign(fold=fold))
    frame = pd.concat(parts, ignore_index=True)
    frame["user"] = frame["uid"].map(movielens_ids(USER_IDS, header=1)).astype(str)
    frame["item"] = frame["iid"].map(movielens_ids(ITEM_IDS, header=1)).astype(str)
    return Interactions.from_frame(
        frame[["user", "item", "fold"]],
        item_frame=_movies(frame["item"]),
        item_title="title",
        item_features={
            **{name: {"kind": "categories"} for name in ("genres", "kinds", "people", "years")},
            "rated": {"kind": "category"},
            **(
                {"directors": {"kind": "categories"}, "month": {"kind": "category"}} if more else {}
            ),
            "text": {"kind": "text", "max_tokens": max_tokens, "length": length},
        },
        **people(),
        base=base,
        name="ml-1m-cold",
        where=str(find(FOLDS[0])),
    )


def _movies(items):
    movies = separated(find(MOVIES), ["item", "title", "genres"])
    movies = movies[movies["item"].isin(items.unique())].set_index("item")
    movies = movies.loc[sorted(movies.index, key=int)]
    more = details().reindex(movies.index).fillna("")
    movies["kinds"] = more["genre"].str.replace(", ", "|")
    # A writer's role follows the name: "(screenplay)".
    writers = more["writer"].str.replace(r"\s*\([^)]*\)", "", regex=True)
    names = more["director"] + ", " + writers + ", " + more["actors"]
    movies["people"] = ["|".join(dict.fromkeys(_names(text))) for text in names]
    movies["directors"] = ["|".join(_names(text)) for text in more["director"]]
    # "22 Nov 1995"
    movies["month"] = more["released"].str.extract(r"^\d+ (\w+) \d+$", expand=False).fillna("")
    year = movies["title"].str.extract(r"\((\d{4})\)", expand=False).astype(int)
    movies["years"] = ["|".join(map(str, range(one - NEAR, one + NEAR + 1))) for one in year]
    movies["rated"] = more["rated"]
    titles = movies["title"].str.replace(r"\s*\(\d{4}\)", "", regex=True)
    movies["text"] = titles + " " + more["plot"]
    return movies.reset_index()


def _names(text):
    return [name.strip() for name in text.split(",") if name.strip()]
