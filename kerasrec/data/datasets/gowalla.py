"""Gowalla check-ins, the split of NGCF and LightGCN (He et al., 2020, arXiv:2002.02126)."""

import pandas as pd

from kerasrec.data.datasets.sources import Source, find, read_sequences
from kerasrec.data.interactions import Interactions

HOME = (
    "https://raw.githubusercontent.com/kuandeng/LightGCN/b067ec05f16a24e0e1efe63cd82385f0c469af20/"
    "Data/gowalla/"
)
# The id of the file in the repository at that commit.
TRAIN = Source(
    "gowalla", "train.txt", HOME + "train.txt", "git:a27782bd7a1d4d0744148dc0460ea94da74763f2"
)
TEST = Source(
    "gowalla",
    "test.txt",
    HOME + "test.txt",
    "sha256:099a2a73924e4b754dc6efd730d764f492321b53c38eb93298850c83acf57be3",
)


def load(base=None):
    """Gowalla: 29,858 users, 40,981 items; fold 0 = 810,128 train, fold 1 = 217,242 test pairs.

    There are no times: rows are in the order of user and item, which has no meaning.

    Args:
        base: (users, items) catalogs to continue.

    Raises:
        InputError: a file that is not there.
    """
    parts, paths = [], [find(TRAIN), find(TEST)]
    for fold, path in enumerate(paths):
        user, item = read_sequences(path)
        parts.append(pd.DataFrame({"user": user, "item": item, "fold": fold}))
    # The file exists in several orders; sorting makes the rows independent of it.
    frame = pd.concat(parts).sort_values(["fold", "user", "item"], ignore_index=True)
    return Interactions.from_frame(frame, base=base, name="gowalla", where=str(paths[0].parent))
