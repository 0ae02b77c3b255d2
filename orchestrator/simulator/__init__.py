"""
The simulator: a world of provisioned products behind a real HTTP server on loopback, speaking what boto3 speaks.

It must not share our mistakes, so it imports nothing of ours: `world_file` reads what there is, `world` lives it,
`accounts` knows who is calling, `contract` holds requests and answers against botocore's own service model, `quota`
throttles, `service` puts them together, `query` and `wire` speak HTTP.

What it models follows AWS where AWS's behaviour is known; each guess is called a guess where it is made.
"""

from orchestrator.simulator.wire import Simulator
from orchestrator.simulator.world_file import WorldInvalid, WorldSpec, read_world

__all__ = ["Simulator", "WorldInvalid", "WorldSpec", "read_world"]
