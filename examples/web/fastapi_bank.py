"""The bank served by FastAPI: `uvicorn --factory examples.web.fastapi_bank:create`.

`pip install fastapi uvicorn` comes first. A deposit answers with the position of its event in the header
`Leftfold-Position`. Who hands it back by `?after=` sees that deposit, however far the read model is behind.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from examples.web.bank import AccountView, Deposit, OpenAccount
from examples.web.bank import app as bank_app
from examples.web.statuses import STATUSES, answer_to, detail_of
from leftfold import Receipt

__all__ = ["create"]

_POSITION = "Leftfold-Position"


class Opening(BaseModel):
    """The body of a request to open an account."""

    account: str
    owner: str


class Amount(BaseModel):
    """The body of a deposit."""

    cents: int


def create(store: str | None = None, *, workers: bool = True, patience_s: float = 10.0) -> FastAPI:
    """The web app; the bank's app is open as long as it is.

    Args:
        store: URL of the store; `BANK_STORE`, or memory, when left out.
        workers: whether this process follows the log, see `App`.
        patience_s: how long a question waits for what its `?after=` asks for.
    """
    app = bank_app(store, workers=workers)

    @asynccontextmanager
    async def lifespan(_web: FastAPI) -> AsyncGenerator[None]:
        async with app:
            yield

    web = FastAPI(title="bank", lifespan=lifespan)
    for kind in STATUSES:
        web.add_exception_handler(kind, _refuse)

    async def open_account(body: Opening) -> JSONResponse:
        receipt = await app.send(OpenAccount(account=body.account, owner=body.owner))
        return _answer({"account": body.account}, 201, receipt.position)

    async def deposit(account: str, body: Amount, request: Request) -> JSONResponse:
        id = request.headers.get("Idempotency-Key")
        receipt = await app.send(Deposit(account=account, cents=body.cents), id=id)
        return _answer({"account": account, "cents": receipt.result}, 201, receipt.position)

    async def show(account: str, after: int = 0) -> JSONResponse:
        receipt = Receipt(result=None, position=after)
        row = await app.ask(AccountView(account=account), after=receipt, timeout=patience_s)
        if row is None:
            return JSONResponse({"detail": f"there is no account {account}"}, 404)
        return JSONResponse({"account": row.account, "owner": row.owner, "cents": row.cents})

    web.add_api_route("/accounts", open_account, methods=["POST"])
    web.add_api_route("/accounts/{account}/deposits", deposit, methods=["POST"])
    web.add_api_route("/accounts/{account}", show, methods=["GET"])
    return web


def _answer(content: object, status: int, position: int) -> JSONResponse:
    return JSONResponse(content, status, headers={_POSITION: str(position)})


def _refuse(_request: Request, error: Exception) -> JSONResponse:
    status, headers = answer_to(error) or (500, {})
    return JSONResponse({"detail": detail_of(error)}, status, headers=headers)
