"""
The simulator's own requests, for tests and for curious people. The world keeps running.

`GET /_simulator/ledger` lists every call, `GET /_simulator/world` the state of each product. A PUT of JSON changes it:

- `/_simulator/tags/ACCOUNT/REGION/PRODUCT` gives a product other tags, `{"KEY": "VALUE"}`;
- `/_simulator/rename/ACCOUNT/REGION/PRODUCT` gives it another name, `{"Name": "NAME"}`;
- `/_simulator/products/ACCOUNT/REGION` provisions one, with the keys that products have in a world file.
"""

from __future__ import annotations

import json
import re

from orchestrator.simulator.service import Service
from orchestrator.simulator.specs import ProductSpec

PLACE = r"(?P<account>\d{12})/(?P<region>[a-z0-9-]+)"
ONE = re.compile(rf"/_simulator/(?P<what>tags|rename)/{PLACE}/(?P<product>[A-Za-z0-9_-]+)")
PRODUCTS = re.compile(rf"/_simulator/products/{PLACE}")

HttpAnswer = tuple[int, bytes]
"""An HTTP status and a body."""


def show(service: Service, path: str) -> HttpAnswer:
    """Answer a GET: the ledger or the world."""
    if path == "/_simulator/ledger":
        return 200, "".join(json.dumps(call) + "\n" for call in service.calls()).encode()
    if path == "/_simulator/world":
        return 200, json.dumps(service.summary()).encode()
    return 404, b"not found\n"


def change(service: Service, path: str, body: bytes) -> HttpAnswer:
    """Answer a PUT: tag, rename or provision a product."""
    one, several = ONE.fullmatch(path), PRODUCTS.fullmatch(path)
    match = one or several
    try:
        content = json.loads(body)
        if match is None or not isinstance(content, dict):
            return 404, b"no such path, or not a JSON object\n"
        with service.lane(match["account"], match["region"]) as world:
            if one is None:
                world.life.put(ProductSpec.model_validate(content))
            elif one["what"] == "rename":
                world.life.rename(one["product"], str(content["Name"]))
            else:
                world.life.tag(one["product"], {str(key): str(tag) for key, tag in content.items()})
    except KeyError as error:
        return 404, f"there is no {error}\n".encode()
    except (ValueError, RecursionError) as error:
        return 400, f"{error}\n".encode()
    return 204, b""
