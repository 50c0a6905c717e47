"""The body of a request: read within its limit, or thrown away."""

import contextlib

from werkzeug.wrappers import Request

from shared.errors import BadRequest, BodyTooLarge, LengthRequired, UnsupportedMediaType

JSON_LIMIT_BYTES = 1024 * 1024
# What is still read of a body that is refused: a client that is cut off while it sends never sees the answer.
DISCARD_LIMIT_BYTES = 32 * 1024 * 1024
_PIECE_BYTES = 64 * 1024


def read_json(request: Request) -> bytes:
    """Return the bytes of a JSON body; raises UnsupportedMediaType, LengthRequired, BodyTooLarge, BadRequest."""
    headers = request.environ
    if request.mimetype != "application/json" or headers.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise UnsupportedMediaType
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType
    length_bytes = request.content_length
    if length_bytes is None and "HTTP_TRANSFER_ENCODING" not in headers:
        raise LengthRequired
    if length_bytes is not None and length_bytes > JSON_LIMIT_BYTES:
        raise BodyTooLarge(f"A JSON body may have at most {JSON_LIMIT_BYTES:,} bytes.")
    body = _read(request, JSON_LIMIT_BYTES + 1)
    if len(body) > JSON_LIMIT_BYTES:
        raise BodyTooLarge(f"A JSON body may have at most {JSON_LIMIT_BYTES:,} bytes.")
    if length_bytes is not None and len(body) < length_bytes:
        raise BadRequest("The body ends before its Content-Length.")
    return body


def discard(request: Request) -> None:
    """Read what is left of the body, within reason."""
    if request.environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in request.environ:
        left_bytes = DISCARD_LIMIT_BYTES
        with contextlib.suppress(BadRequest):
            while left_bytes > 0 and (piece := _read(request, _PIECE_BYTES)):
                left_bytes -= len(piece)


def _read(request: Request, size_bytes: int) -> bytes:
    try:
        return request.stream.read(size_bytes)
    except Exception as error:  # whatever the server finds wrong with a body while it arrives, the client sent it
        raise BadRequest("The body is malformed, or broke off.") from error
