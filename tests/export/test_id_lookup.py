import tracemalloc

import numpy as np
import tensorflow as tf

from kerasrec.data.vocabulary import Vocabulary
from kerasrec.export.id_lookup import IdLookup


def test_lookup_and_inverse_match_the_vocabulary():
    vocabulary = Vocabulary(["b", "[unknown]", "é"])
    ids = np.array(["é", "", "nobody", "b", "[unknown]"], dtype=object)
    lookup = IdLookup(vocabulary)
    rows = lookup(tf.constant(ids)).numpy()
    assert rows.tolist() == vocabulary.rows(ids).tolist() == [4, 0, 1, 2, 3]
    names = lookup.ids(tf.constant([4, 0, 2, 3])).numpy()
    assert [name.decode() for name in names] == ["é", "", "b", "[unknown]"]


def test_an_empty_vocabulary():
    assert IdLookup(Vocabulary())(tf.constant(["x", ""])).numpy().tolist() == [1, 0]


def test_one_long_id_does_not_widen_the_others():
    vocabulary = Vocabulary([*(f"i{n}" for n in range(5000)), "i" * 2000])
    IdLookup(vocabulary)
    tracemalloc.start()
    IdLookup(vocabulary)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A fixed-width array would take 5,001 * 2,000 * 4 bytes, 40 MB.
    assert peak < 4e6
