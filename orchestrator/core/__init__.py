"""
The pure core: it decides, and nothing else.

Nothing in here reads a clock, a file, the network, the environment or a random number; time comes in as `now` (seconds
since the epoch), jitter is derived from identities. Import from `errors` and the standard library's value types only. May
be imported by everybody.

Read in this order: `plan` (what is wanted), `inventory` (what is there), `decision` (what follows), `states` (how one
termination lives), `commands`, `replies`, `events` (the three vocabularies), `run` (what puts them together).
"""
