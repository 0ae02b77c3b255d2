"""
The pure core: it decides, and nothing else.

A plan is reviewed against an inventory, which gives a worklist, which is run. Each word is a room, and a room imports only
those before it: `values`, then `plan` and `inventory` side by side, then `review`, then `run`.

Nothing in here reads a clock, a file, the network, the environment or a random number. Time comes in as `now` or `at`
(seconds since the epoch), jitter is derived from identities. The core imports `errors` and the standard library's value
types only, and may be imported by everybody.
"""
