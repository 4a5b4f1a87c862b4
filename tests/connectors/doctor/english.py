"""English where Vietnamese should stand."""

import re

QUOTED = re.compile(r"“[^”]*”|`[^`]*`")
"""An error's own words, and commands."""
COMMON = (
    "an and are as at be been beside but cannot does every for from had has have hold holds into is it its late lost "
    "missing more never nobody none not nothing of on one others owed says since still that their them there they this "
    "until was were what which while who will with yet"
)
"""Words without which there is hardly an English sentence; none of them is Vietnamese."""


def english_in(text: str) -> list[str]:
    """The English words of a Vietnamese text, without what it quotes."""
    words = (one.strip(".,:;()") for one in QUOTED.sub(" ", text).lower().split())
    return [one for one in words if one in COMMON.split()]
