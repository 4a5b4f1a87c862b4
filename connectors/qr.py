"""An address as a QR code that a worn slip still shows: a quarter of it may be lost."""

import io
from pathlib import Path

import segno

KINDS = (".svg", ".png")
PIXELS = 8
"""Of one module of the code in a PNG."""


def svg(address: str) -> bytes:
    """The code as an SVG document without styles."""
    out = io.BytesIO()
    _code(address).save(out, kind="svg", scale=4, svgclass=None, lineclass=None)
    return out.getvalue()


def write(address: str, file: Path) -> None:
    """The code as a file, SVG or PNG by its name. ValueError where it is neither, OSError where it cannot be."""
    if file.suffix.lower() not in KINDS:
        raise ValueError(f"{file} ends in neither {' nor '.join(KINDS)}")
    _code(address).save(str(file), scale=PIXELS)


def _code(address: str) -> segno.QRCode:
    return segno.make_qr(address, error="q")
