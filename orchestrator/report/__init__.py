"""
What people and programs see: folds over the core's values and events.

`review_text` and `review_markdown` show a review, `progress` and `live` a run that is going on, `summary` how it ended,
`export` both as JSON and CSV, `diagnostics` what is wrong with a plan; `log` configures logging for the command line.
Imports the core only.
"""
