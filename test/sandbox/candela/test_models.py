"""Adding a model: its progress, and when it is stored."""

import json

import pytest

from .conftest import NDJSON, Candela, Json, Start

QUERY = {
    "hf_url": "https://huggingface.co/a/b",
    "scope": "default",
    "identifier": "x",
    "quantisation": "q6k",
    "description": "A model",
}


def test_progress_comes_in_lines_and_ends_with_the_metadata(alone: Candela) -> None:
    response = alone.put("/models/", QUERY)
    started, *running, complete = [json.loads(line) for line in response.data.splitlines()]

    assert (response.status, response.headers["Content-Type"]) == (200, NDJSON)
    total = started["details"]["total_bytes"]
    for line in running:
        assert line["status"] == "in_progress"
        assert 0 < line["details"]["written_bytes"] <= total
    assert complete == {"status": "complete", "details": alone.get("/models/list")[0]}
    assert complete["details"]["obj_id"] == {"scope": "default", "identifier": "x", "version": "0.0.1"}
    assert complete["details"]["description"] == "A model"


def test_a_model_is_not_stored_before_its_last_line(start: Start) -> None:
    candela = start(pace=600)
    response = candela.put("/models/", QUERY, preload_content=False)
    first = json.loads(response.readline())

    assert "total_bytes" in first["details"]
    response.close()
    assert candela.get("/models/exists", scope="default", identifier="x") is False


def test_each_call_is_a_version(alone: Candela) -> None:
    for bump in ("patch", "major"):
        alone.put("/models/", {**QUERY, "version_bump": bump})
    assert alone.get("/models/list")[0]["obj_id"]["version"] == "1.0.0"


@pytest.mark.parametrize("more", [{"hf_url": ""}, {"scope": ""}, {"identifier": ""}, {"version_bump": "big"}])
def test_what_is_no_model_is_422(alone: Candela, more: Json) -> None:
    assert alone.put("/models/", {**QUERY, **more}).status == 422
    assert alone.get("/models/list") == []


def test_the_system_level_is_refused_before_the_first_line(start: Start) -> None:
    candela = start(admins=[])
    assert candela.put("/models/", {**QUERY, "system_level": "true"}).status == 403
