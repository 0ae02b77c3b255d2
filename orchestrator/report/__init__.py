"""
What people and programs see: folds over the core's values and events.

`preview` shows a worklist, `progress` a run that is going on, `summary` how it ended, `diagnostics` what is wrong with a
plan; `log` configures logging for the command line. Imports the core only.
"""
