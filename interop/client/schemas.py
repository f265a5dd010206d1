"""The gateway's published JSON Schemas: every message of a test is held against them, in both directions."""

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

FOLDER = Path(__file__).parents[2] / "Sources" / "ClientProtocol" / "Resources" / "schema"


@functools.cache
def schema(name: str) -> Validator:
    """`client-to-server`, `server-to-client.baseline` or `server-to-client.extended`."""
    document = json.loads((FOLDER / f"{name}.json").read_text())
    kind = validator_for(document)
    kind.check_schema(document)
    return kind(document)


def mismatch(name: str, message: Any) -> str | None:
    """Where the message departs from the schema; None where it fits."""
    validator = schema(name)
    if validator.is_valid(message):  # Much cheaper than collecting errors, and nearly always enough.
        return None
    return "; ".join(error.message for error in validator.iter_errors(message))
