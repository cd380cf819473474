"""The OpenAPI document is valid, and names every route and every parameter that there is."""

from __future__ import annotations

import json

from openapi_spec_validator import OpenAPIV31SpecValidator

from kpi.measure import all_measures
from offhook.web.api_document import MeasurePassport, document


def test_the_document_is_valid() -> None:
    told = json.loads(document())
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_all_structs_are_described() -> None:
    schemas = json.loads(document())["components"]["schemas"]
    assert {"Call", "Stay", "Ring", "Talk", "Transfer", "Leg", "Report", "CallPage", "Problem"} <= set(schemas)
    assert all(one.get("description") for one in schemas.values() if one.get("type") == "object")


def test_a_passport_is_told_whole() -> None:
    for measure in all_measures().values():
        assert MeasurePassport.of(measure).formula == measure.formula
