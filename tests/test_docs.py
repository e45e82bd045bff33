"""What the documentation shows is run: docstring examples and README's Python."""

import doctest
import functools
import importlib
import importlib.util
import pathlib
import pkgutil
import re
import warnings

import keras
import pytest

import kerasrec
import kerasrec_zoo
from kerasrec.data import load
from kerasrec.data.datasets import LOADERS, synthetic, synthetic_impressions
from kerasrec.models.contract.models_of import models_of

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODULES = sorted(
    module.name
    for package in (kerasrec, kerasrec_zoo)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
)
EXAMPLES = [
    name
    for name in MODULES
    if ">>> " in pathlib.Path(importlib.util.find_spec(name).origin).read_text(encoding="utf-8")
]


def test_every_module_is_imported():
    for name in MODULES:
        importlib.import_module(name)


def shows_tensorflow(module):
    """Whether an example calls, or prints, what only TensorFlow's tensors have."""
    examples = [one for test in doctest.DocTestFinder().find(module) for one in test.examples]
    return any(
        word in example.source + example.want
        for example in examples
        for word in (".numpy()", "TensorShape", "tensorflow", "kerasrec.export")
    )


@pytest.mark.parametrize(
    "name",
    # The examples of zoo models train one.
    [
        pytest.param(name, marks=pytest.mark.slow if "zoo" in name or "export" in name else ())
        for name in EXAMPLES
    ],
)
def test_examples_of_docstrings(name, request):
    if "export" not in name:  # an example takes a few steps
        request.getfixturevalue("without_graphs")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if keras.backend.backend() == "tensorflow":
            raise
        pytest.skip(f"NOT TESTED: needs {error.name}")
    if keras.backend.backend() != "tensorflow" and shows_tensorflow(module):
        pytest.skip("NOT TESTED: its examples show TensorFlow's tensors")
    result = doctest.testmod(module)
    assert result.failed == 0 and result.attempted


def test_every_public_class_of_the_blocks_has_an_example():
    for package in ("layers", "losses", "metrics"):
        for module in pkgutil.iter_modules([str(ROOT / "kerasrec" / package)]):
            path = ROOT / "kerasrec" / package / f"{module.name}.py"
            abstract = ("candidates", "positive_first", "labelled", "within_request")
            if module.name not in abstract:
                assert ">>>" in path.read_text(encoding="utf-8"), path


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/data.md",
        "docs/out_of_core.md",
        "docs/training.md",
        "docs/sequences.md",
        "docs/content.md",
        "docs/retrieval.md",
        "docs/ranking.md",
        "docs/two_stages.md",
        "docs/exploration.md",
    ],
)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A smaller bookstore where no size is given: fewer steps of the same training.
    small = functools.partial(synthetic.load, users=200, items=200)
    monkeypatch.setitem(LOADERS, "synthetic", small)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Of Keras 3.15 on NumPy 2, as in setup.cfg.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        for block in blocks:
            exec(compile(block, page, "exec"), {"__name__": "page"})
    exported = tmp_path / "saved_models" / "hybrid" / "1" / "saved_model.pb"
    assert page != "README.md" or exported.exists()


def test_the_yaml_of_the_readme_is_a_config(tmp_path, monkeypatch):
    from kerasrec.config import load_config

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "my.yaml").write_text(block)
    (tmp_path / "clicks.csv").write_text("customer,sku,time\na,b,1\n")
    (tmp_path / "products.csv").write_text("sku,name,description,tags\nb,B,good,x|y\n")
    monkeypatch.chdir(tmp_path)
    assert load_config("my.yaml", ["train.epochs=5"]).train.epochs == 5


@pytest.mark.slow
def test_the_yaml_of_the_page_on_ranking_runs(tmp_path, monkeypatch):
    from kerasrec.config import load_config
    from kerasrec.training import run

    text = (ROOT / "docs/ranking.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(# rank.yaml\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    tables = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(tables, "ranking.md", "exec"), {"__name__": "page"})
    (tmp_path / "rank.yaml").write_text(block)
    _, found, _ = run(load_config("rank.yaml"), say=lambda line: None, progress=False)
    # The rule of the table: clicks of 0.6 and of 0.1, so the best AUC is near 0.77.
    assert found.rows[0]["metrics"]["click.auc"]["mean"] > 0.7


@pytest.mark.parametrize("cls", models_of(kerasrec_zoo))
def test_the_readme_says_what_every_model_reads(cls):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| \[{cls.__name__}\]\((.*)$", text, re.MULTILINE)
    # What an argument adds stands in brackets.
    link, _, reads, new_user, cold, _ = re.sub(r" ?\(`.*?\)", "", row).split("|")
    assert (ROOT / link.strip(" )")).exists()
    model = cls(load("synthetic", users=50, items=100).schema())
    user_features, item_features = (set(names) - {"item", "count"} for names in model.features_read)
    assert ("history" in reads) == ("history" in model.query_inputs)
    assert ("behavior and time" in reads) == ("time_gap" in model.query_inputs)
    assert ("user features" in reads) == bool(user_features)
    assert ("item features" in reads) == bool(item_features)
    assert ("history" in new_user) == ({"histories"} <= model.capabilities and "history" in reads)
    assert bool(cold.strip()) == ("cold_items" in model.capabilities)


@pytest.mark.parametrize("cls", models_of(kerasrec_zoo, rankers=True))
def test_the_readme_says_which_ranker_reads_a_history(cls):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| \[{cls.__name__}\]\((.*)$", text, re.MULTILINE)
    link, _, history, goals, _ = row.split("|")
    assert (ROOT / link.strip(" )")).exists() and goals.strip()
    labels = ("click", "purchase")
    model = cls(synthetic_impressions.FilmShop(9, 12, 2).impressions(labels).schema())
    assert bool(history.strip()) == ("history" in model.query_inputs)
    assert ("time" in history) == ("time_gap" in model.query_inputs)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda p: p.stem)
def test_every_config_is_valid_and_says_its_command(path):
    from kerasrec.config import load_config

    load_config(path)
    assert f"kerasrec fit configs/{path.parent.name}/{path.name}" in path.read_text()
