"""Pictures are read as another library reads them, and bad ones are refused by name."""

import io
import pathlib
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kerasrec.data import Catalog
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.pictures import MOST_PIXELS, decode_picture
from kerasrec.data.schema import Feature, Schema
from kerasrec.errors import InputError

RANDOM = np.random.default_rng(0)


def file_of(pixels, kind="PNG", mode=None, **options):
    image = Image.fromarray(np.asarray(pixels, "uint8"))
    if mode is not None:
        image = image.quantize(4) if mode == "P" else image.convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def encode(*values, size=8):
    return FeatureEncoder.fit("look", values, "image", size=size).encode(values)


def png_header(width, height):
    """A PNG file that promises so many pixels and has none."""

    def part(name, content):
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"")) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def jpeg_header(width, height):
    """A JPEG file whose header promises so many pixels."""
    small = bytearray(file_of(np.zeros((8, 8, 3)), "JPEG"))
    frame = small.index(b"\xff\xc0")
    small[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(small)


PLAIN = np.empty((12, 20, 3), "uint8")
PLAIN[:] = 10, 200, 90


@pytest.mark.parametrize("kind, mode", [("PNG", "RGB"), ("PNG", "P"), ("JPEG", "RGB")])
def test_a_plain_picture_keeps_its_colour(kind, mode):
    found = encode(file_of(PLAIN, kind, mode))
    assert found.shape == (1, 8, 8, 3) and found.dtype == "uint8"
    np.testing.assert_allclose(found[0], np.broadcast_to(PLAIN[0, 0], (8, 8, 3)), atol=3)


def test_grey_transparent_and_print_colours_are_read():
    grey = encode(file_of(PLAIN, "PNG", "L"), file_of(PLAIN, "JPEG", "L"))
    assert np.ptp(grey.astype(int)) <= 2
    clear = np.dstack([PLAIN, np.zeros(PLAIN.shape[:2])])
    np.testing.assert_array_equal(encode(file_of(clear))[0, 0, 0], PLAIN[0, 0])
    ink = encode(file_of(PLAIN, "JPEG", "CMYK"))
    np.testing.assert_allclose(ink[0, 4, 4], PLAIN[0, 0], atol=4)


@pytest.mark.parametrize("shape", [(50, 90), (7, 5), (16, 16)])
def test_a_picture_is_resized_as_by_another_library(shape):
    pixels = RANDOM.integers(1, 256, (*shape, 3), dtype="uint8")
    expected = Image.fromarray(pixels).resize((16, 16), Image.Resampling.BILINEAR)
    found = encode(file_of(pixels), size=16)[0]
    np.testing.assert_allclose(found.astype(int), np.asarray(expected).astype(int), atol=1.01)


def test_black_is_no_missing_picture():
    black, *missing = encode(file_of(np.zeros((4, 4, 3))), None, "", b"", float("nan"), " ")
    assert (black == 1).all() and not np.any(missing)
    encoder = FeatureEncoder("look", "image", size=8)
    assert encoder.missing([b"x", None, b"", " "]).tolist() == [False, True, True, True]


GOOD = file_of(RANDOM.integers(0, 256, (64, 64, 3)), "JPEG")
BAD = {
    "text": (b"not a picture", "neither a JPEG nor a PNG"),
    "gif": (file_of(PLAIN, "GIF"), "neither a JPEG nor a PNG"),
    "start of a PNG": (file_of(PLAIN)[:20], "neither a JPEG nor a PNG"),
    "half a JPEG": (GOOD[: len(GOOD) // 2], "damaged or cut off"),
    "half a PNG": (file_of(RANDOM.integers(0, 256, (64, 64, 3)))[:5000], "damaged or cut off"),
    "JPEG without a header": (GOOD[:10], "damaged or cut off"),
    "100 megapixels, PNG": (png_header(10_000, 10_000), f"more than {MOST_PIXELS:,} pixels"),
    "2 ** 62 pixels": (png_header(2**31 - 1, 2**31 - 1), f"more than {MOST_PIXELS:,} pixels"),
    "100 megapixels, JPEG": (jpeg_header(10_000, 10_000), f"more than {MOST_PIXELS:,} pixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_refused_with_its_row(name):
    contents, reason = BAD[name]
    frame = pd.DataFrame({"item": ["a", "b"], "photo": [GOOD, contents]})
    with pytest.raises(
        InputError, match=rf"'look' \(image\), items.csv, row 1, column 'photo'.*{reason}"
    ):
        Catalog.from_frame(frame, "item", {"look": {"kind": "image", "column": "photo"}})


def test_a_header_is_checked_before_memory_is_taken():
    import tensorflow as tf

    with pytest.raises(InputError, match="pixels"):
        decode_picture(tf.constant(png_header(30_000, 30_000)), 8)


@pytest.fixture
def folder(tmp_path):
    shop = tmp_path / "shop"
    (shop / "photos").mkdir(parents=True)
    (shop / "photos" / "a.png").write_bytes(file_of(PLAIN))
    (tmp_path / "secret.png").write_bytes(file_of(PLAIN))
    (shop / "link.png").symlink_to(tmp_path / "secret.png")
    return shop


def read(shop, *paths, **options):
    table = shop / "items.csv"
    names = [f"i{n}" for n in range(len(paths))]
    pd.DataFrame({"item": names, "look": paths}).to_csv(table, index=False)
    features = {"look": {"kind": "image", "size": 8, **options}}
    return Catalog.from_frame(table, "item", features).columns["look"]


def test_paths_are_relative_to_the_table_or_to_a_folder(folder):
    beside = read(folder, "photos/a.png", "")
    assert beside[2].any() and not beside[3].any()
    np.testing.assert_array_equal(
        read(folder, "a.png", folder=str(folder / "photos"))[2], beside[2]
    )
    absolute = str(folder / "photos" / "a.png")
    np.testing.assert_array_equal(read(folder, absolute)[2], beside[2])


@pytest.mark.parametrize(
    "path", ["../secret.png", "photos/../../secret.png", "link.png", "/etc/passwd"]
)
def test_a_path_out_of_the_folder_is_refused(folder, path):
    with pytest.raises(InputError, match=r"row 2.*outside of the folder.*give the option folder"):
        read(folder, path)


def test_all_paths_are_allowed_where_the_folder_is_the_root(folder):
    assert read(folder, str(folder.parent / "secret.png"), folder="/")[2].any()


@pytest.mark.parametrize("path, reason", [("no.png", "missing"), ("photos", "a folder")])
def test_what_is_no_file_is_refused(folder, path, reason):
    with pytest.raises(InputError, match=reason):
        read(folder, path)


def test_pictures_may_be_bytes_of_a_parquet_file(tmp_path):
    frame = pd.DataFrame({"item": ["a", "b", "c"], "look": [GOOD, None, file_of(PLAIN)]})
    frame.to_parquet(tmp_path / "items.parquet")
    features = {"look": {"kind": "image", "size": 8}}
    catalog = Catalog.from_frame(tmp_path / "items.parquet", "item", features)
    np.testing.assert_array_equal(catalog.columns["look"][2:], encode(GOOD, None, file_of(PLAIN)))
    assert catalog.missing == {"look": 1}
    assert catalog.features == (Feature("look", "image", 8),)
    assert not catalog.extended(["d"]).columns["look"][-1].any()


def test_what_is_neither_bytes_nor_a_path_is_refused():
    with pytest.raises(InputError, match="value 0: expected the bytes of a picture, or a pathlib"):
        encode("a.png")
    frame = pd.DataFrame({"item": ["a"], "look": [3.5]})
    with pytest.raises(InputError, match="expected a path or the bytes of a picture, got 3.5"):
        Catalog.from_frame(frame, "item", {"look": {"kind": "image"}})


def test_a_path_object_is_read(tmp_path):
    path = pathlib.Path(tmp_path / "a.jpg")
    path.write_bytes(GOOD)
    np.testing.assert_array_equal(encode(path), encode(GOOD))


def test_a_table_of_pictures_larger_than_memory_is_refused(monkeypatch):
    monkeypatch.setattr("kerasrec.tables.memory.free_memory", lambda: 100)
    with pytest.raises(InputError, match="choose a smaller size, or a frozen backbone"):
        encode(GOOD)


@pytest.mark.parametrize("size", [7, 129, 8.0, True])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(InputError, match="size"):
        encode(GOOD, size=size)


def test_options_of_pictures_belong_to_pictures():
    with pytest.raises(InputError, match="size is for kind image, not for kind number"):
        FeatureEncoder.fit("price", [1.0], "number", size=8)
    with pytest.raises(InputError, match="folder is for kind image, not for kind text"):
        Catalog.from_frame(
            pd.DataFrame({"item": ["a"], "text": ["b"]}),
            "item",
            {"text": {"kind": "text", "folder": "x"}},
        )


def test_a_request_has_no_pictures():
    with pytest.raises(InputError, match="kind image is for features of items and users"):
        Schema(num_users=4, num_items=4, context_features=(Feature("look", "image", 8),))
