import json

import numpy as np
import pytest

from kerasrec.data.list_text import read_list


@pytest.mark.parametrize(
    "values",
    [["cat399", "cat2"], [], ["a"], ["it's", 'say "x"', "a, b", "ü 猫", "back\\slash", "]"]],
)
def test_what_json_python_and_numpy_write(values):
    written = [json.dumps(values), json.dumps(values, ensure_ascii=False), str(values)]
    written += [repr(values), f"  {values} "]
    if values != [] and not any("\\" in value for value in values):
        written.append(str(np.array(values)))  # without commas
    for text in written:
        assert read_list(text) == values, text


def test_other_single_values():
    assert read_list("[12, 7.0, true, null, NaN]")[:4] == [12, 7.0, True, None]
    assert read_list("[12, 7.0, True, None, nan]") == ["12", 7.0, "True", None, None]
    assert read_list("[ 1  2 30]") == ["1", "2", "30"]
    assert read_list("[007]") == ["007"]
    assert read_list("[u'a', u'b',]") == ["a", "b"]
    assert read_list(r"['a\nb', '\u00fc']") == ["a\nb", "ü"]
    assert read_list(r'["\ud83d\ude00"]') == ["😀"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "]", "[x]", "[x, y]", "a|b", "[1]|[2]", "['a'", "['a' + 'b']", "['a''b']",
        '[["a"], ["b"]]', "[['a'], ['b']]", '[{"a": 1}]', "[f('a')]", "[__import__('os')]",
        "['a', , 'b']", "[,]", r"['\x']", "[1.2.3]", "('a')b", "{'a': 'b'}", "(a, b)",
        "[" * 100_000, "[" * 100_000 + "]" * 100_000, "['" + "\\" * 99_999 + "]",
        "[" + "9" * 9999 + "." * 9 + "]",
    ],
)  # fmt: skip
def test_any_other_text_is_no_list(text):
    assert read_list(text) is None
