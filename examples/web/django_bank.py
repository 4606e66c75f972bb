"""The bank served by Django: `python -m examples.web.django_bank runserver`, or `gunicorn examples.web.django_bank`.

`pip install django` comes first. Views are plain functions. The bank's app runs on an event loop of its own, which any
number of threads may use, and opens in each process at its first request. `Leftfold-Position` and `?after=` are as with
FastAPI.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

import msgspec
from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_GET, require_POST
from msgspec import Struct

from examples.web.bank import AccountView, Deposit, OpenAccount, app
from examples.web.statuses import answer_to, detail_of
from leftfold import Receipt, SyncApp

__all__ = ["application", "bank_app", "urlpatterns"]

T = TypeVar("T")

_POSITION: Final = "Leftfold-Position"

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost", "testserver"],
        BANK_STORE=os.environ.get("BANK_STORE", "memory:"),
        BANK_WORKERS=True,  # False leaves following to `leftfold work`
        BANK_PATIENCE_S=10.0,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "examples.web.django_bank.Refusals"],
        ROOT_URLCONF="examples.web.django_bank",
        SECRET_KEY=os.environ.get("BANK_SECRET", "of no use here: there are no sessions"),
    )


class Opening(Struct):
    """The body of a request to open an account."""

    account: str
    owner: str


class Amount(Struct):
    """The body of a deposit."""

    cents: int


@cache
def bank_app() -> SyncApp:
    """The bank's app, one a process, closed with it."""
    opened = app(settings.BANK_STORE, workers=settings.BANK_WORKERS).sync()
    atexit.register(opened.close)
    return opened


@require_POST
def open_account(request: HttpRequest) -> HttpResponse:
    """`POST /accounts`."""
    body = _body(request, Opening)
    receipt = bank_app().send(OpenAccount(account=body.account, owner=body.owner))
    return _answer({"account": body.account}, receipt)


@require_POST
def deposit(request: HttpRequest, account: str) -> HttpResponse:
    """`POST /accounts/ID/deposits`; one that is sent again with its `Idempotency-Key` is carried out once."""
    id = request.headers.get("Idempotency-Key")
    receipt = bank_app().send(Deposit(account=account, cents=_body(request, Amount).cents), id=id)
    return _answer({"account": account, "cents": receipt.result}, receipt)


@require_GET
def show(request: HttpRequest, account: str) -> HttpResponse:
    """`GET /accounts/ID?after=POSITION`."""
    position = request.GET.get("after", "0")
    if not position.isdecimal():
        raise BadRequest("after= is a position")
    after = Receipt(result=None, position=int(position))
    row = bank_app().ask(AccountView(account=account), after=after, timeout=settings.BANK_PATIENCE_S)
    if row is None:
        return JsonResponse({"detail": f"there is no account {account}"}, status=404)
    return JsonResponse({"account": row.account, "owner": row.owner, "cents": row.cents})


class Refusals:
    """Answers errors by what they are; any other is Django's to answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand *request* on."""
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to what a view raised."""
        if isinstance(error, msgspec.DecodeError):
            return JsonResponse({"detail": str(error)}, status=422)
        answer = answer_to(error)
        if answer is None:
            return None
        status, headers = answer
        return JsonResponse({"detail": detail_of(error)}, status=status, headers=headers)


def _body(request: HttpRequest, kind: type[T]) -> T:
    return msgspec.json.decode(request.body, type=kind)


def _answer(content: dict[str, object], receipt: Receipt[object]) -> HttpResponse:
    return JsonResponse(content, status=201, headers={_POSITION: str(receipt.position)})


urlpatterns = [
    path("accounts", open_account),
    path("accounts/<str:account>/deposits", deposit),
    path("accounts/<str:account>", show),
]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
