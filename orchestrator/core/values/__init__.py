"""
Single values and how they are written. Imports nothing of ours.

`lane` is an account with a region, `policy` has the knobs of a run, `graph` says who waits for whom.
"""
