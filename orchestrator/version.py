"""The version of this program, as it is in the package's metadata."""

from __future__ import annotations

VERSION = "0.1.0"
