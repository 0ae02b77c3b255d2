"""
The command line: parse, call `orchestrator.api`, render, exit code.

`main` has the group and the one place where errors become exit codes; each command has a module of its own, imported when
it is called, so that `--help` stays quick. The only package that configures logging, and the only one that prints.
"""
