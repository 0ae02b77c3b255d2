"""
The simulator: a world of provisioned products behind a real HTTP server on loopback, speaking what boto3 speaks.

It must not share our mistakes, so it imports nothing of ours.

- `specs` and `world_file` read a world; `things` and `life` keep its products, `past` their history, `clocks` its time.
- `world` answers the API's operations, with `listing`, `tokens` and `filters`.
- `accounts` knows the caller, `form` and `contract` hold requests and answers against botocore's own service model, `quota`
  throttles, `faults` and `late` make trouble, and `service` puts all of them together.
- `query`, `cbor`, `control` and `wire` speak HTTP.

What it models follows AWS where AWS's behaviour is known; each guess is called a guess where it is made.
"""

from orchestrator.simulator.http_server import Simulator
from orchestrator.simulator.world_file import WorldInvalid, WorldSpec, read_world

__all__ = ["Simulator", "WorldInvalid", "WorldSpec", "read_world"]
