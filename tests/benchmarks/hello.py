"""The floor: a function that does nothing, on the server that ours run on."""

from flask import Request


def hello(request: Request) -> dict[str, bool]:
    return {"success": True}
