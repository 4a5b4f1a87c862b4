"""What becomes of an envelope at the post: its scans, all fixed by seed and reference before it sets out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from sandbox.days import MINUTE, ROUND_THE_CLOCK, Days
from schemas.instant import aware

POSTMEN = ((450, 1080),)
"""07:30-18:00: postmen take no lunch break."""
COUNTER = ((480, 680), (785, 990))
"""When a postman finds an agency's counter open, with time to count and sign."""
GAP_WORKING_DAYS = 2
"""Between two invitations (Circular 17/2017 art. 5(2)h)."""

WORDS = {
    0: "Lưu nháp",
    1: "Đã tạo",
    2: "Bưu tá nhận yêu cầu thu gom",
    4: "Đang lấy hàng",
    5: "Lấy hàng không thành công",
    6: "Đã lấy hàng",
    7: "Bưu cục đã nhận hàng",
    8: "Lấy hàng thất bại",
    9: "Hủy thu gom",
    10: "Đang vận chuyển",
    11: "Đã đến bưu cục phát",
    12: "Đang giao hàng",
    14: "Đã giao hàng",
    15: "Giao không thành công",
    16: "Chờ để chuyển hoàn",
    17: "Đã duyệt hoàn",
    18: "Bắt đầu chuyển hoàn",
    19: "Trả hàng thành công",
    21: "Đã trả tiền COD",
    26: "Trạng thái khác",
}
"""The post's words for its codes, api_version `new`."""
ENDS = frozenset({8, 9, 14, 19})
"""Codes after which the envelope rests."""
HOLDS = 6
"""From this code on the post has the envelope: too late to cancel."""

ABSENT = ("Người nhận đi vắng", "Không có nhà", "Không nghe máy", "Không liên lạc được với người nhận")
OTHERWISE = ("Sai địa chỉ người nhận", "Thời tiết xấu, ngập lụt", "Người nhận đã chuyển chỗ ở", "Bưu cục quá tải")
SENDER_AWAY = ("Khách hẹn ngày khác", "Không có nhà")
UNDELIVERABLE = ("Người nhận đi vắng", "Không tìm thấy người nhận", "Người nhận từ chối nhận")


class Outcome(StrEnum):
    """How a journey goes."""

    FIRST_TRY = "first try"
    ABSENT_ONCE = "absent once"
    FAILED_ONCE = "failed once"
    RETURNED = "returned"
    NO_PICKUP = "nobody hands it over"


@dataclass(frozen=True, slots=True)
class Scan:
    """One entry in the post's own books: its code, the unix second, the cause in the post's words."""

    status: int
    at: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """What a journey depends on besides its dice. `collects`: from a citizen's door; `to_agency`: to a counter."""

    created_at: float
    collects: bool
    to_agency: bool
    cash: bool = False
    handed_in: bool = False


def outcome_of(roll: float, collects: bool) -> Outcome:
    """What an ordinary address brings: first-attempt rates of the domain handbook, section 10."""
    if collects:
        return Outcome.ABSENT_ONCE if roll < 0.05 else Outcome.FIRST_TRY
    for limit, outcome in ((0.08, Outcome.ABSENT_ONCE), (0.105, Outcome.FAILED_ONCE), (0.12, Outcome.RETURNED)):
        if roll < limit:
            return outcome
    return Outcome.FIRST_TRY


def journey(route: Route, outcome: Outcome, dice: Random, days: Days, pace: float = 1) -> tuple[Scan, ...]:
    """Every scan from the order to the end, in time order; spans divided by the pace."""
    walk = _Walk(aware(route.created_at), dice, days)
    walk.scan(1, walk.now)
    if _picks_up(walk, route, outcome):
        _travels(walk)
        _delivers(walk, route, outcome)
    return tuple(_paced(scan, route.created_at, pace) for scan in walk.scans)


def cancelled(scans: tuple[Scan, ...], asked_at: float, approved_at: float) -> tuple[Scan, ...] | None:
    """The journey of an order withdrawn at this moment; None if the postman was faster."""
    if any(scan.status >= HOLDS and scan.at <= asked_at for scan in scans):
        return None
    return (*(scan for scan in scans if scan.at <= asked_at), Scan(9, approved_at))


class _Walk:
    """The envelope on its way: where the time stands, and what was scanned so far."""

    def __init__(self, now: datetime, dice: Random, days: Days) -> None:
        always = days.always
        self.now, self.dice, self.scans = now, dice, list[Scan]()
        self.postmen = replace(days, hours=ROUND_THE_CLOCK if always else POSTMEN)
        self.counters = replace(days, hours=ROUND_THE_CLOCK if always else COUNTER)

    def scan(self, status: int, at: datetime, cause: str = "") -> None:
        """Enter a scan, to the second, never before the last one."""
        last = self.scans[-1].at if self.scans else 0.0
        self.scans.append(Scan(status, max(round(at.timestamp()), last), cause))
        self.now = aware(self.scans[-1].at)

    def on(self, status: int, low: float, high: float, days: Days | None = None, cause: str = "") -> None:
        """Enter a scan after some minutes: worked minutes of these days, or any minutes."""
        span = self.dice.uniform(low, high)
        self.scan(status, days.minutes_after(self.now, span) if days else self.now + span * MINUTE, cause)

    def next_visit(self, working_days: int, days: Days) -> datetime:
        """A moment on a later day, when somebody is there."""
        if days.always:
            return self.now + timedelta(days=working_days, hours=self.dice.uniform(0, 3))
        opens = days.next_at(self.now.date(), working_days, days.hours[0][0])
        return days.minutes_after(opens, self.dice.uniform(20, 360))


def _picks_up(walk: _Walk, route: Route, outcome: Outcome) -> bool:
    """The postman comes for it: at the citizen's door, or at the agency after a lead time. Whether he gets it."""
    if route.handed_in:
        walk.on(6, 5, 20, walk.counters)
        return True
    walk.on(2, 4, 20, walk.postmen)
    doors = walk.postmen if route.collects else walk.counters
    failures = {Outcome.ABSENT_ONCE: 1, Outcome.NO_PICKUP: 3}.get(outcome, 0) if route.collects else 0
    walk.on(4, 45, 110, doors)
    for n in range(failures):
        walk.on(5, 20, 50, cause=walk.dice.choice(SENDER_AWAY))
        if n < 2:
            walk.scan(4, walk.next_visit(1, doors))
    if failures == 3:
        walk.on(8, 30, 60)
        return False
    walk.on(6, 20, 45, doors)
    return True


def _travels(walk: _Walk) -> None:
    """From office to office."""
    walk.on(7, 25, 70)
    walk.on(10, 60, 180)
    walk.on(11, 120, 300)


def _delivers(walk: _Walk, route: Route, outcome: Outcome) -> None:
    """To the door: once, or again after two working days, or back to where it came from."""
    doors = walk.counters if route.to_agency else walk.postmen
    opens = doors.minutes_after(walk.now, 0)
    goes_out = opens if opens.date() == walk.now.date() else doors.minutes_after(opens, walk.dice.uniform(10, 240))
    failures = 0 if route.collects else {Outcome.FIRST_TRY: 0, Outcome.RETURNED: 3}.get(outcome, 1)
    causes = {Outcome.ABSENT_ONCE: ABSENT, Outcome.FAILED_ONCE: OTHERWISE}.get(outcome, UNDELIVERABLE)
    cause = walk.dice.choice(causes)
    for n in range(failures):
        walk.scan(12, goes_out)
        walk.on(15, 25, 70, doors, cause)
        if n + 1 < max(failures, 2):
            goes_out = walk.next_visit(GAP_WORKING_DAYS, doors)
    if failures == 3:
        _goes_back(walk)
        return
    walk.scan(12, goes_out)
    walk.on(14, 20, 80, doors)
    if route.cash:
        walk.on(21, 120, 400, walk.postmen)


def _goes_back(walk: _Walk) -> None:
    """Nobody took it: approved, sent back, given back at the counter it came from."""
    walk.on(16, 20, 60)
    walk.on(17, 30, 90)
    walk.scan(18, walk.next_visit(1, walk.postmen))
    walk.scan(19, walk.next_visit(1, walk.counters))


def _paced(scan: Scan, origin: float, pace: float) -> Scan:
    return scan if pace == 1 else replace(scan, at=origin + (scan.at - origin) / pace)
