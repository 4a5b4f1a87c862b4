"""What the doctor says, in Vietnamese and in English: areas and severities, spans, sizes and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_NAMED = 3
GIB, TIB = 2**30, 2**40


@dataclass(frozen=True, slots=True)
class Said:
    """The same words in both languages; `{name}` is a blank in either."""

    vi: str
    en: str

    def of(self, **blanks: "Said | str | int") -> "Said":
        """The words with these blanks filled, each language with its own."""
        given = {name: alike(words) for name, words in blanks.items()}
        return Said(
            self.vi.format(**{name: words.vi for name, words in given.items()}),
            self.en.format(**{name: words.en for name, words in given.items()}),
        )

    def in_language(self, lang: str) -> str:
        """The words in `vi` or `en`."""
        return self.vi if lang == "vi" else self.en


SEVERITIES = {
    "BAD": Said("Nghiêm trọng", "Bad"),
    "WARNING": Said("Cảnh báo", "Warning"),
    "NOTE": Said("Lưu ý", "Note"),
    "OK": Said("Bình thường", "OK"),
}
AREAS = {
    "kafka": Said("Kafka", "Kafka"),
    "database": Said("Cơ sở dữ liệu", "Database"),
    "processes": Said("Tiến trình", "Processes"),
    "lag": Said("Độ trễ", "Lag"),
    "parked": Said("Hồ sơ bị giữ lại", "Parked dossiers"),
    "breakers": Said("Ngắt mạch", "Breakers"),
    "queues": Said("Hàng đợi", "Queues"),
    "holds": Said("Lệnh tạm giữ", "Holds"),
    "dead letters": Said("Bản tin không đọc được", "Dead letters"),
    "post": Said("Bưu chính", "Post"),
    "keys": Said("Khóa", "Keys"),
    "agencies": Said("Cơ quan", "Agencies"),
    "carriers": Said("Đơn vị bưu chính", "Carriers"),
    "disk": Said("Đĩa", "Disk"),
    "clock": Said("Đồng hồ", "Clock"),
    "reference": Said("Dữ liệu tham chiếu", "Reference data"),
    "versions": Said("Phiên bản", "Versions"),
    "read model": Said("Mô hình đọc", "Read model"),
}
SECONDS, MINUTES, HOURS, DAYS = (
    Said("{count} giây", "{count} s"),
    Said("{count} phút", "{count} min"),
    Said("{count} giờ", "{count} h"),
    Said("{count} ngày", "{count} days"),
)
AND_MORE = Said("{first} và {more} nữa", "{first} and {more} more")


def alike(words: Said | str | int) -> Said:
    """Names, figures and an error's own words: the same in both languages."""
    return words if isinstance(words, Said) else Said(str(words), str(words))


def quoted(words: Said | str) -> Said:
    """Somebody else's English words as they stand, in a Vietnamese sentence between quotation marks."""
    return words if isinstance(words, Said) else Said(f"“{words}”", words)


def span(seconds: float) -> Said:
    """A span of time in the unit that fits: `40 s`, `12 min`, `5 h`, `3 days`."""
    if seconds < 120:
        return SECONDS.of(count=f"{seconds:.0f}")
    if seconds < 7200:
        return MINUTES.of(count=f"{seconds / 60:.0f}")
    if seconds < 172_800:
        return HOURS.of(count=f"{seconds / 3600:.0f}")
    return DAYS.of(count=f"{seconds / 86_400:.0f}")


def decimal(text: str) -> Said:
    """A number with a point between its whole and its parts, in Vietnamese a comma."""
    return Said(text.replace(".", ","), text)


def size(count: float) -> Said:
    """Bytes in the unit that fits."""
    return decimal(f"{count / TIB:.1f} TiB" if count >= TIB else f"{count / GIB:.1f} GiB")


def minute(at: datetime) -> Said:
    """A minute of a day."""
    return Said(f"{at:%H:%M %d/%m/%Y}", f"{at:%Y-%m-%d %H:%M}")


def many(count: int, noun: str, plural: str | None = None, *, vi: str) -> Said:
    """A number with its noun, `1 dossier`, `2 dossiers`; in Vietnamese, which knows no plural, `2 hồ sơ`."""
    return Said(f"{count} {vi}", f"{count} {noun if count == 1 else plural or f'{noun}s'}")


def listed(words: Sequence[Said | str]) -> Said:
    """These one after the other."""
    both = [alike(one) for one in words]
    return Said(", ".join(one.vi for one in both), ", ".join(one.en for one in both))


def named(names: Sequence[str]) -> Said:
    """The first of these names, and how many more there are."""
    more = len(names) - MOST_NAMED
    first = listed(names[:MOST_NAMED])
    return AND_MORE.of(first=first, more=more) if more > 0 else first
