"""Writes docs/articles.md: the ideas of the articles, from the docstrings that prove them.

    python tests/articles/page.py

A docstring begins with a line for each idea: number, article and section, English, Chinese. Then
follow keys, a line each:

    1 | 000 3.1 | matrix factorization | 矩阵分解

    formula: r(u, i) = <u, v>
    use: `MatrixFactorization(biases=False)`
    command: kerasrec fit configs/synthetic/matrix_factorization.yaml
    note: one sentence

A test in `tests/articles` has one. So has an empty function in `elsewhere_*.py`, with the key
`proof` that names a test of another folder, or `why_not` with the reason why the library does not
have it.
"""

import ast
import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
KEYS = ("formula", "use", "command", "note", "proof", "why_not")
PAGE = ROOT / "docs" / "articles.md"
HEAD = HERE / "head.md"
ARTICLES = {
    "000": ("Deep learning for recommenders: change and practice",
            "深度学习赋能：推荐算法的革新与实践"),
    "001": ("Recommenders by deep learning in Python", "Python 实现深度学习推荐算法"),
    "002": ("Deep learning in recommender systems", "深度学习在推荐系统中的应用"),
    "003": ("Everything is a mapping: neural networks in recommenders",
            "一切皆是映射：神经网络在推荐系统中的应用"),
    "004": ("Algorithms of deep learning for personal recommendation",
            "深度学习算法在个性化推荐系统中的应用"),
    "card": ("The project's own card", "项目说明"),
}  # fmt: skip
# Of a cell: a plain one ends it, also in code.
PIPE = "\\|"
ROW = re.compile(r"(\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+)")


@dataclasses.dataclass(frozen=True)
class Idea:
    """One idea of an article.

    Args:
        number: On the page.
        section: The article and its section.
        english: The term.
        chinese: The term.
        proof: The test that proves it; empty if the library does not have it.
        keys: The other keys of its docstring.
    """

    number: int
    section: str
    english: str
    chinese: str
    proof: str
    keys: dict


def ideas():
    """All ideas by number; several docstrings may prove parts of one."""
    found = []
    for path in [*sorted(HERE.glob("test_*.py")), *sorted(HERE.glob("elsewhere_*.py"))]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            text = isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
            if text and ROW.match(text):
                found += read(text, f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return sorted(found, key=lambda idea: idea.number)


def read(text, test):
    """The ideas of one docstring.

    Raises:
        ValueError: for a line that is neither an idea nor a key.
    """
    rows, keys, last = [], {}, None
    for line in filter(None, map(str.strip, text.splitlines())):
        key, colon, value = line.partition(": ")
        if not keys and (row := ROW.fullmatch(line)):
            rows.append([part.strip() for part in row.groups()])
        elif colon and key in KEYS:
            last = key
            keys[key] = value
        elif last:
            keys[last] += f" {line}"
        else:
            raise ValueError(f"{test}: expected `number | section | English | Chinese`: {line!r}")
    if test.startswith("tests/articles/elsewhere_"):
        if ("proof" in keys) == ("why_not" in keys):
            raise ValueError(f"{test}: give either proof, the name of a test, or why_not")
        test = keys.pop("proof", "")
    return [Idea(int(number), *words, test, keys) for number, *words in rows]


def page():
    """The text of the page: the head, and a table for each article."""
    lines, found = [HEAD.read_text(encoding="utf-8").rstrip()], ideas()
    for article, (english, chinese) in ARTICLES.items():
        rows = [idea for idea in found if idea.section.partition(" ")[0] == article]
        if not rows:
            continue
        lines += ["", f"## {english} · {chinese}", ""]
        lines += ["| | section | idea | 概念 | here | proof |", "|---|---|---|---|---|---|"]
        lines += [_row(idea) for idea in rows]
    return "\n".join(lines) + "\n"


def _row(idea):
    keys = idea.keys
    here = [f"`{keys['formula']}`"] if "formula" in keys else []
    here += [keys[key] for key in ("use", "why_not", "note") if key in keys]
    here += [f"`{keys['command']}`"] if "command" in keys else []
    section = idea.section.partition(" ")[2]
    path, _, name = idea.proof.partition("::")
    proof = f"[{name}](../{path})" if idea.proof else "—"
    cells = [str(idea.number), section, idea.english, idea.chinese, "<br>".join(here), proof]
    return f"| {' | '.join(cell.replace('|', PIPE) for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(ideas())} rows")
