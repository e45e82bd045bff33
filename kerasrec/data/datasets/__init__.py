"""Public data sets and a synthetic one, as interactions or as impressions."""

import difflib
import inspect

from kerasrec.data.datasets import adult as adult
from kerasrec.data.datasets import beauty as beauty
from kerasrec.data.datasets import frappe as frappe
from kerasrec.data.datasets import gowalla as gowalla
from kerasrec.data.datasets import movielens as movielens
from kerasrec.data.datasets import movielens_clicks as movielens_clicks
from kerasrec.data.datasets import movielens_cold as movielens_cold
from kerasrec.data.datasets import movielens_ncf as movielens_ncf
from kerasrec.data.datasets import synthetic as synthetic
from kerasrec.data.datasets.synthetic_impressions import FilmShop as FilmShop
from kerasrec.data.datasets.synthetic_impressions import load_impressions as load_impressions
from kerasrec.errors import InputError

LOADERS = {
    "ml-1m": movielens.ml_1m,
    "ml-1m-ncf": movielens_ncf.load,
    "ml-1m-cold": movielens_cold.load,
    "ml-100k": movielens.ml_100k,
    "gowalla": gowalla.load,
    "beauty": beauty.load,
    "synthetic": synthetic.load,
}
# Of impressions, for rankers.
IMPRESSIONS = {
    "adult": adult.load,
    "frappe": frappe.load,
    "ml-1m-clicks": movielens_clicks.load,
}
# Their labels, which are all binary; a config checks what it monitors before it reads the data.
LABELS = {"adult": ("income", "single"), "frappe": ("label",), "ml-1m-clicks": ("click",)}
LOADERS |= IMPRESSIONS
NAMES = tuple(LOADERS)


def load(name, base=None, **options):
    """A data set as `Interactions`, or one of `IMPRESSIONS` as `Impressions`.

    Files are searched in the folder `KERASREC_DATA`, then in the cache (`KERASREC_CACHE`, or
    `~/.cache/kerasrec`), and downloaded to the cache if they have a public address.

    >>> len(load("synthetic", users=20, items=100, seed=1).users.vocabulary.ids)
    20

    Args:
        name: one of `NAMES`.
        base: (users, items) catalogs to continue: their rows stay.
        **options: those of the loader in `LOADERS`.

    Raises:
        InputError: an unknown name or option, or a file that is not there.
    """
    if name not in LOADERS:
        near = difflib.get_close_matches(str(name), NAMES, n=1, cutoff=0.0)[0]
        raise InputError(
            f"No data set {name!r}: did you mean {near!r}? There are {', '.join(NAMES)}."
        )
    known = [option for option in inspect.signature(LOADERS[name]).parameters if option != "base"]
    for option in options:
        if option not in known:
            has = f"there are {', '.join(known)}" if known else "there are none"
            raise InputError(f"Data set {name!r} has no option {option!r}; {has}.")
    return LOADERS[name](base, **options)
