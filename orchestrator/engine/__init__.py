"""
The engine: drives the core against the world through the ports.

`survey` reads what is there before a run, `runner` is the loop, `perform` is what a worker executes, `pools` are the
executors it may run on, `clock` and `interrupt` are time and signals. Imports `ports` and `core`; imported by `api` only.
"""
