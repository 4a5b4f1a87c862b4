"""A request's body, read no further than it may be long, and no longer than one may take to send it."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from connectors.edge.problem import Problem

PATIENCE_SECONDS = 20.0
"""How long (real time) a body may take to arrive: a dripping sender holds nothing but its own connection."""


async def read(request: Request, most: int) -> bytes:
    """The body. 413 as soon as it is too long, 408 if it does not end."""
    too_long = Problem(413, f"The body is longer than {most} bytes; send it in parts.", {"connection": "close"})
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_long
    except TimeoutError as error:
        raise Problem(408, "The body did not arrive in time; send it again.", {"connection": "close"}) from error
    except ClientDisconnect as error:
        raise Problem(400, "The connection ended before the body did; send it again.") from error
    return bytes(body)
