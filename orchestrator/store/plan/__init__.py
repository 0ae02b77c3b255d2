"""Plan files: read, checked, built into a `Plan`; each error with its file, line and column."""
