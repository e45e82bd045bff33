"""The repository's own rules, checked by reading it."""

import ast
import configparser
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARY, ZOO, TESTS = ROOT / "kerasrec", ROOT / "zoo", ROOT / "tests"
LEVEL = {
    **{
        "errors": 0,
        "register": 0,
        "id_list": 0.25,
        "whole_number": 0.25,
        "files": 0.25,
        "asserted": 0.5,
        "tables": 0.5,
        "savedmodel": 0.5,
        "client": 0.5,
    },
    **{"layers": 1, "losses": 1, "metrics": 1, "optimizers": 1},
    **{"data": 2, "config": 2.5, "models": 3, "zoo": 3.5},
    **{"evaluation": 4, "export": 4, "serving": 4, "training": 4.5, "cli": 5},
}
# Imported by itself as well, by a process that has no kerasrec.
ALONE = LIBRARY / "savedmodel" / "c_loader"
TENSORFLOW_IN = {"asserted", "tables", "client", "optimizers", "data", "export", "training", "cli"}
# Whose arguments are the user's own: what is wrong with them is said by an InputError.
REFUSING = {"layers", "losses", "metrics", "models", "optimizers", "data", "zoo"}


def imports(tree, path):
    """(dotted name, whether at module level) of what a file imports, wherever it does so."""
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                assert path.parent == ALONE and node.level == 1, f"{path}: relative import"
                continue
            yield from ((f"{node.module}.{a.name}", id(node) in top) for a in node.names)


def files():
    for path in sorted(LIBRARY.rglob("*.py")):
        if path.parent != LIBRARY or not path.stem.startswith("__"):
            yield path, path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    yield from ((path, "zoo") for path in sorted(ZOO.glob("*.py")))


def read(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(value):
    return str(value.relative_to(ROOT)) if isinstance(value, pathlib.Path) else str(value)


@pytest.mark.parametrize("path,unit", list(files()), ids=name_of)
def test_imports_point_down(path, unit):
    for name, _ in imports(read(path), path):
        top, _, rest = name.partition(".")
        assert top != "zoo", f"{path}: the zoo is imported as kerasrec_zoo"
        target = "zoo" if top == "kerasrec_zoo" else rest.partition(".")[0]
        if top not in ("kerasrec", "kerasrec_zoo") or target in ("__version__", ""):
            continue
        down = target != "zoo" and LEVEL[target] < LEVEL[unit]
        assert target == unit or down, f"{path} imports {name}, which is not below it"


@pytest.mark.parametrize("path,unit", list(files()), ids=name_of)
def test_tensorflow_is_imported_late_and_where_it_belongs(path, unit):
    for name, at_top in imports(read(path), path):
        if name.partition(".")[0] == "tensorflow":
            assert unit in TENSORFLOW_IN, f"{path}: only {sorted(TENSORFLOW_IN)} may"
            # The export's graph is a module that its package imports; nothing below it is.
            assert unit == "export" or not at_top, f"{path}: import it inside a function"


@pytest.mark.parametrize("path,unit", list(files()), ids=name_of)
def test_no_grab_bags_and_no_pickle(path, unit):
    assert path.stem not in ("utils", "util", "helpers", "common", "misc")
    names = {name.partition(".")[0] for name, _ in imports(read(path), path)}
    assert not names & {"pickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
    assert "keras.src" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(ALONE.glob("*.py")), ids=name_of)
def test_what_runs_alone_imports_nothing_of_ours(path):
    names = {name.partition(".")[0] for name, _ in imports(read(path), path)}
    assert names <= {"numpy", *sys.stdlib_module_names}


def test_every_package_is_shipped():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in LIBRARY.rglob("__init__.py")}
    assert set(config["options"]["packages"].split()) == found | {"kerasrec_zoo"}


def test_every_library_imported_is_asked_for():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"]
    extras = [extras[name] for name in ("faiss", "serving", "tune")]
    asked = "\n".join([config["options"]["install_requires"], *extras])
    module = {
        "faiss-cpu": "faiss",
        "pyyaml": "yaml",
        "grpcio": "grpc",
        "protobuf": "google",
        "tensorflow-serving-api": "tensorflow_serving",
    }
    asked = {module.get(name, name) for name in re.findall(r"^([\w-]+)", asked, re.MULTILINE)}
    asked |= {"kerasrec", "kerasrec_zoo"}
    imported = {n.partition(".")[0] for p, _ in files() for n, _ in imports(read(p), p)}
    # pydantic's own core comes with it, and the others lie beside the file that imports them.
    beside = {"pydantic_core", "c_loader", "npz_file"}
    assert imported - asked - set(sys.stdlib_module_names) <= beside


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in LIBRARY.rglob("*.py")}
    assert all((folder / "__init__.py").exists() for folder in folders)


@pytest.mark.parametrize("path", sorted(ZOO.glob("[!_]*.py")), ids=name_of)
def test_every_model_has_a_card(path):
    assert path.with_suffix(".md").exists()


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=name_of)
def test_no_test_imports_another(path):
    for name, _ in imports(read(path), path):
        assert name.partition(".")[0] != "tests", f"{path} imports {name}"


@pytest.mark.parametrize("path", sorted((LIBRARY / "layers").glob("[!_]*.py")), ids=name_of)
def test_every_block_has_a_test(path):
    assert (TESTS / "layers" / f"test_{path.name}").exists()


def test_version_is_a_literal():
    text = (LIBRARY / "__init__.py").read_text(encoding="utf-8")
    assert re.search(r'^__version__ = "\d+\.\d+\.\d+"$', text, re.MULTILINE)


@pytest.mark.parametrize("path", [path for path, unit in files() if unit in REFUSING], ids=name_of)
def test_a_users_mistake_is_an_input_error(path):
    for node in ast.walk(read(path)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            raised = getattr(node.exc.func, "id", None)
            assert raised not in ("ValueError", "TypeError", "KeyError"), f"{path}:{node.lineno}"
