"""The read model: whether one of this release's form serves, and is of the topics that there are."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place, is_there
from connectors.doctor.words import Said
from connectors.project import sets
from connectors.project.main import identities
from connectors.project.tables import FORM

AREA = "read model"
NONE = Said(
    "chưa có mô hình đọc: không có báo cáo, không có việc cần làm", "there is no read model yet: no reports, no tasks"
)
NOT_OF_THIS_FORM = Said(
    "không có mô hình đọc theo dạng của phiên bản này ({form}): không có báo cáo, không có việc cần làm",
    "no read model of this release's form ({form}) serves: no reports, no tasks",
)
OF_THE_PAST = Said(
    "bộ {name} thuộc về những topic không còn nữa: điều hiển thị là của quá khứ",
    "the set {name} is of topics that are no more: what it shows is of the past",
)
SERVES = Said("bộ {name} đang phục vụ", "the set {name} serves")


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater."""
    if not is_there(place.read_store):
        yield Finding(AREA, Severity.WARNING, NONE, "hoso project")
        return
    try:
        with place.read_store.read() as connection:
            serving = sets.serving(connection)
    except sets.NotFilled:
        yield Finding(AREA, Severity.WARNING, NOT_OF_THIS_FORM.of(form=FORM), "hoso project")
        return
    if dict(serving.topics) != identities(place.bootstrap):
        yield Finding(AREA, Severity.WARNING, OF_THE_PAST.of(name=serving.name), "hoso project --rebuild")
        return
    yield Finding(AREA, Severity.OK, SERVES.of(name=serving.name))
