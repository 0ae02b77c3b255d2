"""
What is on disk: the kinds and keys of journals and worklists, written out.

Every name here is in files that exist, so none may change because a class or an attribute is renamed. A key is written as
it is on disk, or as `key=attribute` where the code calls it otherwise. A class without an entry cannot be written.

How a format may change:

- Rename a class: change its name here, and leave its `kind`. Rename an attribute: change what stands behind `=`. The golden
  files (`tests/golden/`) stay as they are.
- Add an event kind, or a key with a default: add it here and to a golden file, and raise the format number of the journal
  (`JOURNAL_FORMAT`) or of the worklist (`WORKLIST_FORMAT`), because a version that does not know a key refuses
  it. Keep a golden file of the format before, and read it: a missing key takes its default.
- Rename or remove a kind or a key, or change what a value means: as before, and translate the older format where it is
  read. What is no longer written is still read, or refused by the number of its format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from orchestrator.core.inventory.model import LaneCoverage, ListingCounts, Product, RecordError
from orchestrator.core.plan import model as p
from orchestrator.core.review.worklist import Line, Worklist
from orchestrator.core.run import events as e
from orchestrator.core.values.lane import Caller
from orchestrator.store.provenance import RunOrigin

TIMES = frozenset({"at", "retry_at", "until", "made_at", "started_at", "created_at", "due_at", "service_at"})
"""Keys that hold seconds since the epoch in the code, and ISO 8601 on disk."""

ON_DISK: Mapping[type, str] = {
    e.Intended: (
        "at line attempt send token ignore_errors retain_physical_resources accept_language record_before service_at"
    ),
    e.Accepted: "at line record_id record_status",
    e.Throttled: "at line code",
    e.NotSent: "at line reason",
    e.Unanswered: "at line reason",
    e.StillInDoubt: "at line reason",
    e.Rejected: "at line code message denied not_found",
    e.RecordFound: "at line record_id",
    e.Adopted: "at line record_id",
    e.RecordUnreadable: "at line reason",
    e.Parked: "at line reason",
    e.Terminated: "at line evidence record_id by_another options_unmet",
    e.AttemptFailed: "at line record_id errors retry_at",
    e.Failed: "at line evidence errors denied record_id",
    e.TimedOut: "at line evidence",
    e.AlreadyGone: "at line evidence",
    e.Drifted: "at line reason",
    e.Refused: "at line reason",
    e.Blocked: "at line reason",
    e.Contradicted: "at line evidence",
    e.FoundGone: "at line evidence",
    e.Started: "at how send_ban first service_at",
    e.Draining: "at why detail until",
    e.LaneClosed: "at lane reason",
    e.LaneUnreachable: "at lane reason",
    e.Verified: "at lane started_at checked",
    e.Finished: "at exit_code summary",
    e.Abandoned: "at reason summary",
    p.Plan: "name targets entries selections protections limits retry",
    p.Options: ("ignore_errors retain_physical_resources accept_language termination_timeout_seconds"),
    p.Target: "account_id regions role_name role_arn profile external_id role_session_name",
    p.Entry: "product_id name account_id region key options depends_on location",
    p.Conditions: (
        "names product_ids statuses tags catalog_names catalog_ids types user_arns account_ids regions "
        "older_than_seconds younger_than_seconds"
    ),
    p.Selection: "conditions options notice_seconds key depends_on location",
    p.Protection: "conditions location",
    p.Tolerance: "count percent",
    p.Limits: ("max_terminations max_percent failure_tolerance in_flight rate_per_second deadline_seconds"),
    p.Retry: "attempts backoff_seconds",
    Worklist: "lines made_at lanes warnings",
    Line: (
        "id product_id lane decision reason detail options product requested_name key record_id "
        "after_lines after_globs after_entries after_selections location selected_by due_at "
        "similar_ids"
    ),
    Product: (
        "product_id name type status arn status_message created_at last_record_id physical_id catalog_id catalog_name "
        "user_arn tags"
    ),
    RecordError: "code description",
    ListingCounts: "scan_pages scanned search_pages searched search_total",
    Caller: "lane arn endpoint",
    RunOrigin: (
        "run_id plan_name plan_digest worklist_digest tool_version started_at simulated callers state_dir "
        "reviewed_digest service_at"
    ),
    LaneCoverage: "lane started_at problem coverage=counts",
}
"""The keys of each value, in the order in which they are written."""


EVENTS: Mapping[str, type[e.Event]] = {kind.kind: kind for kind in ON_DISK if issubclass(kind, e.Event)}
"""The events that are written, by their kind."""


def keys_of(kind: type) -> dict[str, str]:
    """
    Return the attributes of a class by their keys on disk, in order.

    Raises:

        TypeError: The class is not written to disk, or the table and its attributes have come apart: a bug.
    """
    if kind not in ON_DISK:
        message = f"{kind.__name__} is no value that is written to disk"
        raise TypeError(message)
    pairs = (key.partition("=") for key in ON_DISK[kind].split())
    keys = {key: attribute or key for key, _, attribute in pairs}
    if sorted(keys.values()) != sorted(field.name for field in fields(kind)):
        message = f"the attributes of {kind.__name__} are not those that are written to disk"
        raise TypeError(message)
    return keys


KEYS: Mapping[type, tuple[tuple[str, str], ...]] = {kind: tuple(keys_of(kind).items()) for kind in ON_DISK}
"""The keys and attributes of each class; worked out once, since that takes longer than to write a value."""
