"""Damaged and forged checkpoints: each raises an `InputError` without much time or memory."""

import hashlib
import io
import json
import os
import resource
import shutil
import signal
import socket
import zipfile

import h5py
import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models.checkpoints.checkpoint import load_class_name, load_histories, load_trained_on
from kerasrec_zoo import ItemKNN, MatrixFactorization

pytestmark = pytest.mark.slow

WEIGHTS = "model.weights.h5"
# Enough for a tiny model, its graph and pytest, not for the sizes that the forged files claim.
MEMORY = 2**29


def saved(model_class, folder, **arguments):
    """A checkpoint with features, titles, behaviors and times."""
    keras.utils.set_random_seed(1)
    frame = pd.DataFrame({"user": list("aabbc"), "item": list("xyyzx"), "timestamp": range(5, 10)})
    frame["behavior"] = ["view", "buy", "view", "view", "buy"]
    items = pd.DataFrame({"item": list("xyz"), "title": ["Ex", "Why", "Zed"]})
    items["genres"], items["year"] = ["a|b", "b", "c"], [1.0, 2.0, 4.0]
    kinds = {"genres": {"kind": "categories"}, "year": {"kind": "number"}}
    train = Interactions.from_frame(
        frame, item_frame=items, item_title="title", item_features=kinds
    )
    model = model_class(train.schema(), **arguments)
    model.adapt(train)
    model.save(folder)
    return folder


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """An undamaged checkpoint; no test changes it."""
    return saved(MatrixFactorization, tmp_path_factory.mktemp("good") / "checkpoint", dim=3)


@pytest.fixture(autouse=True)
def time_limit():
    """A test fails if the code waits for a pipe or decompresses without end."""

    def stop(*_):
        raise TimeoutError("more than two minutes")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def copy(good, tmp_path):
    return shutil.copytree(good, tmp_path / "checkpoint")


# Functions that damage a copy. All but tests of sizes and hashes update metadata.json afterwards.


def rehash(folder):
    path = folder / "metadata.json"
    metadata = json.loads(path.read_text())
    for name in metadata["files"]:
        content = (folder / name).read_bytes()
        metadata["files"][name] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    path.write_text(json.dumps(metadata))


def written(name, content):
    """Replaces the content of a file by bytes or text."""
    content = content if isinstance(content, bytes) else content.encode()

    def damage(folder):
        (folder / name).write_bytes(content)
        if name != "metadata.json":
            rehash(folder)

    return damage


def changed(name, *keys, to):
    """Changes the value at a path of keys of a JSON file; `to` may be a function of the old one."""

    def damage(folder):
        path = folder / name
        whole = node = json.loads(path.read_text())
        for key in keys[:-1]:
            node = node[key]
        old = node[keys[-1]] if isinstance(node, list) else node.get(keys[-1])
        node[keys[-1]] = to(old) if callable(to) else to
        path.write_text(json.dumps(whole))
        if name != "metadata.json":
            rehash(folder)

    return damage


def without(name, *keys):
    def damage(folder):
        path = folder / name
        whole = node = json.loads(path.read_text())
        for key in keys[:-1]:
            node = node[key]
        del node[keys[-1]]
        path.write_text(json.dumps(whole))
        if name != "metadata.json":
            rehash(folder)

    return damage


def config(*keys, to):
    return changed("config.json", "config", *keys, to=to)


def schema(*keys, to):
    return changed("config.json", "config", "schema", *keys, to=to)


def metadata(*keys, to):
    return changed("metadata.json", *keys, to=to)


def cut(name, share):
    def damage(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(len(content) * share)])
        rehash(folder)

    return damage


def arrays(name, how=np.savez, **new):
    """Replaces arrays of an `.npz`; None drops one, a function gets the old one."""

    def damage(folder):
        with np.load(folder / name) as file:
            held = dict(file)
        for key, value in new.items():
            held[key] = value(held.get(key)) if callable(value) else value
        how(folder / name, **{key: value for key, value in held.items() if value is not None})
        rehash(folder)

    return damage


def entries(name, **contents):
    """Replaces a file by an archive with these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key, content in contents.items():
            archive.writestr(f"{key}.npy", content)
    return written(name, buffer.getvalue())


def header(shape, dtype="<i4", version=b"\x01\x00"):
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode().ljust(117)
    return b"\x93NUMPY" + version + (len(text) + 1).to_bytes(2, "little") + text + b"\n"


def bomb(folder):
    """A zip bomb: zeros that decompress to a thousand times their size in the file."""
    path = folder / "histories.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("indptr.npy", header((0,), "<i8"))
        archive.writestr("items.npy", header((2**23,)) + bytes(2**25))
    rehash(folder)


def instead(name, make):
    """Replaces a file by what `make` creates."""

    def damage(folder):
        (folder / name).unlink()
        make(folder / name)

    return damage


def listening(path):
    # The path of a socket must be short, so it is bound from within its folder.
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(before)


def h5(change):
    def damage(folder):
        with h5py.File(folder / WEIGHTS, "r+") as file:
            names = []
            file.visititems(
                lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) else None
            )
            change(file, [name for name in names if file[name].ndim == 2][0])
        rehash(folder)

    return damage


def remade(**options):
    def change(file, name):
        value = file[name][()]
        del file[name]
        file.create_dataset(name, **{"data": value, **options})

    return h5(change)


def unwritten(shape, **options):
    def change(file, name):
        del file[name]
        file.create_dataset(name, shape, "float32", **options)

    return h5(change)


def linked(link):
    def change(file, name):
        del file[name]
        file[name] = link

    return h5(change)


def virtual(file, name):
    del file[name]
    layout = h5py.VirtualLayout(shape=(5, 3), dtype="float32")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(5, 3))
    file.create_virtual_dataset(name, layout)


def names_of(prefix, to):
    """Moves the first group below `prefix` to another name."""

    def change(file, name):
        first = next(iter(file[prefix]))
        file.move(f"{prefix}/{first}", f"{prefix}/{to}")

    return h5(change)


DEEP = "[" * 100_000 + "]" * 100_000
IDS, ENCODERS = "items/vocabulary.json", "items/encoders.json"
CONFIG, HISTORIES, TRAINED = "config.json", "histories.npz", "trained_on.npz"

DAMAGES = {
    # The list of files.
    "no metadata": (lambda folder: (folder / "metadata.json").unlink(), "not a checkpoint"),
    "metadata empty": (written("metadata.json", ""), "metadata.json is damaged"),
    "metadata a list": (written("metadata.json", "[]"), "expected an object"),
    "metadata not UTF-8": (written("metadata.json", b"\xff\xfe{}"), "metadata.json is damaged"),
    "metadata deep": (written("metadata.json", DEEP), "nested too deep"),
    "metadata huge": (written("metadata.json", " " * 5_000_000), "more than 4,194,304 bytes"),
    "metadata twice": (written("metadata.json", '{"format": 2, "format": 2}'), "given twice"),
    "metadata digits": (written("metadata.json", '{"format": ' + "9" * 5000 + "}"), "is damaged"),
    "format a truth": (metadata("format", to=True), "format True"),
    "format a float": (metadata("format", to=2.0), r"format 2\.0"),
    "format a list": (metadata("format", to=[2] * 10**5), r"format \[2"),
    "version a number": (metadata("kerasrec", to=7), "kerasrec: .* valid string, got 7"),
    "version long": (metadata("kerasrec", to="7" * 1000), "kerasrec: "),
    "unknown key": (metadata("run_this", to="x"), "run_this: "),
    "missing key": (without("metadata.json", "keras"), "keras: Field required"),
    "files a list": (metadata("files", to=[]), "files: "),
    "files empty": (metadata("files", to={}), "config.json is not listed"),
    "file a list": (metadata("files", IDS, to=[]), "vocabulary.json: "),
    "hash a list": (metadata("files", IDS, "sha256", to=["a"]), "sha256: .* got a list"),
    "hash short": (metadata("files", IDS, "sha256", to="ab"), "sha256: .* got 'ab'"),
    "hash another": (metadata("files", IDS, "sha256", to="a" * 64), "SHA-256 differs"),
    "size a text": (metadata("files", IDS, "bytes", to="3"), "bytes: .* got '3'"),
    "size below 0": (metadata("files", IDS, "bytes", to=-1), "bytes: "),
    "size huge": (metadata("files", IDS, "bytes", to=10**400), "256 bits"),
    "size other": (metadata("files", IDS, "bytes", to=lambda old: old + 1), "it has .* expected"),
    "name absolute": (metadata("files", "/etc/passwd", to={}), "files./etc/passwd: "),
    "name upwards": (metadata("files", "../x", to={}), r"files.\.\./x: "),
    "name not normal": (metadata("files", "users//titles.json", to={}), "files.users//titles"),
    "name of another file": (metadata("files", "model.py", to={}), "files.model.py: "),
    "name dropped": (without("metadata.json", "files", TRAINED), "trained_on.npz is not listed"),
    "behaviors unlisted": (without("metadata.json", "files", "behaviors.json"), "remove it"),
    "users not as many": (metadata("users", to=99), "schema has 5 rows of users"),
    "parameters other": (metadata("parameters", to=7), "names 7 parameters"),
    # The files themselves.
    "missing": (lambda folder: (folder / IDS).unlink(), "vocabulary.json is missing"),
    "folder": (instead(IDS, os.mkdir), "vocabulary.json is a folder"),
    "pipe": (instead(IDS, os.mkfifo), "vocabulary.json is a pipe"),
    "pipe for metadata": (instead("metadata.json", os.mkfifo), "metadata.json is a pipe"),
    "pipe for config": (instead(CONFIG, os.mkfifo), "config.json is a pipe"),
    "pipe for weights": (instead(WEIGHTS, os.mkfifo), "model.weights.h5 is a pipe"),
    "socket": (instead(IDS, listening), "vocabulary.json is a socket"),
    "device": (instead(IDS, lambda path: path.symlink_to("/dev/zero")), "outside of"),
    "link outside": (instead(IDS, lambda path: path.symlink_to("/etc/passwd")), "outside of"),
    "link to itself": (instead(IDS, lambda path: path.symlink_to(path.name)), "cannot be read"),
    "link to nothing": (instead(IDS, lambda path: path.symlink_to("gone")), "is missing"),
    "longer": (lambda folder: os.truncate(folder / WEIGHTS, 2**40), "it has 1,099,511,627,776"),
    "shorter": (lambda folder: os.truncate(folder / WEIGHTS, 100), "it has 100 bytes"),
    # The config.
    "config a list": (written(CONFIG, "[]"), "config.json is damaged"),
    "config NaN": (written(CONFIG, '{"class": NaN}'), "NaN is no number"),
    "config infinite": (written(CONFIG, '{"class": 1e999}'), "1e999 is no number"),
    "class missing": (without(CONFIG, "class"), "class: Field required"),
    "class a list": (changed(CONFIG, "class", to=["x"]), "class: .* got a list"),
    "class unknown": (changed(CONFIG, "class", to="kerasrec_zoo.Nobody"), "no model"),
    "class a function": (changed(CONFIG, "class", to="kerasrec.models.load"), "no model"),
    "class the command": (changed(CONFIG, "class", to="kerasrec.__main__.main"), "no model"),
    "class abstract": (changed(CONFIG, "class", to="kerasrec.models.Retriever"), "config.json"),
    "class foreign": (changed(CONFIG, "class", to="os.path.join"), "trust"),
    "class another": (changed(CONFIG, "class", to="kerasrec_zoo.ItemKNN"), "no argument dim"),
    "arguments a list": (changed(CONFIG, "config", to=[]), "config: "),
    "argument unknown": (config("wide", to=3), "no argument wide"),
    "argument a text": (config("dim", to="3"), "cannot be built"),
    "argument a list": (config("dim", to=[3]), "cannot be built"),
    "argument none": (config("dim", to=None), "cannot be built"),
    "argument negative": (config("dim", to=-3), "cannot be built"),
    "argument enormous": (config("dim", to=10**9), "the arguments make|of memory are free"),
    "argument beyond": (config("dim", to=10**300), "more than 256 bits"),
    "argument larger": (config("dim", to=4), "do not fit"),
    "policy unknown": (config("dtype", to="int8"), "config.dtype: "),
    "repeats unknown": (config("repeats", to="always"), "config.repeats: "),
    "name with /": (config("name", to="a/b"), "cannot be built"),
    "schema a list": (config("schema", to=[]), "config.schema: "),
    "schema key missing": (
        without(CONFIG, "config", "schema", "num_items"), "num_items: Field required"
    ),
    "schema key unknown": (schema("num_shops", to=3), "num_shops: "),
    "items a truth": (schema("num_items", to=True), "num_items: .* got True"),
    "items a float": (schema("num_items", to=5.0), r"num_items: .* got 5\.0"),
    "items enormous": (schema("num_items", to=10**9), "1,000,000,000 rows of items"),
    "history enormous": (schema("history_length", to=10**9), "history_length: "),
    "timed a number": (schema("timed", to=1), "timed: "),
    "behaviors other": (schema("num_behaviors", to=9), "behaviors.json has 4 rows"),
    "feature a list": (schema("item_features", 0, to=[]), "item_features.0: "),
    "feature of no kind": (schema("item_features", 0, "kind", to="sound"), "kind: "),
    "feature with /": (schema("item_features", 0, "name", to="a/b"), "letters, digits"),
    "feature wider": (schema("item_features", 0, "size", to=9), "differ in their features"),
    "feature named twice": (
        schema("item_features", to=lambda old: [old[0], old[0]]), "two features of one name"
    ),
    # Vocabularies.
    "ids an object": (written(IDS, "{}"), "JSON list of strings"),
    "ids cut": (cut(IDS, 0.5), "vocabulary.json is damaged"),
    "ids deep": (written(IDS, DEEP), "nested too deep"),
    "ids lists": (written(IDS, '[["x"], ["y"], ["z"]]'), "non-blank strings"),
    "ids numbers": (written(IDS, "[1, 2, 3]"), "non-blank strings, got 1"),
    "ids twice": (written(IDS, '["x", "y", "x"]'), "'x' is given twice"),
    "ids more": (written(IDS, '["x", "y", "z", "w"]'), "5 titles for 6 rows"),
    "titles a text": (written("items/titles.json", '"abcde"'), "list of strings"),
    "titles numbers": (written("items/titles.json", "[1, 2, 3, 4, 5]"), "list of strings"),
    "titles fewer": (written("items/titles.json", "[]"), "0 titles for 5 rows"),
    "encoders an object": (written(ENCODERS, "{}"), "list of encoders"),
    "encoders fewer": (written(ENCODERS, "[]"), "differ in their features"),
    "encoder a text": (written(ENCODERS, '["x"]'), "Not a feature encoder"),
    "encoder unknown key": (changed(ENCODERS, 0, "code", to=1), "Not a feature encoder"),
    "encoder of no kind": (changed(ENCODERS, 0, "kind", to="sound"), "kind must be one of"),
    "encoder kind a list": (changed(ENCODERS, 0, "kind", to=[]), "must be strings"),
    "encoder length a list": (changed(ENCODERS, 0, "length", to=[2]), "whole numbers"),
    "encoder words a text": (changed(ENCODERS, 0, "vocabulary", to="abc"), "do not agree"),
    "encoder words missing": (changed(ENCODERS, 0, "vocabulary", to=None), "do not agree"),
    "encoder no separator": (changed(ENCODERS, 0, "separator", to=""), "separator"),
    "encoder mean a text": (changed(ENCODERS, 1, "mean", to="1"), "finite floats"),
    "encoder std 0": (changed(ENCODERS, 1, "std", to=0.0), "finite floats, std above 0"),
    "encoder tokenizer": (changed(ENCODERS, 0, "tokenizer", to="x"), "tokenizer must be"),
    "behaviors fewer": (written("behaviors.json", '["view"]'), "behaviors.json has 3 rows"),
    # Arrays.
    "no zip": (written(HISTORIES, "no zip"), "histories.npz is damaged"),
    "zip cut": (cut(HISTORIES, 0.5), "histories.npz is damaged"),
    "zip empty": (written(HISTORIES, ""), "histories.npz is damaged"),
    "bomb": (bomb, "compressed"),
    "packed": (arrays(HISTORIES, np.savez_compressed), "compressed"),
    "entry odd": (arrays(HISTORIES, code=np.zeros(3)), "holds 'code'"),
    "entry missing": (arrays(HISTORIES, items=None), "no items"),
    "entry no array": (entries(HISTORIES, indptr=b"no", items=b"no"), "histories.npz is damaged"),
    "header huge": (
        entries(HISTORIES, indptr=header((10**12,), "<i8"), items=header((0,))),
        "shape .1000000000000,. and has 0 bytes",
    ),
    "header overflowing": (
        entries(HISTORIES, indptr=header((2**62, 4), "<i8"), items=header((0,))), "1 axes"
    ),
    "header negative": (
        entries(HISTORIES, indptr=header((-1,), "<i8"), items=header((0,))), "states the shape"
    ),
    "header of another version": (
        entries(HISTORIES, indptr=header((0,), "<i8", b"\x09\x00"), items=header((0,))), "version"
    ),
    "objects": (arrays(HISTORIES, items=np.array([2, None], object)), "items is object"),
    "floats": (arrays(HISTORIES, items=lambda old: old * 1.5), "items is float64"),
    "other byte order": (arrays(HISTORIES, items=lambda old: old.astype(">i4")), "items is >i4"),
    "two axes": (arrays(HISTORIES, items=lambda old: old[:, None]), "expected .*int32.* 1 axes"),
    "item outside": (arrays(HISTORIES, items=lambda old: old + 90), "rows from 2 to 4, got 92"),
    "item padding": (arrays(HISTORIES, items=lambda old: old * 0), "rows from 2 to 4, got 0"),
    "item negative": (arrays(HISTORIES, items=lambda old: -old), "items must be rows"),
    "behavior outside": (arrays(HISTORIES, behavior=lambda old: old + 9), "behavior must be rows"),
    "behavior fewer": (arrays(HISTORIES, behavior=lambda old: old[1:]), "behavior has shape"),
    "lengths fall": (arrays(HISTORIES, indptr=lambda old: old[[0, 1, 3, 2, 4, 5]]), "must rise"),
    "lengths overflow": (
        arrays(HISTORIES, indptr=np.array([0, 2**63 - 1, -(2**63), -1, 5, 5])), "must rise"
    ),
    "lengths too long": (arrays(HISTORIES, indptr=lambda old: old * 2), "must rise"),
    "users fewer": (arrays(HISTORIES, indptr=lambda old: old[1:]), "for each of 3 users"),
    "users moved": (arrays(HISTORIES, indptr=lambda old: np.r_[0, old[2:], 5]), "before them"),
    "hashes fall": (arrays(TRAINED, hashes=lambda old: old[::-1]), "sorted hashes"),
    "hashes more": (arrays(TRAINED, hashes=lambda old: np.r_[old, old[-1] + 1]), "6 hashes"),
    "hashes signed": (arrays(TRAINED, hashes=lambda old: old.view("<i8")), "hashes is int64"),
    "below too low": (arrays(TRAINED, below=np.uint64(0)), "sorted hashes up to `below`"),
    "record a list": (written("trained_on.json", "[]"), "trained_on.json is damaged"),
    "record pairs true": (changed("trained_on.json", "pairs", to=True), "trained_on.json is dam"),
    "record splits": (changed("trained_on.json", "splits", to=[1]), "a split must be an object"),
    # Weights.
    "weights empty": (written(WEIGHTS, ""), "model.weights.h5 is damaged"),
    "weights no HDF5": (written(WEIGHTS, "x" * 5000), "model.weights.h5 is damaged"),
    "weights cut": (cut(WEIGHTS, 0.9), "model.weights.h5 is damaged"),
    "weights in another file": (
        unwritten((5, 3), external=[("/etc/passwd", 0, 60)]), "compressed, in chunks or in another"
    ),
    "weights of other files": (h5(virtual), "compressed, in chunks or in another"),
    "weights linked": (linked(h5py.ExternalLink("/etc/passwd", "/x")), "is a link"),
    "weights linked inside": (linked(h5py.SoftLink("/nowhere")), "is a link"),
    "weights twice": (h5(lambda file, name: file.__setitem__("again", file[name])), "two names"),
    "weights in a circle": (h5(lambda file, name: file.__setitem__("a", file["/"])), "two names"),
    "weights packed": (remade(compression="gzip"), "compressed"),
    "weights of 10^12": (unwritten((10**6, 10**6), chunks=(1000, 1000)), "in chunks"),
    "weights unwritten": (unwritten((10**6, 10**6)), "0 bytes are stored"),
    "weights of texts": (remade(data=[b"a", b"b"]), "not an array of numbers"),
    "weights of another shape": (remade(data=np.zeros((4, 3), "float32")), "do not fit"),
    "weights missing": (h5(lambda file, name: file.__delitem__(name)), "do not fit"),
    "layers renamed": (names_of("layers", "x"), "do not fit"),
    "layer with /": (names_of("layers", "x/y"), "do not fit"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_an_input_error(name, copy):
    damage, message = DAMAGES[name]
    damage(copy)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=message) as error:
        models.load(copy)
    assert len(str(error.value)) < 1000
    # ru_maxrss is in KiB; the test itself writes far less.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY / 2**10


READERS = {
    "load_catalogs": (models.load_catalogs, IDS),
    "load_behaviors": (models.load_behaviors, "behaviors.json"),
    "load_histories": (load_histories, HISTORIES),
    "load_trained_on": (load_trained_on, TRAINED),
    "load_class_name": (load_class_name, CONFIG),
}


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_checks_its_files(reader, copy):
    read, name = READERS[reader]
    assert read(copy) is not None
    size = (copy / name).stat().st_size
    (copy / name).write_bytes(b"?" * size)
    with pytest.raises(InputError, match=f"{name} is damaged .SHA-256"):
        read(copy)
    instead(name, os.mkfifo)(copy)
    with pytest.raises(InputError, match="is a pipe"):
        read(copy)


def test_weights_that_are_not_read_are_not_hashed(copy):
    content = bytearray((copy / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (copy / WEIGHTS).write_bytes(content)
    assert len(models.load_catalogs(copy)) == 2
    with pytest.raises(InputError, match="SHA-256 differs"):
        models.load(copy)


def test_other_files_in_the_folder_are_ignored(copy):
    (copy / "README.md").write_text("notes")
    os.mkfifo(copy / "notes")
    (copy / ".gitattributes").symlink_to("/etc/passwd")
    assert models.load(copy).items.titles[2] == "Ex"


def test_a_link_inside_the_folder_is_followed(copy):
    (copy / WEIGHTS).rename(copy / "weights")
    (copy / WEIGHTS).symlink_to("weights")
    (copy.parent / "latest").symlink_to(copy.name)
    assert models.load(copy.parent / "latest").count_params()


def test_a_neighbour_outside_the_catalogue_is_refused(tmp_path):
    # Without the check its score would be added to that of another query.
    train = Interactions.from_frame(pd.DataFrame({"user": list("aabb"), "item": list("xyyz")}))
    model = ItemKNN(train.schema(), num_neighbours=2)
    model.adapt(train)
    table = np.array(model.neighbour_scores.neighbours)
    table[2, 0] = 99
    model.neighbour_scores.neighbours.assign(table)
    model.save(tmp_path / "c")
    with pytest.raises(InputError, match="neighbours must hold rows from 0 to 4, got 0 to 99"):
        models.load(tmp_path / "c")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_any_damaged_byte_gives_an_error_or_finite_scores(tmp_path):
    """Damages 200 places, one at a time."""
    # The model that is built fastest.
    folder = saved(ItemKNN, tmp_path / "checkpoint", num_neighbours=2)
    generator = np.random.default_rng(7)
    metadata = (folder / "metadata.json").read_bytes()
    names = ["metadata.json", *json.loads(metadata)["files"]]
    refused = 0
    for n in range(200):
        path = folder / names[n % len(names)]
        before = path.read_bytes()
        damaged = bytearray(before)
        place = generator.integers(len(damaged))
        if n % 5:
            damaged[place] ^= 1 << generator.integers(8)
        else:
            del damaged[place:]
        path.write_bytes(damaged)
        if path.name != "metadata.json":
            rehash(folder)
        try:
            model = models.load(folder)
            found = model.recommend(["a", "b"], k=2)
            assert np.isfinite(found["score"]).all()
            assert set(found["item"]) <= set(model.items.vocabulary.ids)
        except InputError:
            refused += 1
        path.write_bytes(before)
        (folder / "metadata.json").write_bytes(metadata)
    assert 50 < refused < 200


def test_the_assets_of_a_keras_file_are_checked_against_the_model(good, tmp_path):
    models.load(good).save(tmp_path / "m.keras")
    for name in ("histories.npz", "items/vocabulary.json", "trained_on.json"):
        with zipfile.ZipFile(tmp_path / "m.keras") as whole:
            with zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
                for info in whole.infolist():
                    content = whole.read(info)
                    bad.writestr(info, b"[]" if info.filename.endswith(name) else content)
        # Keras collects the errors of the layers and raises its own.
        with pytest.raises(ValueError, match=f"{name.partition('/')[0]}"):
            keras.models.load_model(tmp_path / "bad.keras")
