"""A page a module; each has `routes`, a function of the desk."""

from collections.abc import Callable

from fastapi import APIRouter

from connectors.console.desk import Desk
from connectors.console.pages import (
    agencies,
    calendar,
    carriers,
    codes,
    contact,
    dead_letters,
    dossier,
    evidence,
    holds,
    legs,
    parked,
    pipeline,
    reports,
    today,
)

PAGES: tuple[Callable[[Desk], APIRouter], ...] = (
    today.routes,
    dossier.routes,
    contact.routes,
    legs.routes,
    evidence.routes,
    agencies.routes,
    carriers.routes,
    reports.routes,
    calendar.routes,
    codes.routes,
    pipeline.routes,
    dead_letters.routes,
    parked.routes,
    holds.routes,
)
