"""
The engine: drives the core against the world through the ports.

`survey` reads what is there before a run, `runner` is the loop, `worker` makes one call, `executors` are what it runs on,
`permission_probe` tries what is allowed, `clock` and `signals` are time and wishes to stop. Imports `ports` and `core`;
imported by `api` only.
"""
