"""What somebody who looked at an installation found: one line a finding, the worst first."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from connectors.doctor.words import Said, alike


class Severity(IntEnum):
    """How bad a finding is. BAD: something that should happen does not. WARNING: it soon will not, or somebody waits
    for an operator. NOTE: worth knowing.
    """

    OK = 0
    NOTE = 1
    WARNING = 2
    BAD = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was found where, and the command that helps, which is the same in both languages."""

    area: str
    severity: Severity
    says: Said
    help_command: str = ""
    more: Said | str = ""
    """For whoever wants to know more: our words, or an error's own, which nobody translates."""

    @property
    def what(self) -> str:
        """What it says, in English."""
        return self.says.en

    @property
    def detail(self) -> str:
        """What there is to know more, in English."""
        return alike(self.more).en

    def document(self) -> dict[str, str]:
        """The finding for machines."""
        return {
            "area": self.area,
            "severity": self.severity.name,
            "what": self.what,
            "help": self.help_command,
            "detail": self.detail,
            "what_vi": self.says.vi,
            "detail_vi": alike(self.more).vi,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found in one look at `at` (driven time), the worst first."""

    at: datetime
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity:
        """How bad the worst finding is."""
        return max((one.severity for one in self.findings), default=Severity.OK)

    def document(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "at": self.at.isoformat(),
            "worst": self.worst.name,
            "findings": [one.document() for one in self.findings],
        }
