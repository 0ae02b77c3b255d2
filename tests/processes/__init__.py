"""Real processes, real HTTP, real signals."""
