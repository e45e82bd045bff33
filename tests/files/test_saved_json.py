"""JSON of strangers: `tests/models/test_damaged_checkpoint.py` has the kinds of damage."""

import json
import time

import pytest

from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json, repeated_key


def test_many_keys_of_which_the_last_comes_twice_are_refused_at_once(tmp_path):
    keys = [*map(str, range(200_000)), "199999"]
    path = tmp_path / "metadata.json"
    path.write_text("{" + ",".join(f'"{key}":0' for key in keys) + "}")
    start = time.process_time()
    with pytest.raises(InputError, match="the key '199999' is given twice"):
        read_json(path)
    # To count each key among all others took minutes.
    assert time.process_time() - start < 10


def test_no_key_comes_twice():
    assert repeated_key(json.loads('[["a", 1], ["b", 1]]')) is None
