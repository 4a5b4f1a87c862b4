"""A page a module; each has `routes`, a function of the desk."""

from collections.abc import Callable

from fastapi import APIRouter

from connectors.console.desk import Desk
from connectors.console.pages import today

PAGES: tuple[Callable[[Desk], APIRouter], ...] = (today.routes,)
