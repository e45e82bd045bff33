"""The repository's own rules, checked by reading it: one test a rule, which names its offenders."""

import ast
import configparser
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARY, ZOO, TESTS = ROOT / "kerasrec", ROOT / "zoo", ROOT / "tests"
LEVEL = {
    **{
        "errors": 0,
        "register": 0,
        "distinct": 0.25,
        "id_list": 0.25,
        "search_words": 0.25,
        "whole_number": 0.25,
        "progress_bar": 0.25,
        "library_versions": 0.25,
        "files": 0.25,
        "events": 0.4,
        "asserted": 0.5,
        "tables": 0.5,
        "savedmodel": 0.5,
        "client": 0.5,
        "exploration": 0.5,
    },
    **{"layers": 1, "losses": 1, "metrics": 1, "optimizers": 1},
    **{"data": 2, "out_of_core": 2.25, "config": 2.5, "models": 3, "zoo": 3.5},
    **{
        "evaluation": 4,
        "export": 4,
        "serving": 4,
        "batch_inference": 4,
        "reporting": 4.25,
        "training": 4.5,
        "update": 4.75,
        "simulation": 4.9,
        "cli": 5,
    },
}
# Imported by itself as well, by a process that has no kerasrec.
ALONE = LIBRARY / "savedmodel" / "c_loader"
TENSORFLOW_IN = {"asserted", "tables", "client", "optimizers", "data", "export", "training", "cli"}
# Whose arguments are the user's own: what is wrong with them is said by an InputError.
REFUSING = {"layers", "losses", "metrics", "models", "optimizers", "data", "out_of_core", "zoo"}


@functools.cache
def read(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path):
    """[(dotted name, whether at module level)] of what a file imports, wherever it does so."""
    tree, found = read(path), []
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                assert path.parent == ALONE and node.level == 1, f"{path}: relative import"
                continue
            found += [(f"{node.module}.{a.name}", id(node) in top) for a in node.names]
    return found


def libraries(path):
    """The first parts of the names that a file imports."""
    return {name.partition(".")[0] for name, _ in imports(path)}


@functools.cache
def files():
    """[(path, unit)] of the library and the zoo."""
    found = []
    for path in sorted(LIBRARY.rglob("*.py")):
        if path.parent != LIBRARY or not path.stem.startswith("__"):
            found.append((path, path.relative_to(LIBRARY).parts[0].removesuffix(".py")))
    found += [(path, "zoo") for path in sorted(ZOO.glob("*.py"))]
    assert len(found) > 200 and len({unit for _, unit in found}) == len(LEVEL)
    return found


def assert_none(offenders):
    lines = [str(one).replace(f"{ROOT}/", "") for one in offenders]
    assert not lines, "\n".join(lines)


def test_imports_point_down():
    offenders = []
    for path, unit in files():
        for name, _ in imports(path):
            top, _, rest = name.partition(".")
            if top == "zoo":
                offenders.append(f"{path}: the zoo is imported as kerasrec_zoo")
            target = "zoo" if top == "kerasrec_zoo" else rest.partition(".")[0]
            if top not in ("kerasrec", "kerasrec_zoo") or target in ("__version__", "", unit):
                continue
            if target == "zoo" or LEVEL[target] >= LEVEL[unit]:
                offenders.append(f"{path} imports {name}, which is not below it")
    assert_none(offenders)


def test_tensorflow_is_imported_late_and_where_it_belongs():
    offenders = []
    for path, unit in files():
        for name, at_top in imports(path):
            if name.partition(".")[0] != "tensorflow":
                continue
            if unit not in TENSORFLOW_IN:
                offenders.append(f"{path}: only {sorted(TENSORFLOW_IN)} may import tensorflow")
            # The export's graph is a module that its package imports; nothing below it is.
            if at_top and unit != "export":
                offenders.append(f"{path}: import tensorflow inside a function")
    assert_none(offenders)


def test_no_grab_bags_and_no_pickle():
    bags = ("utils", "util", "helpers", "common", "misc")
    pickles = {"pickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
    offenders = []
    for path, _ in files():
        if path.stem in bags:
            offenders.append(f"{path}: name it after what it does")
        offenders += [f"{path} imports {name}" for name in libraries(path) & pickles]
        if "keras.src" in path.read_text(encoding="utf-8"):
            offenders.append(f"{path}: keras.src is Keras's own")
    assert_none(offenders)


def test_what_runs_alone_imports_nothing_of_ours():
    allowed = {"numpy", *sys.stdlib_module_names}
    paths = sorted(ALONE.glob("*.py"))
    assert paths
    assert_none(f"{path} imports {one}" for path in paths for one in libraries(path) - allowed)


def test_every_package_is_shipped():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in LIBRARY.rglob("__init__.py")}
    assert set(config["options"]["packages"].split()) == found | {"kerasrec_zoo"}


def test_every_library_imported_is_asked_for():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"]
    extras = [extras[name] for name in ("faiss", "lightgbm", "postgres", "serving", "sql", "tune")]
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
    imported = set().union(*(libraries(path) for path, _ in files()))
    # pydantic's own core comes with it, and the others lie beside the file that imports them.
    beside = {"pydantic_core", "c_loader", "npz_file"}
    assert imported - asked - set(sys.stdlib_module_names) <= beside


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in LIBRARY.rglob("*.py")}
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_every_model_has_a_card():
    paths = sorted(ZOO.glob("[!_]*.py"))
    assert paths
    assert_none(path for path in paths if not path.with_suffix(".md").exists())


def test_no_test_imports_another():
    paths = sorted(TESTS.rglob("*.py"))
    assert pathlib.Path(__file__) in paths
    assert_none(path for path in paths if "tests" in libraries(path))


def test_every_block_has_a_test():
    paths = sorted((LIBRARY / "layers").glob("[!_]*.py"))
    assert paths
    assert_none(path for path in paths if not (TESTS / "layers" / f"test_{path.name}").exists())


def test_version_is_a_literal():
    text = (LIBRARY / "__init__.py").read_text(encoding="utf-8")
    assert re.search(r'^__version__ = "\d+\.\d+\.\d+"$', text, re.MULTILINE)


def test_a_users_mistake_is_an_input_error():
    foreign = ("ValueError", "TypeError", "KeyError")
    offenders = []
    for path in (path for path, unit in files() if unit in REFUSING):
        for node in ast.walk(read(path)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                raised = getattr(node.exc.func, "id", None)
                if raised in foreign:
                    offenders.append(f"{path}:{node.lineno}: {raised} instead of InputError")
    assert_none(offenders)
