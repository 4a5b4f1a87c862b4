"""The plan of rights and quotas beside what the cluster has: what is to be given, what is one too many."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors import access
from connectors.broker.rights import Right, give, standing, take
from connectors.broker.users import quotas_of, set_quotas
from schemas.reference import Agency

Quotas = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a cluster lacks, and what it has and should not."""

    missing: Sequence[Right]
    extra: Sequence[Right]
    quotas: Quotas = field(default_factory=dict)
    """Those that are to be set, by agency."""
    left: Quotas = field(default_factory=dict)
    """Those of agencies that are no more: whoever has a right to an agency's topics that nobody is to have."""


def compare(bootstrap: str, agencies: Sequence[Agency]) -> Difference:
    """The plan and the cluster; rights of others than our processes and agencies are left alone. Raises TryLater."""
    wanted, there, codes = set(access.rights(agencies)), standing(bootstrap), {one.code for one in agencies}
    extra = {one for one in there - wanted if access.ours(one, codes)}
    set_now = quotas_of(bootstrap)
    quotas = {code: said for code, said in access.quotas(agencies).items() if not _has(set_now.get(code, {}), said)}
    gone = {one.user for one in extra if access.is_agencys_own(one)} - codes
    left = {user: set_now[user] for user in sorted(gone & set_now.keys())}
    return Difference(sorted(wanted - there), sorted(extra), quotas, left)


def apply(bootstrap: str, found: Difference, *, prune: bool = False) -> None:
    """Give what is missing; take what is too much only with `prune`. Raises TryLater."""
    give(bootstrap, found.missing)
    set_quotas(bootstrap, found.quotas)
    if prune:
        set_quotas(bootstrap, {user: dict.fromkeys(kinds) for user, kinds in found.left.items()})
        take(bootstrap, found.extra)


def _has(there: dict[str, float], wanted: dict[str, float]) -> bool:
    return all(there.get(kind) == value for kind, value in wanted.items())
