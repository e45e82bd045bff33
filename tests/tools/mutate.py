"""Breaks lines of the library and the zoo on purpose, one at a time, and counts what tests notice.

    python tests/tools/mutate.py                       # 30 lines, about two minutes each
    python tests/tools/mutate.py --number 4 --seed 7 --under kerasrec/layers

Works on a copy; the tree itself is not touched. Lines that no test of their part reaches are not
counted and another is drawn: how much is reached is another question. For each line the tests
nearest to it run first: the file that mirrors it, those of its folder that name it, others that
name it, the whole folder, then the contract of the zoo. A test that fails on the unbroken copy as
well has noticed nothing.
"""

import argparse
import ast
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from mutations import mutations

ROOT = pathlib.Path(__file__).resolve().parents[2]
# One model of each shape: what a part does to all models is seen in these.
IN_EVERY_MODEL = ("data", "export", "layers", "losses", "models", "savedmodel", "tables")
CONTRACT = "SASRec or ItemKNN or NeuMF or Hybrid or MatrixFactorization"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=30, help="lines to break")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--under", default="", help="only files whose path begins so")
    parser.add_argument("--at-least", type=float, default=0.9, help="share to notice for status 0")
    parser.add_argument("--limit", type=int, default=900, help="seconds for the tests of one stage")
    given = parser.parse_args()
    draw, done, begin = drawn(given.under, random.Random(given.seed)), [], time.time()
    with tempfile.TemporaryDirectory() as folder:
        tree = Copy(pathlib.Path(folder), given.limit)
        for path, mutation in draw:
            outcome, where = tree.noticed(path, mutation)
            place = f"{path}:{mutation.line}"
            change = f"{_short(mutation.before)}  ->  {_short(mutation.after)}"
            print(f"{outcome:11} {place}  [{mutation.kind}]  {change}  {where}", flush=True)
            if outcome != "not reached":
                done.append(outcome)
                spent = (time.time() - begin) / 60
                left = spent / len(done) * (given.number - len(done))
                print(f"  {len(done)} of {given.number}, {spent:.0f} min, about {left:.0f} left")
            if len(done) == given.number:
                break
    killed = done.count("killed")
    print(f"{killed} of {len(done)} noticed")
    return 0 if done and killed >= given.at_least * len(done) else 1


def drawn(under, chance):
    """(path, mutation) in random order, a file not again before every other one had its turn."""
    files = [*(ROOT / "kerasrec").rglob("*.py"), *(ROOT / "zoo").glob("*.py")]
    files = sorted(str(path.relative_to(ROOT)) for path in files)
    files = [path for path in files if path.startswith(under) and "__main__" not in path]
    left = {path: mutations((ROOT / path).read_text(encoding="utf-8")) for path in files}
    while left := {path: rest for path, rest in left.items() if rest}:
        turn = sorted(left)
        chance.shuffle(turn)
        for path in turn:
            # A kind first, or constants and calls would be nearly all.
            kind = chance.choice(sorted({mutation.kind for mutation in left[path]}))
            mutation = chance.choice([one for one in left[path] if one.kind == kind])
            left[path].remove(mutation)
            yield path, mutation


class Copy:
    """A copy of the tree that can be broken, and its tests."""

    def __init__(self, folder, limit):
        self.root, self.limit = folder / "tree", limit
        self.reached = folder / "reached"
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)
        # Found before what is installed.
        imported = folder / "imported"
        imported.mkdir()
        (imported / "kerasrec").symlink_to(self.root / "kerasrec")
        (imported / "kerasrec_zoo").symlink_to(self.root / "zoo")
        self.environment = {**os.environ, "PYTHONPATH": str(imported)}
        self.environment |= {"PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.texts = {
            str(path.relative_to(self.root)): path.read_text(encoding="utf-8")
            for path in sorted((self.root / "tests").rglob("test_*.py"))
        }

    def noticed(self, path, mutation):
        """("killed", by which test), ("survived", after what) or ("not reached", after what)."""
        file, stages = self.root / path, []
        source = file.read_text(encoding="utf-8")
        probe = f"__import__('pathlib').Path({str(self.reached)!r}).touch()"
        self.reached.unlink(missing_ok=True)
        try:
            for stage in self.stages(path):
                file.write_text(mutation.apply(source, probe), encoding="utf-8")
                stages.append(stage[0])
                failed = self.failed(*stage)
                file.write_text(source, encoding="utf-8")
                if failed and not (failed.startswith("tests") and self.failed(failed)):
                    return "killed", f"by {failed}"
        finally:
            file.write_text(source, encoding="utf-8")
        outcome = "survived" if self.reached.exists() else "not reached"
        return outcome, f"after {', '.join(stages)}"

    def failed(self, *arguments):
        """The first test that fails, or in words why pytest ended; "" where all is well."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-rfE", "-p", "no:cacheprovider"]
        try:
            ended = subprocess.run(
                [*command, *arguments], cwd=self.root, env=self.environment, timeout=self.limit,
                capture_output=True, text=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the limit of {self.limit} s"
        if ended.returncode in (0, 5):  # 5: there is no test
            return ""
        found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", ended.stdout, re.MULTILINE)
        return found[1] if found else f"pytest's status {ended.returncode}"

    def stages(self, path):
        """Arguments of pytest, the nearest tests first; a file is not run again."""
        parts = pathlib.Path(path).with_suffix("").parts
        folder = "/".join(["tests", *parts[1 if parts[0] == "kerasrec" else 0 : -1]])
        while not (self.root / folder).is_dir():
            folder = folder.rpartition("/")[0]
        stem, ran = parts[-1], set()
        mirror = [one for one in self.texts if re.search(rf"/test_{stem}(_\w+)?\.py$", one)]
        mirror = [one for one in mirror if one.startswith(folder)]
        naming = self.naming(path)
        near = [one for one in naming if one.startswith(folder)]
        whole = [one for one in self.texts if one.startswith(folder) and folder != "tests"]
        whole = [] if folder == "tests/zoo" else whole
        for files in (mirror, near, [one for one in naming if one not in near][:5], whole):
            files = [one for one in files if one not in ran]
            ran |= set(files)
            if files:
                yield files
        if parts[0] == "zoo" or parts[1] in IN_EVERY_MODEL:
            models = self.classes(path) if parts[0] == "zoo" else []
            contract = [one for one in self.texts if re.match("tests/zoo/test_(zoo|contract)", one)]
            yield [*contract, "-k", " or ".join(models) or CONTRACT]

    def naming(self, path):
        """Files of tests that name the module or what is public in it, those most often first."""
        dotted = path.removesuffix(".py").replace("/", ".")
        names = [dotted, *self.classes(path)]
        counts = {
            one: sum(len(re.findall(rf"\b{re.escape(name)}\b", text)) for name in names)
            for one, text in self.texts.items()
        }
        return sorted((one for one in counts if counts[one]), key=lambda one: -counts[one])

    def classes(self, path):
        """Public classes and functions of a file."""
        body = ast.parse((self.root / path).read_text(encoding="utf-8")).body
        kinds = ast.ClassDef, ast.FunctionDef
        return [n.name for n in body if isinstance(n, kinds) and not n.name.startswith("_")]


def _short(text):
    text = " ".join(text.split())
    return text if len(text) < 60 else f"{text[:57]}..."


if __name__ == "__main__":
    sys.exit(main())
