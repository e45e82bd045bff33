"""`kerasrec new-model` writes models that run, or nothing."""

import importlib.util
import pathlib
import re
import shutil
import sys

import pytest
import yaml

import kerasrec_zoo
from kerasrec.config import load_config
from kerasrec.models import JointModel, NeighbourModel, Retriever, SequenceModel, check_model

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = {
    "retriever": Retriever,
    "sequence": SequenceModel,
    "neighbour": NeighbourModel,
    "joint": JointModel,
}
# Of c for u, who took a and b; v took b and c. All weights are 0.5, vectors have length 2.
BY_HAND = {
    "retriever": 0.5 * 0.5 * 2 + 0.5,  # <p, q> + b
    "sequence": ((0.5 + 0.5) * 0.5 * 2) * 0.5 * 2,  # <W (x_a + x_b), v_c>
    "neighbour": 1 / 2**0.5,  # b and c have one user together, and two and one alone
    "joint": ((0.5 * 0.5) * 0.5 * 2 + 0.5) * 0.5 * 2,  # w' relu(W (p * q) + b)
}


@pytest.fixture
def checkout(tmp_path):
    """What the command looks for in a checkout, and nothing else."""
    for folder in ("zoo", "configs/synthetic", "tests/zoo"):
        (tmp_path / folder).mkdir(parents=True)
    for path in ("zoo/__init__.py", "setup.cfg"):
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def module_of(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("shape", SHAPES)
def test_the_model_keeps_the_contract_and_its_test_waits_for_a_number(
    shape, checkout, kerasrec, monkeypatch, without_graphs
):
    status, found, _ = kerasrec(
        "new-model", "HTTPPool2Go", "--shape", shape, "--directory", checkout, "--json"
    )
    assert status == 0
    written = [
        "zoo/http_pool2_go.py",
        "zoo/http_pool2_go.md",
        "configs/synthetic/http_pool2_go.yaml",
        "tests/zoo/test_http_pool2_go.py",
        "zoo/__init__.py",
    ]
    assert found["written"] == written
    assert all((checkout / path).is_file() for path in written)
    monkeypatch.setattr(kerasrec_zoo, "HTTPPool2Go", None, raising=False)
    for name in ("kerasrec_zoo.http_pool2_go", "the_test_of_it"):
        monkeypatch.setitem(sys.modules, name, None)
    module = module_of(checkout / written[0], "kerasrec_zoo.http_pool2_go")
    kerasrec_zoo.HTTPPool2Go = module.HTTPPool2Go
    assert issubclass(module.HTTPPool2Go, SHAPES[shape])
    check_model(module.HTTPPool2Go)
    assert load_config(checkout / written[2]).model.class_ == "HTTPPool2Go"
    test = module_of(checkout / written[3], "the_test_of_it")
    with pytest.raises(pytest.fail.Exception, match="work out by hand .* write the number to EXP"):
        test.test_score_by_hand()
    test.EXPECTED = BY_HAND[shape]
    test.test_score_by_hand()
    test.EXPECTED = BY_HAND[shape] + 0.01
    with pytest.raises(AssertionError):
        test.test_score_by_hand()


def test_files_are_those_that_the_repository_wants(checkout, kerasrec):
    status, out, _ = kerasrec(
        "new-model", "DeepPool", "--shape", "sequence", "--directory", checkout
    )
    assert status == 0
    for left in ("README.md", "CHANGELOG.md", "benchmarks/accuracy", "by hand", "deep_pool.md"):
        assert left in out
    for path in checkout.rglob("*deep_pool.py"):
        assert max(len(line) for line in path.read_text().splitlines()) <= 100
    matter = yaml.safe_load((checkout / "zoo/deep_pool.md").read_text().split("---")[1])
    assert matter["class"] == "kerasrec_zoo.DeepPool"
    assert matter["configs"] == ["configs/synthetic/deep_pool.yaml"]
    before = (ROOT / "zoo/__init__.py").read_text().splitlines()
    after = (checkout / "zoo/__init__.py").read_text().splitlines()
    line = "from kerasrec_zoo.deep_pool import DeepPool as DeepPool"
    assert [one for one in after if one != line] == before
    exports = after[2:]
    assert line in exports and exports == sorted(exports)


@pytest.mark.parametrize(
    "name,said",
    [
        ("gated_pool", "is no class name: .* such as GatedPool"),
        ("Gated-Pool", "is no class name"),
        ("../Pool", "is no class name"),
        ("2Go", "is no class name"),
        ("Import", "import is a word of Python"),
        ("None", "none is a word of Python"),
        ("SequenceModel", "a name that the model's own file uses"),
        ("SASRec", "exports a SASRec already"),
    ],
)
def test_a_bad_name_writes_nothing(name, said, checkout, kerasrec):
    before = files(checkout)
    status, _, error = kerasrec("new-model", name, "--shape", "sequence", "--directory", checkout)
    assert status == 2 and re.search(said, error)
    assert files(checkout) == before


@pytest.mark.parametrize(
    "path", ["zoo/pool.py", "zoo/pool.md", "configs/synthetic/pool.yaml", "tests/zoo/test_pool.py"]
)
def test_a_file_that_exists_is_kept_and_nothing_written(path, checkout, kerasrec):
    (checkout / path).write_text("mine")
    before = files(checkout)
    status, _, error = kerasrec("new-model", "Pool", "--shape", "joint", "--directory", checkout)
    assert status == 2 and f"{checkout / path} exists" in error
    assert files(checkout) == before


def test_what_cannot_be_written_leaves_nothing(checkout, kerasrec, monkeypatch):
    before, write = files(checkout), pathlib.Path.write_text

    def fail_at_the_last(self, *args, **kwargs):
        if self.name == "__init__.py":
            raise OSError("disk full")
        return write(self, *args, **kwargs)

    monkeypatch.setattr(pathlib.Path, "write_text", fail_at_the_last)
    status, _, error = kerasrec("new-model", "Pool", "--shape", "joint", "--directory", checkout)
    assert status == 2 and "disk full" in error
    assert files(checkout) == before


def test_only_a_checkout_is_written_to(tmp_path, kerasrec):
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = other\n")
    status, _, error = kerasrec("new-model", "Pool", "--shape", "joint", "--directory", tmp_path)
    assert status == 2 and f"{tmp_path} is no checkout of kerasrec" in error
    assert list(files(tmp_path)) == ["setup.cfg"]
