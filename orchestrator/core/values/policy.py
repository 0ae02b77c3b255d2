"""
The knobs of a run's decisions: how often it looks, how long it waits, and when it gives something up.

They are the same for everybody. What a plan may choose is in its `Limits` and `Retry`; how long single calls, locks and
questions to a person may take stands beside what makes them (`aws.sessions`, `engine.survey`, `store.locks`, `api`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How patient a run is. Names end in `_s` where the number is of seconds; `max_` ones are the last that is still allowed.
    """

    # Listing an account and region.

    max_pages_without_news: int = 20
    """Pages in a row that show no new product before a listing is given up."""

    max_single_lookups: int = 20
    """Differences between scan and search that are looked up one by one; more are read again."""

    max_page_misses: int = 5
    """Times in a row that one page may stay unanswered."""

    max_page_refusals: int = 3
    """Times in a row that one page may be refused for another reason than a permission."""

    max_throttled_s: float = 180.0
    """Seconds that one page may be throttled."""

    min_page_pause_s: float = 0.5
    """Seconds before a page that stayed unanswered is asked for again; doubled each time."""

    max_page_pause_s: float = 10.0
    """The longest of these pauses, in seconds."""

    listing_fresh_s: float = 600.0
    """Age in seconds up to which a complete listing may be sent upon."""

    listing_refresh_s: float = 480.0
    """Age in seconds at which the next listing begins, so that sending need not stop for it."""

    failed_listing_pause_s: float = 30.0
    """Seconds before a listing that failed begins anew."""

    failed_listing_series_s: float = 300.0
    """Seconds within which two failed listings belong together."""

    max_listing_waits: int = 3
    """Listings in a row that may not show all of a product before its line is not sent any more."""

    relisting_pause_s: float = 10.0
    """Seconds before the next listing for a product that the last one did not show."""

    # When a lane is given up or closed.

    lane_patience_s: float = 600.0
    """Seconds without one good answer, or of failed listings, before a lane is given up."""

    lane_silence_s: float = 5.0
    """Seconds without any answer to what is out, after which a lane gets hardly any further calls until one comes."""

    max_denials: int = 3
    """Sends refused for want of a permission, before any was accepted, that close a lane."""

    max_denied_records: int = 3
    """
    Different records that an operation has to be denied, with none shown, before it is not called any more in a lane.
    """

    # Polling what is in progress.

    first_poll_s: float = 1.0
    """Seconds after an accepted send before its record is read."""

    poll_share: float = 0.2
    """Share of the time that has passed after which a record is read again."""

    max_poll_s: float = 15.0
    """Seconds between two looks at a record at most."""

    tail_size: int = 10
    """Terminations in progress in a lane that count as its tail."""

    max_tail_poll_s: float = 2.0
    """Seconds between two looks at a record of the tail at most."""

    max_missed_poll_s: float = 30.0
    """Seconds before a look that failed is repeated at most."""

    max_unreadable_polls: int = 5
    """Times in a row that a followed record may be withheld: it may be younger than the index that is asked."""

    max_lookup_misses: int = 10
    """Lookups about one question that may fail in a row before the answer counts as unreadable."""

    # Settling doubt.

    settling_s: float = 60.0
    """Seconds that have to pass after an unanswered send was given up before its absence counts as evidence."""

    looks_apart_s: float = 30.0
    """Seconds between the first and the last of the looks that agree."""

    first_look_pause_s: float = 1.0
    """Seconds between the first two of these looks; doubled each time."""

    max_look_pause_s: float = 10.0
    """Seconds between two of these looks at most."""

    repeated_look_pause_s: float = 5.0
    """Seconds before something is looked at again that did not say what it must."""

    max_looks: int = 5
    """How often in a row a product or a record is looked at again that does not (yet) say what it must."""

    max_history_pages: int = 25
    """Pages of a product's history (20 records each) that are read."""

    clock_skew_s: float = 300.0
    """Seconds by which a record may seem older than the intent that caused it."""

    max_clock_difference_s: float = 900.0
    """
    Seconds that the service's clock may differ from ours before that is not believed. AWS refuses signatures that are
    off by more than about five minutes (general knowledge), so a larger difference is more likely a wrong `Date`
    header.
    """

    recent_look_s: float = 60.0
    """Age in seconds of a look that a line may be called timed out upon."""

    max_unsettled_looks: int = 100
    """Looks after which a line in doubt is left as it is if they still do not agree: about a quarter of an hour."""

    max_unanswered_sends: int = 5
    """Sends that may stay unanswered in one attempt before the line is parked in doubt."""

    max_parked_executions: int = 3
    """Executions that may leave a line in doubt before it is closed as timed out."""

    # The audit at the end of a lane.

    audit_patience_s: float = 60.0
    """Seconds that a product may still be shown after its record SUCCEEDED before it is contradicted."""

    audit_pause_s: float = 5.0
    """Seconds between two looks of the audit."""

    max_resettling_s: float = 300.0
    """
    Seconds that the audit looks at most for what became of a product that is gone although its line ended otherwise.
    """


POLICY = Policy()
