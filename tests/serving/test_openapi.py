"""The OpenAPI document is valid, and a fuzzer that follows it finds no error."""

import collections
import contextlib
import json
import types

import hypothesis
import hypothesis.strategies
import numpy as np
import pytest
import schemathesis
import schemathesis.checks
from schemathesis import GenerationMode

from kerasrec.savedmodel.c_loader import Signature, TensorInfo
from kerasrec.serving.limits import Limits
from kerasrec.serving.openapi import openapi
from kerasrec.serving.predict_body import read_predict_body
from kerasrec.serving.refusal import Refusal


@pytest.fixture(scope="module")
def schema(server):
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")


def test_it_lists_the_served_paths(schema, server):
    schema.validate()
    names = {"", "/metadata", ":predict"}
    places = {f"/v1/models/toy{version}{name}" for version in ("", "/versions/2") for name in names}
    assert set(schema.raw_schema["paths"]) == places


@pytest.mark.slow
def test_a_fuzzer_finds_no_error(schema):
    checks = [
        check
        for check in schemathesis.checks.CHECKS.get_all()
        # The schema cannot express lists of equal length, nor 64-bit numbers.
        if check.__name__ != "positive_data_acceptance"
    ]
    assert len(checks) > 5

    answered = collections.Counter()
    for result in schema.get_all_operations():
        cases = [result.ok().as_strategy(generation_mode=mode) for mode in GenerationMode]

        @hypothesis.settings(
            max_examples=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=hypothesis.strategies.one_of(cases))
        def one(case):
            answered[case.call_and_validate(checks=checks, timeout=30).status_code] += 1

        one()
    assert set(answered) == {200, 400}, answered


def test_the_examples_are_answered(schema, server, ask):
    (body,) = (
        path["post"]["requestBody"]["content"]["application/json"]
        for name, path in schema.raw_schema["paths"].items()
        if name == "/v1/models/toy:predict"
    )
    assert set(body["examples"]) == {"serving_default", "recommend", "echo", "total", "types"}
    for example in body["examples"].values():
        assert ask(server, "/v1/models/toy:predict", example["value"])[0] == 200


def test_unusual_signatures_are_described():
    """Defaults that are not ASCII, end with NUL or are empty; a dtype that JSON cannot have."""
    nul = np.empty(1, object)
    nul[0] = b"a\0"
    inputs = {
        "text": TensorInfo("a:0", "string", (None,), np.array(["ü".encode()])),
        "bytes": TensorInfo("b:0", "string", (None,), nul),
        "none": TensorInfo("c:0", "int64", (None,), np.zeros(0, "int64")),
        "small": TensorInfo("d:0", "type 6", (None, 2)),
    }
    version = types.SimpleNamespace(signatures={"odd": Signature(inputs, {})}, number=1)
    models = types.SimpleNamespace(names=lambda: ["m"], current=None)
    models.current = lambda name: contextlib.nullcontext(version)
    paths = json.loads(json.dumps(openapi(models)))["paths"]
    content = paths["/v1/models/m:predict"]["post"]["requestBody"]["content"]["application/json"]
    inputs = content["examples"]["odd"]["value"]["inputs"]
    assert inputs == {"text": ["ü"], "bytes": ["a\0"], "none": [], "small": [[0, 0]]}
    body = b'{"signature_name": "odd", "inputs": {"small": [[1, 2]]}}'
    with pytest.raises(Refusal) as caught:
        read_predict_body(body, version.signatures, Limits())
    assert caught.value.message.endswith(r'"bytes": ["a\u0000"], "text": ["\u00fc"].')
    inputs = json.dumps({"signature_name": "odd", "inputs": {**inputs, "none": [0]}})
    with pytest.raises(Refusal, match="is not of expected type: type 6"):
        read_predict_body(inputs.encode(), version.signatures, Limits())
