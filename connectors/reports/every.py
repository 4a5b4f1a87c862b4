"""Every report by its name: a row is all that the command and the console have to know of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.reports import apologies, form06a, holders, post, promises, reception, satisfaction
from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Report:
    """How a report's sheet is made, and which of the things that may be asked it takes."""

    sheet: Callable[[Source, Asked], Sheet]
    breaks_down: bool = False
    as_known: bool = False
    lists_dossiers: bool = False


REPORTS: Mapping[str, Report] = {
    "06a": Report(form06a.sheet, breaks_down=True, as_known=True),
    "reception": Report(reception.sheet, as_known=True),
    "apologies": Report(apologies.sheet),
    "post": Report(post.sheet),
    "holders": Report(holders.sheet),
    "promises": Report(promises.sheet, lists_dossiers=True),
    "satisfaction": Report(satisfaction.sheet),
}
