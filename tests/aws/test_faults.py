"""Everything that can go wrong with a call becomes the one reply that says what may have happened."""

from __future__ import annotations

import time

import pytest
from botocore import exceptions as b
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.errors import MOST_WORDS, problem
from orchestrator.core.inventory.calls import (
    Denied,
    NotFound,
    NotSent,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
    explain,
)


def client_error(code: str, status: int = 400, message: str = "words") -> b.ClientError:
    """An error answer."""
    return b.ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "TerminateProvisionedProduct",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("ThrottlingException"), Throttled("ThrottlingException")),
        (client_error("TooManyRequestsException"), Throttled("TooManyRequestsException")),
        (client_error("SlowDown", 503), Throttled("SlowDown")),
        (client_error("Anything", 429), Throttled("Anything")),
        (client_error("ResourceNotFoundException"), NotFound("words")),
        (client_error("AccessDeniedException"), Denied("AccessDeniedException", "words")),
        (client_error("ExpiredTokenException"), Unauthenticated("ExpiredTokenException", "words")),
        (client_error("ExpiredToken", 403), Unauthenticated("ExpiredToken", "words")),
        (client_error("ValidationException"), Rejected("ValidationException", "words")),
        (client_error("LimitExceededException"), Rejected("LimitExceededException", "words")),
        (client_error("ResourceNotFoundException", 500), Unanswered("HTTP 500 ResourceNotFoundException: words")),
        (client_error("InternalFailure", 500), Unanswered("HTTP 500 InternalFailure: words")),
        (client_error("RequestTimeout", 504), Unanswered("HTTP 504 RequestTimeout: words")),
        (client_error("Odd", 302), Unanswered("HTTP 302 Odd: words")),
        (client_error("403", 403), Unanswered("HTTP 403 without an error code: words")),
        (b.ClientError({}, "x"), Unanswered("HTTP 0 Unknown: no message")),
        (b.NoCredentialsError(), Unauthenticated("NoCredentialsError", "Unable to locate credentials")),
    ],
)
def test_error_answers_are_told_apart_by_code_and_status(error: Exception, expected: object) -> None:
    """A 5xx may have been carried out, whatever its code; throttling never was."""
    assert problem(error) == expected


@pytest.mark.parametrize(
    "error",
    [
        b.EndpointConnectionError(endpoint_url="http://x", error="refused"),
        b.ConnectTimeoutError(endpoint_url="http://x", error="slow"),
    ],
)
def test_without_a_connection_nothing_was_sent(error: Exception) -> None:
    """The request cannot have been carried out."""
    assert isinstance(problem(error), NotSent)


@pytest.mark.parametrize(
    "error",
    [
        b.ReadTimeoutError(endpoint_url="http://x", error="slow"),
        b.ConnectionClosedError(endpoint_url="http://x"),
        b.ProxyConnectionError(proxy_url="http://x", error="refused"),
        b.ResponseParserError("broken") if hasattr(b, "ResponseParserError") else ValueError("broken"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        KeyError("RecordDetail"),
        RuntimeError("anything"),
    ],
)
def test_what_is_not_known_to_be_harmless_may_have_been_carried_out(error: Exception) -> None:
    """Time-outs, resets and bodies that cannot be read."""
    assert isinstance(problem(error), Unanswered)


def test_a_parameter_that_botocore_refuses_never_left() -> None:
    """It is a definite refusal."""
    assert isinstance(problem(b.ParamValidationError(report="bad")), Rejected)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (
            500,
            "<html>\r\n<head><title>502 Bad\n Gateway</title></head>\n<body>nginx</body></html>",
            "HTTP 500: 502 Bad Gateway (an HTML page)",
        ),
        (
            500,
            '<!doctype html>\n<html lang=en><title lang="en">Sorry &amp; bye</title>x',
            "HTTP 500: Sorry & bye (an HTML page)",
        ),
        (503, "<!DOCTYPE HTML PUBLIC><HTML><BODY>no title</BODY></HTML>", "HTTP 503: an HTML page"),
        (403, "<html><title></title>", "HTTP 403 without an error code: an HTML page"),
        (500, "proxy said: <html><title>Down</title></html>", "HTTP 500: proxy said: Down (an HTML page)"),
        (500, "Internal Server Error", "HTTP 500: Internal Server Error"),
        (500, "a < b, <htmlish>", "HTTP 500: a < b, <htmlish>"),
    ],
)
def test_a_page_of_html_is_cut_to_its_title_and_a_status_is_said_once(status: int, message: str, expected: str) -> None:
    """Where a body is no JSON, botocore gives the status as the code and the body as the message."""
    assert explain(problem(client_error(str(status), status, message))) == expected


@pytest.mark.parametrize("page", ["<html>" * 200_000, "<html>" + "<title " * 200_000, "<!doctype" + " " * 500_000])
def test_a_hostile_page_of_html_costs_no_time(page: str) -> None:
    """Whatever its size, it is looked through once."""
    began = time.process_time()
    assert len(explain(problem(client_error("500", 500, page)))) < MOST_WORDS + 20
    assert time.process_time() - began < 2


@pytest.mark.parametrize("character", ["x", "\n", "\u2028", "word "])
@pytest.mark.parametrize("status", [302, 400, 500])
def test_an_error_holds_at_most_300_characters_of_foreign_text(character: str, status: int) -> None:
    """Code and message together; what was cut ends in dots."""
    said = explain(problem(client_error(character * 1_000, status, character * 1_000)))
    own = len(f"HTTP {status} without an error code: ")
    assert len(said) <= MOST_WORDS + own
    assert said.isprintable()


def test_a_password_is_gone_before_the_text_is_cut() -> None:
    """Half a URL would still hold it."""
    words = "x" * 270 + " https://user:a-secret-that-is-long-enough-to-be-cut@host/"
    assert "secret" not in explain(problem(client_error("ValidationException", 400, words)))


@given(st.text(max_size=2_000), st.sampled_from(["", "<html>", "<!doctype html><title>"]))
def test_words_from_elsewhere_stay_on_one_line(words: str, before: str) -> None:
    """No control character of an error message reaches a log."""
    said = explain(problem(client_error("ValidationException", 400, before + words)))
    assert said.isprintable()
    assert len(said) <= MOST_WORDS + 2
