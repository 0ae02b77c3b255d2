"""
Files: plans in, journals in and out, locks.

`yaml_reader`, `plan_schema` and `plan_file` turn YAML into a plan; `codec` is the pure pair between values and lines,
`journal` keeps a run's history, `state_dir` knows where things are, `locks` keeps two runs apart. Imports `ports` and
`core`; imported by `api`, and by commands that need nothing else.
"""
