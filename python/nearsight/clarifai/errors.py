"""What the old client raises, and how nearsight's own errors become that.

`ApiError` carries the code that the hosted service would have sent; `UserError` is a call that
could never have been sent. What goes wrong with the database file itself
(`nearsight.DatabaseError`) has no counterpart there and stays what it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import nearsight

OK = 10000
MIXED = 10010
FAILURE = 10020
MISSING = 11101
INVALID = 11102
MODEL_MISSING = 21200
MODEL_INVALID = 21202
INPUT_OK = 30000
INPUT_FAILED = 30002
INPUT_DUPLICATE = 30100
CONCEPT_INVALID = 40003
SEARCH_FAILED = 43003

DESCRIPTIONS = {
    OK: "Ok",
    MIXED: "Mixed Success",
    FAILURE: "Failure",
    MISSING: "Resource does not exist",
    INVALID: "Invalid request",
    MODEL_MISSING: "Model does not exist",
    MODEL_INVALID: "Invalid model argument",
    INPUT_OK: "Download complete",
    INPUT_FAILED: "Download failed; check URL",
    INPUT_DUPLICATE: "Duplicate",
    CONCEPT_INVALID: "Invalid request",
    SEARCH_FAILED: "Search prediction failure",
}

_REASONS = {207: "Multi-Status", 400: "Bad Request", 404: "Not Found"}


class Response:
    """What an `ApiError` was told: `status_code` and `reason` of HTTP, `json()` as sent."""

    def __init__(self, status_code: int, body: Mapping[str, Any]) -> None:
        """Hold the body that the hosted service would have sent with this HTTP status."""
        self.status_code = status_code
        self.reason = _REASONS[status_code]
        self._body = dict(body)

    def json(self) -> dict[str, Any]:
        """The body."""
        return self._body


class ApiError(nearsight.NearsightError):
    """The service refused: `error_code`, `error_desc`, `error_details`, and the `response`."""

    def __init__(self, resource: str, params: Any, method: str, response: Any) -> None:
        """Say what was asked (`method`, `resource`, `params`) and what came back."""
        status = response.json().get("status", {})
        self.resource = resource
        self.params = params
        self.method = method
        self.response = response
        self.error_code = status.get("code")
        self.error_desc = status.get("description")
        self.error_details = status.get("details")
        details = f": {self.error_details}" if self.error_details else ""
        super().__init__(f"{method} {resource}: {self.error_desc} ({self.error_code}){details}")

    def __reduce__(self) -> tuple[type["ApiError"], tuple[str, Any, str, Any]]:
        """Survive the trip between processes (exceptions rebuild themselves from `args`)."""
        return type(self), (self.resource, self.params, self.method, self.response)


class ApiClientError(nearsight.NearsightError):
    """The client could not make sense of an answer. Never raised here: nothing is sent."""


class UserError(nearsight.ArgumentError):
    """A call that makes no sense, whatever the database holds."""


class TokenError(nearsight.NearsightError):
    """The service refused the credentials. Never raised here: none are needed."""


def status(code: int = OK, details: str | None = None) -> dict[str, Any]:
    """The `status` of a reply."""
    found: dict[str, Any] = {"code": code, "description": DESCRIPTIONS[code]}
    return found if details is None else {**found, "details": details}


def refusal(
    method: str, resource: str, http: int, code: int, details: str, **body: Any
) -> ApiError:
    """The error that the service's reply with this code would have become."""
    reply = Response(http, {"status": status(code, details), **body})
    return ApiError(resource, None, method, reply)


@contextmanager
def asking(method: str, resource: str) -> Iterator[None]:
    """Do something that the service is asked for so; nearsight's errors become the client's."""
    try:
        yield
    except (ApiError, UserError):
        raise
    except nearsight.NotFoundError as error:
        raise refusal(method, resource, 404, MISSING, str(error)) from error
    except nearsight.PictureError as error:
        raise refusal(method, resource, 400, INPUT_FAILED, str(error)) from error
    except nearsight.TrainingError as error:
        code = SEARCH_FAILED if resource == "searches" else MODEL_INVALID
        raise refusal(method, resource, 400, code, str(error)) from error
    except nearsight.ModelError as error:
        raise refusal(method, resource, 404, MODEL_MISSING, str(error)) from error
    except nearsight.ArgumentError as error:
        raise UserError(str(error)) from error
