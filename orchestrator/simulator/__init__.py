"""
The simulator: a world of provisioned products behind a real HTTP server on loopback, speaking what boto3 speaks.

It must not share our mistakes, so it imports nothing of ours.

- `specs` and `world_file` read a world; `resources` and `life` keep its products, `past` their history, `quota` its
  time and its rate limits.
- `world` answers the API's operations, with `pagination` and `tokens`.
- `accounts` knows the caller, `form` holds requests and answers against botocore's own service model, `faults` makes
  trouble, and `service` puts all of them together.
- `protocols`, `control` and `http_server` speak HTTP.

What it models follows AWS where AWS's behaviour is known; each guess is called a guess where it is made.
"""

from orchestrator.simulator.http_server import Simulator
from orchestrator.simulator.world_file import WorldInvalid, WorldSpec, read_world

__all__ = ["Simulator", "WorldInvalid", "WorldSpec", "read_world"]
