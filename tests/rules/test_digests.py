"""One cause, many notices: which follow from a change, when they are told as one, and what that one says."""

import pytest

from rules.digests import MOST_LISTED, Gathered, Gathering, Span, change_behind, gathered, payload
from rules.words import words
from schemas.notice import Notice, NoticeKind
from tests.builders import VERSION, fold, received, result_ready
from tests.moving import BOTH, codes, moved
from tests.rules.test_rebasing import PUBLISHED

VERSIONS = {"older", VERSION, "test-2"}
SPAN = Span(quiet_seconds=30, longest_seconds=600)
OF = Gathering("H29.12", "change-1", "test-2", "2026-11-03T08:00:00+07:00", "calendar test-2", 1)
LINK = "/v1/feed?change=change-1&after=0"


def told(number: int, kind: str = "deadline_moved", previous: str = "2026-11-05", due: str = "2026-11-06") -> Gathered:
    return Gathered(f"n-{number}", f"D{number}", kind, 2, VERSION, previous, due)


def test_a_notice_is_known_by_the_change_that_it_follows_from() -> None:
    one, other = moved(codes(2))

    change = change_behind(one, VERSIONS)

    assert change is not None
    assert (change.was, change.version, change.at) == (VERSION, "test-2", PUBLISHED)
    assert change == change_behind(other, VERSIONS)
    assert gathered(one, change) == Gathered(
        one.id, codes(1)[0], "deadline_moved", one.data.sequence, VERSION, "2026-11-05", "2026-11-06"
    )


def test_a_notice_that_follows_from_a_fact_of_its_dossier_has_no_such_cause() -> None:
    _, said = fold([received("2026-11-02 09:00"), result_ready("2026-11-03 09:00")], reference=BOTH)
    [notice] = moved(codes(1))
    of_a_timer = notice.model_copy(update={"causationid": "/hoso/timers 4f1d6f0e"})

    found = [change_behind(one, VERSIONS) for one in said if isinstance(one, Notice)]

    assert found and set(found) == {None}
    assert change_behind(of_a_timer, VERSIONS) is None
    assert change_behind(notice, {"test-2"}) is None


def test_a_version_that_comes_into_force_again_is_another_change() -> None:
    [first], [again] = moved(codes(1)), moved(codes(1), later_hours=2)

    one, other = change_behind(first, VERSIONS), change_behind(again, VERSIONS)

    assert one is not None and other is not None
    assert (one.version, one.id != other.id) == (other.version, True)


def test_the_notices_of_dossiers_that_rested_on_different_versions_have_one_change() -> None:
    [notice] = moved(codes(1))
    change = change_behind(notice, VERSIONS)
    assert change is not None

    assert type(change)("older", change.version, change.at).id == change.id


@pytest.mark.parametrize(
    ("since", "last_at", "reads_since", "now", "over"),
    [
        (100, 100, 0, 129, False),
        (100, 100, 0, 130, True),
        (100, 120, 0, 149, False),
        (100, 120, 0, 150, True),
        (100, 695, 0, 699, False),
        (100, 695, 0, 700, True),
        (100, 120, 5000, 5029, False),
        (100, 120, 5000, 5030, True),
    ],
)
def test_it_is_over_after_a_quiet_span_or_the_longest_and_never_before_what_waits_was_read(
    since: float, last_at: float, reads_since: float, now: float, over: bool
) -> None:
    assert SPAN.is_over(since, last_at, reads_since, now) is over


def test_a_digest_counts_notices_dossiers_kinds_and_which_way_the_dates_moved() -> None:
    withdrawn = Gathered("n-0", "D1", "miss_withdrawn", 1, "older")
    both = [withdrawn, *map(told, range(1, 300)), told(300, due="2026-11-04")]

    said = payload(OF, both, LINK)

    assert said == {
        "change": "change-1",
        "version": "test-2",
        "from": ["older", VERSION],
        "in_force_at": "2026-11-03T08:00:00+07:00",
        "why": "calendar test-2",
        "part": 1,
        "link": LINK,
        "notices": 301,
        "dossiers": 300,
        "kinds": {"deadline_moved": 300, "miss_withdrawn": 1},
        "later": 299,
        "earlier": 1,
    }


def test_a_digest_of_few_names_each_and_one_of_many_none() -> None:
    few, many = [payload(OF, [told(n) for n in range(count)], LINK) for count in (MOST_LISTED, MOST_LISTED + 1)]

    assert [one["dossier"] for one in few["listed"]] == [f"D{n}" for n in range(MOST_LISTED)]
    assert few["listed"][0] == {
        "id": "n-0",
        "dossier": "D0",
        "kind": "deadline_moved",
        "sequence": 2,
        "previous_due_on": "2026-11-05",
        "due_on": "2026-11-06",
    }
    assert "listed" not in many


def test_a_later_part_says_which_it_continues() -> None:
    second = Gathering(OF.agency, OF.change, OF.version, OF.in_force_at, None, 2)

    assert "continues" not in payload(OF, [told(1)], LINK)
    assert payload(second, [told(2)], LINK)["continues"] == OF.id != second.id


def test_its_sentence_has_the_figures_in_both_languages() -> None:
    said = words(NoticeKind.DIGEST, version="test-2", part=2, count=300, dossiers=290, later=280, earlier=10)

    assert all(figure in text for text in said.values() for figure in ("test-2", "2", "300", "290", "280", "10"))
