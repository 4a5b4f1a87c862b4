"""The reference data as the read model has it: who decides, of what kind a procedure is, by which rule a clock runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, select

from connectors.project.tables import Tables
from rules.deadlines.clock import Rule
from rules.deadlines.hours import Office
from rules.reference import Edition, Reference, UnknownVersion, term_of
from schemas.reference import Bundle

NOT_STATED = "-"
"""Stands for what nobody has said."""


class NoReference(LookupError):
    """No version of the reference data is in the read model yet."""


@dataclass
class Library:
    """Every version of the reference data, each prepared when it is asked for."""

    bodies: Mapping[str, str]
    in_force: str
    sectors: Mapping[str, str]

    @cached_property
    def newest(self) -> Edition:
        """The version in force."""
        return self.reference.at(self.in_force)

    @cached_property
    def reference(self) -> Reference:
        """All versions."""
        return Reference(self._find)

    def _find(self, version: str) -> Bundle:
        if version not in self.bodies:
            raise UnknownVersion(version)
        return Bundle.model_validate(json.loads(self.bodies[version]), extra="ignore")

    def agency(self, row: Row[Any]) -> str:
        """Who decides of a dossier, by the code it goes by today; who received it while that is not known."""
        return self.newest.resolve(row.competent_agency or row.receiving_agency or NOT_STATED)

    def kind(self, procedure: str | None) -> tuple[str, str, str]:
        """A procedure, its level and its sector."""
        known = self.newest.procedure(procedure)
        code = procedure or NOT_STATED
        sector = self.sectors.get(code) or self.sectors.get(code[:8]) or NOT_STATED
        return code, known.level if known else NOT_STATED, sector

    def rule(self, row: Row[Any]) -> tuple[Rule | None, str | None]:
        """What a dossier's clock is judged by, none for a procedure without a term; and why there is none else."""
        try:
            edition = self.reference.at(row.refversion or row.started_under or self.in_force)
            procedure = self.reference.at(row.started_under or edition.version).procedure(row.procedure_code)
        except UnknownVersion as unknown:
            return None, f"the reference data {unknown.args[0]} is not in the read model"
        if procedure is None:
            return None, f"no procedure {row.procedure_code} in {row.started_under or edition.version}"
        term = term_of(procedure)
        if term is None:
            return None, None
        hours = edition.hours(row.competent_agency or row.receiving_agency)
        return Rule(term, procedure.supplement_policy, Office.of(edition.calendar, hours)), None


def library(connection: Connection, tables: Tables, sectors: Mapping[str, str]) -> Library:
    """The reference data as the read model has it. Raises NoReference."""
    table = tables.reference
    rows = list(connection.execute(select(table.c.version, table.c.body).order_by(table.c.place)))
    if not rows:
        raise NoReference("the read model has no reference data yet: `hoso reference apply`, `hoso project`")
    return Library({row.version: row.body for row in rows}, rows[-1].version, sectors)
