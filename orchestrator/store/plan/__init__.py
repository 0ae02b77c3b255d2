"""Reads plan files: every mistake is reported with its file, line and column."""
