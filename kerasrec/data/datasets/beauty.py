"""Amazon Beauty, five-core (McAuley et al., 2015), the version of S3-Rec (arXiv:2008.07873)."""

import pandas as pd

from kerasrec.data.datasets.sources import Source, find, open_text, read_sequences
from kerasrec.data.interactions import Interactions

SEQUENCES = Source(
    "beauty",
    "Beauty.txt",
    "https://raw.githubusercontent.com/aHuiWang/CIKM2020-S3Rec/"
    "49a890dcb516c9ed3126564495234ea74d5cd566/data/Beauty.txt",
    "sha256:226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8",
)
KEYWORDS = Source(
    "beauty",
    "item_text.tsv",
    advice="It has the columns item, asin and keywords; load('beauty', features=False) does "
    "without it.",
)


def load(base=None, features=True, max_tokens=8000, length=12):
    """Amazon Beauty: 22,363 users, 12,101 items, 198,502 interactions in time order, value 1.

    Features: items have `text`, the keywords of the product, which are also the titles.

    Args:
        base: (users, items) catalogs to continue.
        features: False leaves the text and the titles out.
        max_tokens, length: of `text`.

    Raises:
        InputError: a file that is not there.
    """
    path = find(SEQUENCES)
    user, item = read_sequences(path)
    frame = pd.DataFrame({"user": user, "item": item}).astype(str)
    options = {}
    if features:
        with open_text(find(KEYWORDS)) as file:
            items = pd.read_csv(file, sep="\t", dtype=str, quoting=3, keep_default_na=False)
        options = {
            "item_frame": items.rename(columns={"keywords": "text"}),
            "item_title": "text",
            "item_features": {"text": {"kind": "text", "max_tokens": max_tokens, "length": length}},
        }
    return Interactions.from_frame(frame, base=base, name="beauty", where=str(path), **options)
