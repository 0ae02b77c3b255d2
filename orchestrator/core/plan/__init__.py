"""
What a person asked for, and what is wrong with it; asks AWS nothing.

`model` has the plan and its parts (targets, entries, selections with their conditions, limits), `rules` what has to hold
between them. How a plan is written in YAML is known to `store.plan`.
"""
