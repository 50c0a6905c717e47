"""JSON and query strings into the declared shapes, telling all that is wrong at once."""

import contextlib
import sys
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from shared.errors import FieldError, InvalidJson, InvalidRequest

S = TypeVar("S", bound="Shape")


class Shape(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The base of what requests and answers look like."""


@runtime_checkable
class Parsed(Protocol):
    """A type of field with rules that no schema can say."""

    @classmethod
    def parse(cls, value: object) -> Any:
        """Make one of a JSON value; raises ValueError with a message for the client."""
        ...

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Describe it as JSON Schema."""
        ...


def _parse(type_: type, value: object) -> Any:
    if issubclass(type_, Parsed):
        return type_.parse(value)
    raise NotImplementedError(f"no rule to read a {type_.__name__}")


def from_json(type_: type[S], body: bytes) -> S:
    """Read a body; raises InvalidJson, or InvalidRequest that names every field at fault."""
    try:
        return msgspec.json.decode(body, type=type_, dec_hook=_parse)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = _json(body)
        _make_whole(type_, value)
        with contextlib.suppress(msgspec.ValidationError):
            return msgspec.convert(value, type_, dec_hook=_parse)
        raise InvalidRequest(details=_faults(type_, value)) from None


def _json(body: bytes) -> Any:
    """Read any JSON; raises InvalidJson."""
    try:
        return msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidJson(f"{error}.") from None
    except msgspec.DecodeError as error:
        raise InvalidJson(f"The body is not JSON: {error}.") from None
    except UnicodeDecodeError:
        raise InvalidJson("The body is not UTF-8.") from None
    except RecursionError:
        raise InvalidJson("The body is nested too deeply.") from None


def _make_whole(type_: type[Shape], value: Any) -> None:
    """Make integers of numbers such as 7.0: JSON Schema calls them integers, msgspec does not.

    Only the declared fields are looked at, so that a hostile body costs no more than another.
    """
    if not isinstance(value, dict):
        return
    for field in msgspec.structs.fields(type_):
        found = value.get(field.encode_name)
        if isinstance(found, float) and found.is_integer():
            value[field.encode_name] = int(found)
        elif isinstance(field.type, type) and issubclass(field.type, Shape):
            _make_whole(field.type, found)


def from_query(type_: type[S], query: Mapping[str, str]) -> S:
    """Read the parameters that are declared and leave all others; raises InvalidRequest."""
    values = {name: query[name] for name in type_.__struct_encode_fields__ if name in query}
    try:
        return msgspec.convert(values, type_, strict=False, dec_hook=_parse)
    except msgspec.ValidationError:
        raise InvalidRequest(details=_faults(type_, values, strict=False)) from None


def _faults(type_: type[Shape], value: Any, *, strict: bool = True, at: str = "") -> list[FieldError]:
    """Look at each field by itself, since the decoder stops at the first that is wrong."""
    if not isinstance(value, dict):
        return [FieldError(at.removesuffix("."), "It must be an object.")]
    faults = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
    for name, field in fields.items():
        if name not in value:
            if field.required:
                faults.append(FieldError(at + name, "It is required."))
            continue
        if isinstance(field.type, type) and issubclass(field.type, Shape):
            faults += _faults(field.type, value[name], strict=strict, at=f"{at}{name}.")
            continue
        try:
            msgspec.convert(value[name], field.type, strict=strict, dec_hook=_parse)
        except msgspec.ValidationError as error:
            faults.append(FieldError(at + name, _sentence(str(error))))
    unknown = sorted(set(value) - set(fields))[:FAULTS_LIMIT]
    faults += [FieldError(at + sys.intern(name[:100]), "There is no such field.") for name in unknown]
    return faults[:FAULTS_LIMIT]


# Enough for a person to mend; a hostile body must not be answered with a larger one.
FAULTS_LIMIT = 50


def _sentence(message: str) -> str:
    """Say what msgspec says about one field as a sentence of its own."""
    text = message.split(" - at `$")[0].replace("`", "")
    if text.startswith("Expected str matching regex"):
        text = "It must be one line of text with something in it, without control characters"
    elif text.startswith("Expected "):
        text = "It must be " + text.removeprefix("Expected ").replace("str of length", "of length")
    return text.rstrip(".") + "."
