"""KINDS: every kind the gateway knows, an explicit tuple. A new kind is one file and its name here, and a migration."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.catalogue.case import CASE
from gateway.catalogue.enterprise import ENTERPRISE
from gateway.catalogue.fields import Kind
from gateway.catalogue.license import LICENSE
from gateway.catalogue.organization import ORGANIZATION
from gateway.catalogue.penalty import PENALTY
from gateway.catalogue.person import PERSON
from gateway.catalogue.reference import DEPARTMENT, IDENTIFIER

KINDS: tuple[Kind, ...] = (ENTERPRISE, ORGANIZATION, PERSON, LICENSE, PENALTY, IDENTIFIER, DEPARTMENT, CASE)
BY_NAME: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})
BY_TYPE: Mapping[str, Kind] = MappingProxyType({kind.type_name: kind for kind in KINDS})
