"""Parquet by row groups: every row once, in bounded memory."""

import dataclasses
import gc
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet
import pytest

from kerasrec.data import Interactions, Vocabulary, scan_parquet, stream_batches
from kerasrec.errors import InputError

pytestmark = pytest.mark.slow


def table(count, users=50, items=20):
    """Row number r has value r, user r % users and item r % items."""
    rows = np.arange(count)
    return pd.DataFrame(
        {"user": [f"u{r % users}" for r in rows], "item": rows % items, "value": rows.astype(float)}
    )


def write(path, frame, group):
    parquet.write_table(pyarrow.Table.from_pandas(frame), path, row_group_size=group)
    return path


@pytest.fixture
def folder(tmp_path):
    """1,000 rows in two parts, row groups of 64 and 90."""
    frame = table(1000)
    write(tmp_path / "part-0.parquet", frame[:600], 64)
    write(tmp_path / "part-1.parquet", frame[600:], 90)
    return tmp_path


def epoch(dataset):
    """Users, items and values of the real examples."""
    users, items, values = [], [], []
    for x, y, weight in dataset:
        real = weight.numpy() > 0
        users.append(x["user"].numpy()[real])
        items.append(x["item"].numpy()[real])
        values.append(y.numpy()[real])
    return [np.concatenate(column) for column in (users, items, values)]


def test_scan_counts_every_id(folder):
    scan = scan_parquet(folder)
    assert scan.users.vocabulary == Vocabulary([f"u{number}" for number in range(50)])
    assert scan.items.vocabulary == Vocabulary([str(number) for number in range(20)])
    assert scan.user_counts().tolist() == [0, 0] + [20] * 50
    assert scan.item_counts().tolist() == [0, 0] + [50] * 20


def test_a_scan_says_what_the_interactions_say(folder):
    scan = scan_parquet(folder)
    # Row number r is at time r: no two rows are one interaction.
    data = Interactions.from_frame(table(1000).assign(timestamp=np.arange(1000)))
    for length in (50, 7):  # a stream keeps no times
        assert scan.schema(length) == dataclasses.replace(data.schema(length), timed=False)
    for side in ("users", "items"):
        ours, theirs = getattr(scan, side), getattr(data, side)
        assert ours.vocabulary == theirs.vocabulary and ours.columns == theirs.columns == {}
    for ours, theirs in (
        (scan.user_counts(), data.user_counts()),
        (scan.item_counts(), data.item_counts()),
    ):
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    assert scan.mean_value == pytest.approx(data.mean_value) and not scan.has_labels
    past = scan.histories()
    assert type(past) is type(data.histories()) and len(past) == len(data.histories())
    assert not past.lengths.any()


@pytest.mark.parametrize(
    "values,level", [([1.0, 5.0, 3.0], 3.0), ([0.0, 1.0, 1.0], np.log(2.0)), (None, 1.0)], ids=str
)
def test_a_model_of_ratings_starts_at_the_mean_of_the_stream(tmp_path, values, level):
    from kerasrec_zoo import MatrixFactorization

    frame = pd.DataFrame({"user": ["a", "b", "b"], "item": ["x", "x", "y"]})
    frame = frame if values is None else frame.assign(value=values)
    scan = scan_parquet(write(tmp_path / "log.parquet", frame, 2))
    model = MatrixFactorization(scan.schema(), dim=2, candidates="pair")
    model.adapt(scan)
    assert float(model.level.numpy()) == pytest.approx(level)


def test_a_zoo_model_trains_on_the_stream(tmp_path):
    """Two camps of users, each with its own ten items: a model that learned keeps to the camp."""
    from kerasrec.losses import Softmax
    from kerasrec_zoo import MatrixFactorization

    user = np.arange(4000) % 40
    item = np.random.default_rng(0).integers(0, 10, 4000) + 10 * (user % 2)
    frame = pd.DataFrame({"user": user, "item": item})
    path = write(tmp_path / "log.parquet", frame, 300)
    scan = scan_parquet(path)
    model = MatrixFactorization(scan.schema(), dim=8, candidates="all")
    model.adapt(scan)
    model.compile("adam", Softmax())
    model.optimizer.learning_rate = 0.05
    dataset = stream_batches(
        path, None, scan.users.vocabulary, scan.items.vocabulary, batch_size=200
    )
    loss = model.fit(dataset, epochs=5, verbose=0).history["loss"]
    assert loss[0] > 2.5 and abs(loss[-1] - np.log(10)) < 0.1  # of 20 items, then of 10
    found = model.recommend(users=["4", "7"], k=10)  # what was seen is not known here
    for user, camp in (("4", range(10)), ("7", range(10, 20))):
        assert set(found["item"][found["user"] == user]) == {str(number) for number in camp}


@pytest.mark.parametrize("buffer_rows", [1, 100, 5000])
def test_every_row_exactly_once(folder, buffer_rows):
    scan = scan_parquet(folder)
    dataset = stream_batches(
        folder,
        None,
        scan.users.vocabulary,
        scan.items.vocabulary,
        batch_size=32,
        buffer_rows=buffer_rows,
    )
    assert int(dataset.cardinality()) == 32
    assert dataset.element_spec[1].shape == dataset.element_spec[2].shape == (32,)
    # 1,000 rows are 31 batches and 8 more.
    *full, (x, y, weight) = dataset
    assert all((one.numpy() == 1).all() for _, _, one in full)
    assert weight.numpy().tolist() == [4.0] * 8 + [0.0] * 24
    assert not any(column.numpy()[8:].any() for column in (x["user"], x["item"], y))
    users, items, values = epoch(dataset)
    assert np.array_equal(np.sort(values), np.arange(1000))
    # Row r is user r % 50, item r % 20: what belongs together stays together.
    assert np.array_equal(users, values.astype(int) % 50 + 2)
    assert np.array_equal(items, values.astype(int) % 20 + 2)
    assert users.dtype == np.int32 and values.dtype == np.float32


def test_order_depends_on_seed_and_epoch_alone(folder):
    scan = scan_parquet(folder)

    def make(**options):
        return stream_batches(
            folder,
            None,
            scan.users.vocabulary,
            scan.items.vocabulary,
            batch_size=16,
            buffer_rows=200,
            **options,
        )

    first, second = make(seed=1), make(seed=1)
    run = [epoch(first)[2].tolist() for _ in range(3)]
    assert run == [epoch(second)[2].tolist() for _ in range(3)]
    assert run[0] != run[1] != run[2]
    assert epoch(make(seed=2))[2].tolist() != run[0]
    assert epoch(make(seed=1, first_epoch=2))[2].tolist() == run[2]
    peek = make(seed=1)
    for _ in peek.take(3):
        pass
    assert epoch(peek)[2].tolist() == run[0]


def test_columns_unknown_ids_and_no_value(tmp_path):
    frame = pd.DataFrame({"who": ["a", "b", "c"], "what": [7, 8, 7]})
    path = write(tmp_path / "log.parquet", frame, 2)
    columns = {"user": "who", "item": "what"}
    users, items, values = epoch(
        stream_batches(path, columns, Vocabulary(["a", "b"]), Vocabulary(["7"]))
    )
    assert sorted(zip(users.tolist(), items.tolist(), values.tolist(), strict=True)) == [
        (1, 2, 1.0),
        (2, 2, 1.0),
        (3, 1, 1.0),
    ]


def test_peak_memory_is_bounded(tmp_path):
    rows, group, buffer_rows, batch_size = 300_000, 5_000, 15_000, 256
    path = write(tmp_path / "big.parquet", table(rows, users=5000, items=3000), group)
    scan = scan_parquet(path)
    dataset = stream_batches(
        path,
        None,
        scan.users.vocabulary,
        scan.items.vocabulary,
        batch_size=batch_size,
        buffer_rows=buffer_rows,
    )
    assert rows == 20 * buffer_rows
    # A row in Arrow: "u4999" is 5 bytes of text and 8 of offset, item and value are 8 each.
    decode = 200 + 4 * (5 + 8 + 8 + 8)
    bound = 12 * (buffer_rows + group) + decode * group + 12 * 64 * batch_size
    for _ in dataset.take(1):  # TensorFlow traces its functions here, not below
        pass
    gc.collect()
    before = pyarrow.total_allocated_bytes()
    decoded = parquet.ParquetFile(path).read_row_group(0)
    held, together = pyarrow.total_allocated_bytes() - before, 0
    del decoded
    tracemalloc.start()
    try:
        for _ in dataset:
            arrow = pyarrow.total_allocated_bytes() - before
            together = max(together, arrow + tracemalloc.get_traced_memory()[0])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Python's peak is when Arrow holds a decoded group; while Arrow decodes, Python holds little.
    assert max(peak + held, together) < bound < rows * 12


def test_input_errors(tmp_path):
    known = Vocabulary(["a"]), Vocabulary(["b"])
    with pytest.raises(InputError, match="no such file"):
        scan_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="holds no part"):
        stream_batches(tmp_path, None, *known)
    empty = write(tmp_path / "empty.parquet", table(0), 10)
    with pytest.raises(InputError, match="empty.parquet: no data rows"):
        stream_batches(empty, None, *known)
    path = write(tmp_path / "log.parquet", table(5).rename(columns={"item": "itemId"}), 10)
    with pytest.raises(InputError, match="no column 'item'.*nearest is 'itemId'"):
        stream_batches(path, None, *known)
    with pytest.raises(InputError, match="unknown key 'time'"):
        scan_parquet(path, {"item": "itemId", "time": "t"})
    with pytest.raises(InputError, match="batch_size=0"):
        stream_batches(path, {"item": "itemId"}, *known, batch_size=0)
    missing = table(5).assign(user=["a", "b", None, "c", "d"])
    path = write(tmp_path / "missing.parquet", missing, 2)
    with pytest.raises(InputError, match="missing.parquet, row 2, column 'user'"):
        scan_parquet(path)
    (tmp_path / "bad.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match="bad.parquet: not a readable Parquet file"):
        scan_parquet(tmp_path / "bad.parquet")
