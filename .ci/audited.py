"""Says what pip-audit found, and whether it could look at all: a database that answers nothing has not cleared anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path

REPORT = Path(sys.argv[1])

if not REPORT.exists():
    print("pip-audit could not ask for advisories from here; NOTHING was audited.")
    sys.exit(0)
found = json.loads(REPORT.read_text())["dependencies"]
skipped = [each["name"] for each in found if "skip_reason" in each]
vulnerable = [
    f"{each['name']} {each['version']}: {vuln['id']}, fixed in {', '.join(vuln['fix_versions']) or 'no version'}"
    for each in found
    for vuln in each.get("vulns", ())
]
print(*vulnerable, sep="\n", end="\n" if vulnerable else "")
if len(skipped) == len(found):
    print(f"No advisories can be had from here for any of {len(found)} packages; NOTHING was audited.")
elif skipped:
    print(f"{len(found) - len(skipped)} packages audited; not audited: {', '.join(skipped)}")
else:
    print(f"{len(found)} packages audited.")
sys.exit(bool(vulnerable))
