import ast
import pathlib

import numpy as np
import pandas as pd
import pytest

import kerasrec
from kerasrec.client import query as client_query
from kerasrec.data import Interactions, Schema, batches
from kerasrec.data.query_spec import (
    ITEM_WEIGHT,
    QUERY_INPUTS,
    RECENT_INPUTS,
    REQUEST_INPUTS,
    REQUEST_OPTIONS,
    QueryInput,
    query_spec,
    step_context,
)
from kerasrec.data.schema import Feature
from kerasrec.errors import InputError

LIBRARY = pathlib.Path(kerasrec.__file__).parent
# Where the name of an input is a keyword argument, a column of a table or text for people.
NAMED_IN = {
    "data/clean_rows.py": "columns of a table",
    "export/profiles.py": "the times of what was taken",
    "cli/clusters.py": "what items are grouped by",
    "models/profiles/item_clusters.py": "what items are grouped by",
    "out_of_core/row_times.py": "columns of a table",
    "data/read_interactions.py": "columns of a table",
    "data/interactions.py": "columns of a table",
    "data/event_context.py": "outcomes of an event, which are refused",
    "data/impressions.py": "columns of a table",
    "data/read_impressions.py": "columns of a table",
    "data/wanted_columns.py": "columns of a table",
    "data/guess_table.py": "columns of a table",
    "data/datasets/synthetic_impressions.py": "columns of a table",
    "training/runs/data_fingerprint.py": "what is hashed",
    "training/runs/query_fingerprint.py": "what is hashed",
    "client/context.py": "the inputs that are no features of a request",
    "data/clean.py": "columns of a table",
    "data/guess_columns.py": "columns of a table",
    "cli/describe.py": "columns of a table",
    "batch_inference/export_recommendations.py": "times are converted",
    "out_of_core/part_table.py": "columns of a table",
    "out_of_core/column_type.py": "columns of a table",
    "out_of_core/filter_rows.py": "columns of a table",
    "out_of_core/impressions_preparation.py": "columns of a table",
    "out_of_core/preparation.py": "columns of a table",
    "out_of_core/prepare.py": "columns of a table",
    "out_of_core/prepared.py": "columns of a table",
    "out_of_core/prepared_impressions.py": "columns of a table",
    "out_of_core/protocols.py": "columns of a table",
    "out_of_core/source.py": "columns of a table",
    "out_of_core/stored_columns.py": "columns of a table",
    "training/read_prepared.py": "columns of a table",
    "data/histories.py": "the column that events are sorted by",
    "data/datasets/movielens.py": "columns of a table",
    "data/datasets/synthetic.py": "columns of a table",
    "config/data_node.py": "columns of a table",
    "models/columns_read.py": "text for people",
    "models/checkpoints/saved_catalogs.py": "a column of a file",
    "models/contract/every_kind.py": "columns of a table",
    "models/contract/read.py": "the inputs whose reading is checked",
    "models/requests/request.py": "keyword arguments",
    "export/expected.py": "the arguments of a Request",
    "export/requests.py": "made requests",
    "export/request_reader.py": "the lookup of behaviors",
    "export/check_beside.py": "the check of seconds",
    "layers/step_context.py": "names of weights",
    "cli/quickstart.py": "an example for people",
    "client/query.py": "below data; its table is compared with the spec here",
    "client/request.py": "keyword arguments",
    "cli/event_frames.py": "columns of a frame of events",
    "client/client.py": "keyword arguments",
    "events/arrow_events.py": "fields of an event",
    "events/event.py": "fields of an event",
    "events/event_row.py": "fields of an event",
    "events/read_event.py": "fields of an event",
    "events/read_impressions.py": "fields of an event",
    "events/read_interactions.py": "fields of an event",
    "reporting/online_report.py": "columns of a frame of events",
    "reporting/weekly_quality.py": "columns of a frame of events",
    "serving/event_paths.py": "fields of an event",
    "simulation/diary.py": "columns of a table",
    "simulation/nightly.py": "columns of a table",
    "simulation/popular.py": "columns of a table",
    "update/ask_export.py": "columns of a table",
    "update/event_table.py": "columns of a table",
    "update/finish_update.py": "columns of a table",
    "update/recent_queries.py": "columns of a table",
    "update/start_update.py": "columns of a table",
}


def _known(value):
    """None for NaN, which is not equal to itself."""
    return None if value != value else value


def test_the_inputs_of_a_query_are_these():
    found = {
        name: (each.shape, each.dtype, each.source, _known(each.missing))
        for name, each in QUERY_INPUTS.items()
    }
    assert found == {
        "user": ((), "int32", "user", 1),
        "history": ((None,), "int32", "history", 0),
        "behavior": ((None,), "int32", "behavior", 0),
        "time_gap": ((None,), "float32", "timestamp", -1.0),
        "value": ((None,), "float32", "value", None),
    }
    wide = (None, None)
    found = {
        name: (each.shape, each.dtype, _known(each.default))
        for name, each in (REQUEST_INPUTS | RECENT_INPUTS | REQUEST_OPTIONS).items()
    }
    assert found == {
        "user": ((None,), "string", ""),
        "history": (wide, "string", ""),
        "behavior": (wide, "string", ""),
        "timestamp": (wide, "int64", 0),
        "value": (wide, "float32", None),
        "recent": (wide, "string", ""),
        "recent_behavior": (wide, "string", ""),
        "recent_timestamp": (wide, "int64", 0),
        "exclude": (wide, "string", ""),
        "allow": (wide, "string", ""),
        "k": ((None,), "int32", None),
        "repeats": ((None,), "string", ""),
        "pin": (wide, "string", ""),
        "boost": (wide, "string", ""),
        "boost_factor": (wide, "float32", 0.0),
    }


@pytest.mark.parametrize("behaviors,timed", [(0, False), (0, True), (4, False), (4, True)])
def test_a_schema_has_the_inputs_of_its_data(behaviors, timed):
    schema = Schema(num_users=5, num_items=6, num_behaviors=behaviors, timed=timed)
    expected = ["user", "history"] + ["behavior"] * (behaviors > 0) + ["time_gap"] * timed
    assert list(query_spec(schema)) == expected
    assert [each.name for each in step_context(query_spec(schema))] == expected[2:]


def test_defaults_of_signatures():
    assert REQUEST_INPUTS["user"].default_array("").tolist() == [""]
    assert REQUEST_INPUTS["user"].default_array("").dtype == object
    found = REQUEST_INPUTS["timestamp"].default_array(0)
    assert (found.shape, found.dtype) == ((1, 1), np.int64)


def test_every_source_is_an_input_of_a_request():
    for each in QUERY_INPUTS.values():
        assert each.source in REQUEST_INPUTS
        assert (REQUEST_INPUTS[each.source].axis == "step") == each.per_step


def test_the_client_knows_the_same_lists():
    requests = REQUEST_INPUTS | RECENT_INPUTS | REQUEST_OPTIONS
    lists = {name: _known(each.default) for name, each in requests.items() if each.axis != "query"}
    lists[ITEM_WEIGHT] = None
    assert lists == {name: _known(value) for name, value in client_query.LISTS.items()}


@pytest.mark.parametrize("name", ["k", "allow", "repeats", "examples", "timestamp", "user"])
def test_no_feature_has_the_name_of_an_input(name):
    with pytest.raises(InputError, match=f"'{name}' is a model input's"):
        Feature(name, "number")


def test_a_new_input_is_an_entry(monkeypatch):
    """Seconds themselves, from a column there is, in batches and histories."""
    clock = QueryInput("clock", True, "int64", source="timestamp", missing=-5)
    monkeypatch.setitem(QUERY_INPUTS, "clock", clock)
    rows = [("u", "a", 10), ("u", "b", 30), ("v", "c", 20), ("u", "d", 60)]
    data = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "timestamp"]))
    inputs = data.histories().inputs(("history", "clock"), 2)
    assert inputs["clock"][2:].tolist() == [[30, 60], [20, 0]]
    x, *_ = next(iter(batches(data, ("history", "clock", "item"), history_length=3, seed=1)))
    real = x["history"].numpy()[:, 0] > 0
    assert x["clock"].numpy()[real].tolist() == [[10, 30, 0]]
    assert x["clock"].dtype == "int64"
    # Data without the column: the value for missing.
    untimed = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "t"]))
    inputs = untimed.histories().inputs(("clock",), 2)
    assert inputs["clock"][2:].tolist() == [[-5, -5], [-5, 0]]
    with pytest.raises(InputError, match="'clock' needs .* a timestamp column"):
        batches(untimed, ("history", "clock", "item"))


def test_no_other_file_writes_the_inputs_of_a_step_out():
    found, names = set(), {"time_gap", "timestamp", "behavior"}
    for path in LIBRARY.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if names & {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}:
            found.add(path.relative_to(LIBRARY).as_posix())
    assert found == {"data/query_spec.py", *NAMED_IN}
