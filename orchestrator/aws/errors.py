"""
From what botocore raises, or fails to raise, to a reply. One table; nobody else looks at error codes.

What decides is what may have happened on the other side: nothing (`NotSent`, `Throttled`, `Unauthenticated`), a definite
refusal, or anything at all (`Unanswered`).
"""

from __future__ import annotations

import html
import re
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoAuthTokenError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from orchestrator.core.inventory.calls import (
    Denied,
    NotFound,
    NotSent,
    Problem,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
    explain,
)

# botocore's own list of throttling codes (read in its source). LimitExceededException is on it for other services' sake;
# for this one it is a documented refusal.
THROTTLING = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "ProvisionedThroughputExceededException",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "TransactionInProgressException",
        "SlowDown",
    }
)

# Documented as common errors of all AWS APIs; refused before anything is carried out.
UNAUTHENTICATED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorizedException",
    }
)

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "OptInRequired"}
)

NOT_FOUND = frozenset({"ResourceNotFoundException"})

# Statuses by which a server or proxy says that it could not finish, whatever the code.
UNFINISHED = frozenset({408, 500, 502, 503, 504})

# Calls that botocore makes by itself to get credentials; what goes wrong with them was never sent to the catalog.
ENTERING = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials", "CreateToken"})

NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    NoAuthTokenError,
    SSOError,
    UnauthorizedSSOTokenError,
)

# Credentials that could not be fetched just now may be there a moment later.
NO_CONNECTION = (
    EndpointConnectionError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    TokenRetrievalError,
)


MOST_WORDS = 300
"""Characters of somebody else's text in one error line, the error code included."""

MOST_CODE = 80

MOST_TITLE = 100

HTML_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
HTML_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,1000})<", re.IGNORECASE)


def problem(error: Exception) -> Problem:
    """
    Say what an exception from a call means.

    Args:

        error: Whatever botocore let through, its own errors and others.

    Returns:

        A problem; `Unanswered` for everything that is not known to be harmless.
    """
    if isinstance(error, ClientError):
        return not_entered(error) if error.operation_name in ENTERING else answered(error)
    if isinstance(error, NO_CREDENTIALS):
        return Unauthenticated(type(error).__name__, one_line(error))
    if isinstance(error, NO_CONNECTION):
        return NotSent(one_line(error))
    if isinstance(error, ParamValidationError):
        return Rejected("ParamValidationError", one_line(error))
    if isinstance(error, BotoCoreError) and type(error) is not HTTPClientError:
        return Unanswered(f"{type(error).__name__}: {one_line(error)}")
    # A corrupt body comes out of botocore as UnicodeDecodeError, KeyError or the like (seen). The words of such an error
    # may be those of a header, and so of a secret (seen), so they are not repeated.
    return Unanswered(f"the call ended in {type(error).__name__}")


def not_entered(error: ClientError) -> Problem:
    """Say what it means that credentials could not be fetched: the call itself was not made."""
    found = answered(error)
    if isinstance(found, Throttled | Unanswered):
        return NotSent(f"{error.operation_name}: {explain(found)}")
    code, message = words_of(error)
    return Unauthenticated(f"{error.operation_name} {code}", message)


def answered(error: ClientError) -> Problem:
    """Say what an error answer means: by its code if that is known, else by its HTTP status."""
    code, message = words_of(error)
    status = (error.response or {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLING or status == 429:
        return Throttled(code)
    if status in UNFINISHED or status >= 500 or not 400 <= status < 500:
        # Where a body names no code, botocore puts the status in its place.
        named = "" if code == str(status) else f" {code}"
        return Unanswered(f"HTTP {status}{named}: {message}")
    if code in NOT_FOUND:
        return NotFound(message)
    if code in UNAUTHENTICATED:
        return Unauthenticated(code, message)
    if code in DENIED:
        return Denied(code, message)
    if code == "Unknown" or code.isdigit():
        return Unanswered(f"HTTP {status} without an error code: {message}")
    return Rejected(code, message)


def words_of(error: ClientError) -> tuple[str, str]:
    """Return the code and the message of an error answer, each on one line."""
    # A reset has been seen to leave None where the types promise a dictionary.
    details: Any = (error.response or {}).get("Error", {})
    code = one_line(details.get("Code") or "Unknown", MOST_CODE)
    return code, one_line(details.get("Message") or "no message", MOST_WORDS - len(code))


def unreadable_answer(why: str) -> Unanswered:
    """Return the reply for an answer that came without its content (a truncated 200 raises nothing, seen), or misshapen."""
    return Unanswered(f"the answer could not be read: {why}")


def one_line(text: object, most: int = MOST_WORDS) -> str:
    """
    Make a text from elsewhere fit for one line of a log: no control characters, no password of a URL, no page of HTML.

    Args:

        text: The text, or what has one.
        most: How many characters may remain.
    """
    # Cut only at the end: half a URL would still hold its password, and no longer look like one.
    words = title_only(without_password(str(text)))
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= most else line[: most - 3] + "..."


def title_only(text: str) -> str:
    """Replace the page of HTML that a text ends in by its title; return any other text as it is."""
    page = HTML_PAGE.search(text)
    if page is None:
        return text
    title = HTML_TITLE.search(text, page.start())
    words = " ".join(html.unescape(title[1]).split()) if title else ""
    return text[: page.start()] + (f"{words[:MOST_TITLE]} (an HTML page)" if words else "an HTML page")


def without_password(text: str) -> str:
    """Remove `user:password@` from the URLs in a text."""
    return re.sub(r"//[^/\s]+@", "//", text)
