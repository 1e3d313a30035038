"""KINDS: every kind the gateway knows, an explicit tuple. A new kind is one file and its name here, and a migration."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.catalogue.access import ACCESS
from gateway.catalogue.case import CASE
from gateway.catalogue.commitment import COMMITMENT
from gateway.catalogue.consent import CONSENT
from gateway.catalogue.enterprise import ENTERPRISE
from gateway.catalogue.evidence import EVIDENCE
from gateway.catalogue.fields import Kind
from gateway.catalogue.figure import FIGURE
from gateway.catalogue.honor import HONOR
from gateway.catalogue.irregularity import IRREGULARITY
from gateway.catalogue.judgment import JUDGMENT
from gateway.catalogue.license import LICENSE
from gateway.catalogue.listing import LISTING
from gateway.catalogue.mandate import MANDATE
from gateway.catalogue.notice import NOTICE
from gateway.catalogue.organization import ORGANIZATION
from gateway.catalogue.penalty import PENALTY
from gateway.catalogue.person import PERSON
from gateway.catalogue.rating import RATING, SCHEME
from gateway.catalogue.reference import DEPARTMENT, IDENTIFIER
from gateway.catalogue.repair import REPAIR
from gateway.catalogue.rights_figure import RIGHTS_FIGURE
from gateway.catalogue.superseded import SUPERSEDED
from gateway.catalogue.withdrawal import WITHDRAWAL

# Ids and cursors name a kind by its place in here: a new one goes to the end.
KINDS: tuple[Kind, ...] = (
    ENTERPRISE,
    ORGANIZATION,
    PERSON,
    LICENSE,
    PENALTY,
    IDENTIFIER,
    DEPARTMENT,
    CASE,
    LISTING,
    IRREGULARITY,
    SCHEME,
    RATING,
    COMMITMENT,
    HONOR,
    JUDGMENT,
    REPAIR,
    WITHDRAWAL,
    FIGURE,
    ACCESS,
    EVIDENCE,
    RIGHTS_FIGURE,
    NOTICE,
    CONSENT,
    SUPERSEDED,
    MANDATE,
)
BY_NAME: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})
BY_TYPE: Mapping[str, Kind] = MappingProxyType({kind.type_name: kind for kind in KINDS})
