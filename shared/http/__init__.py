"""Endpoints, declared once: routing, authorisation, validation, answers and the OpenAPI document follow from that."""

from shared.http.answers import Message, Precondition, Resource
from shared.http.client import Client
from shared.http.endpoint import ANYONE, INTERNAL, PUBLIC, SIGNED_IN
from shared.http.group import Group
from shared.http.shapes import Shape
from shared.http.transactions import RequestDatabase

__all__ = [
    "ANYONE",
    "INTERNAL",
    "PUBLIC",
    "SIGNED_IN",
    "Client",
    "Group",
    "Message",
    "Precondition",
    "RequestDatabase",
    "Resource",
    "Shape",
]
