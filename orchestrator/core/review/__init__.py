"""
Plan × inventory → worklist: every line with a decision and a reason. Knows nothing of runs.

`decide` is the door. `resolve` finds the products of entries, `select` those of selections, `match` holds a product against
conditions (`Where`), `protect` says what protects it, `classify` what its state allows, `order` what it comes after.
`worklist` is the result: one line for each product. `drift` and `unreviewed` compare a worklist with what is there later:
they are asked before every send.
"""
