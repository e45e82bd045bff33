"""The OpenAPI page is a valid document, and what a fuzzer makes of it finds nothing."""

import collections

import hypothesis
import hypothesis.strategies
import pytest
import schemathesis
import schemathesis.checks
from schemathesis import GenerationMode


@pytest.fixture(scope="module")
def schema(server):
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")


def test_it_names_what_is_served(schema, server):
    schema.validate()
    names = {"", "/metadata", ":predict"}
    places = {f"/v1/models/toy{version}{name}" for version in ("", "/versions/2") for name in names}
    assert set(schema.raw_schema["paths"]) == places


def test_a_fuzzer_finds_nothing(schema):
    checks = [
        check
        for check in schemathesis.checks.CHECKS.get_all()
        # Lists of one length, and 64 bits of a number, are more than the schema can say.
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
