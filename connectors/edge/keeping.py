"""How a citizen keeps a page: its address as a QR code, and what a phone needs to put it on its home screen.

None of it looks a dossier up: it says nothing but what was asked. No script runs in the background and nothing of a
dossier is kept on the phone, but the address.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from connectors.edge.door import Door, problems
from connectors.edge.link import START, Link, link_of
from connectors.edge.page import PRIVATE
from connectors.edge.page_words import SAYS
from connectors.edge.problem import Problem
from connectors.qr import svg
from connectors.settings import Settings
from connectors.tracking import short_link

ICONS = Path(__file__).parent / "icons"
KINDS = {"icon.svg": "image/svg+xml", "icon-192.png": "image/png", "icon-512.png": "image/png"}
MANIFEST = "application/manifest+json"
BLUE, WHITE = "#0b4f9e", "#ffffff"
A_DAY = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}
NO_SUCH = Problem(404, "There is no such thing here; /track is where a tracking code is typed.")

Lang = Annotated[str, Query(description="vi or en")]


def routes(door: Door) -> APIRouter:
    """Icons, manifests, QR codes."""
    api = APIRouter(prefix=START, tags=["citizens"])

    @api.get(
        "/app/{name}",
        summary="An icon, or how a phone keeps the page where codes are typed",
        response_class=Response,
        responses=_shown(MANIFEST, *KINDS.values()),
    )
    def app(name: str, lang: Lang = "vi") -> Response:
        """The same for everybody."""
        if name == "app.webmanifest":
            return JSONResponse(manifest(link_of("", "", lang)), headers=A_DAY, media_type=MANIFEST)
        if name not in KINDS:
            raise NO_SUCH
        return Response(_icon(name), headers=A_DAY, media_type=KINDS[name])

    @api.get(
        "/{tracking}/app.webmanifest",
        summary="How a phone keeps a dossier's page",
        response_class=Response,
        responses=_shown(MANIFEST),
    )
    def of_page(tracking: str, dossier: str = "", lang: Lang = "vi") -> Response:
        """A manifest that begins with this page; whether there is such a dossier it does not say."""
        link = link_of(tracking, dossier, lang)
        if link.code is None:
            raise NO_SUCH
        return JSONResponse(manifest(link), headers=PRIVATE, media_type=MANIFEST)

    @api.get(
        "/{tracking}/qr.svg",
        summary="The page's address as a QR code",
        response_class=Response,
        responses=_shown(KINDS["icon.svg"]),
    )
    def qr(tracking: str) -> Response:
        """For the slip, and for a phone held before a screen; whether there is such a dossier it does not say."""
        link = link_of(tracking, "", "vi")
        if link.code is None:
            raise NO_SUCH
        address = short_link(public_url(door.settings), link.code)
        return Response(svg(address), headers=PRIVATE, media_type=KINDS["icon.svg"])

    return api


def _shown(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that shows files of these kinds."""
    return {200: {"description": "The file", "content": {kind: {} for kind in kinds}}} | problems(404)


def public_url(settings: Settings) -> str:
    """Where citizens reach the door."""
    return settings.public_url or f"http://{settings.edge_host}:{settings.edge_port}"


def manifest(link: Link) -> dict[str, object]:
    """What a phone needs to keep this page under an icon."""
    say = SAYS[link.lang]
    icons: list[dict[str, str]] = [{"src": f"{START}/app/icon.svg", "sizes": "any", "type": "image/svg+xml"}]
    for size in ("192", "512"):
        png = {"src": f"{START}/app/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        icons += [png | {"purpose": "any"}, png | {"purpose": "maskable"}]
    return {
        "id": link.path,
        "name": say["start"],
        "short_name": say["title"],
        "lang": link.lang,
        "start_url": link.path + link.query,
        "scope": START,
        "display": "standalone",
        "theme_color": BLUE,
        "background_color": WHITE,
        "icons": icons,
    }


@cache
def _icon(name: str) -> bytes:
    return (ICONS / name).read_bytes()
