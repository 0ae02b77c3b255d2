"""
The ports: what the engine needs from the world, as Protocols. Read this first.

Each has a real implementation in `aws`, `store` or `engine`, and a fake of the same name in `tests/fakes.py` that passes
the same contract suite. Imports the core only.
"""

from orchestrator.ports.catalog import Catalog, Connect, CredentialLife, Identity
from orchestrator.ports.clock import Clock, Inbox
from orchestrator.ports.journal import Journal
from orchestrator.ports.observer import Observer

__all__ = ["Catalog", "Clock", "Connect", "CredentialLife", "Identity", "Inbox", "Journal", "Observer"]
