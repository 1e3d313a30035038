"""Every action. One file each, and its name here; who may perform it is a line of ``policies/roles``."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.actions.accept_case import ACCEPT_CASE
from gateway.actions.acknowledge_notice import ACKNOWLEDGE_NOTICE
from gateway.actions.add_statement import ADD_STATEMENT
from gateway.actions.answer_case import ANSWER_CASE
from gateway.actions.bind_person import BIND_PERSON
from gateway.actions.decide_case import DECIDE_CASE
from gateway.actions.decide_repair import DECIDE_REPAIR
from gateway.actions.decline_case import DECLINE_CASE
from gateway.actions.file_complaint import FILE_COMPLAINT
from gateway.actions.file_objection import FILE_OBJECTION
from gateway.actions.file_report import FILE_REPORT
from gateway.actions.follow_report import FOLLOW_REPORT
from gateway.actions.freeze_file import FREEZE_FILE
from gateway.actions.give_consent import GIVE_CONSENT
from gateway.actions.model import Action
from gateway.actions.record_mandate import RECORD_MANDATE
from gateway.actions.register_consent import REGISTER_CONSENT
from gateway.actions.release_text import RELEASE_TEXT
from gateway.actions.request_copy import REQUEST_COPY
from gateway.actions.request_erasure import REQUEST_ERASURE
from gateway.actions.request_repair import REQUEST_REPAIR
from gateway.actions.request_review import REQUEST_REVIEW
from gateway.actions.request_supplement import REQUEST_SUPPLEMENT
from gateway.actions.revoke_mandate import REVOKE_MANDATE
from gateway.actions.route_case import ROUTE_CASE
from gateway.actions.supplement_case import SUPPLEMENT_CASE
from gateway.actions.unfreeze_file import UNFREEZE_FILE
from gateway.actions.unwatch_accesses import UNWATCH_ACCESSES
from gateway.actions.unwatch_notices import UNWATCH_NOTICES
from gateway.actions.verify_mandate import VERIFY_MANDATE
from gateway.actions.watch_accesses import WATCH_ACCESSES
from gateway.actions.watch_notices import WATCH_NOTICES
from gateway.actions.withdraw_case import WITHDRAW_CASE
from gateway.actions.withdraw_consent import WITHDRAW_CONSENT
from gateway.values import ActionName

ACTIONS: tuple[Action, ...] = (
    FILE_OBJECTION,
    FILE_COMPLAINT,
    WATCH_ACCESSES,
    UNWATCH_ACCESSES,
    ACCEPT_CASE,
    DECLINE_CASE,
    REQUEST_SUPPLEMENT,
    SUPPLEMENT_CASE,
    WITHDRAW_CASE,
    ROUTE_CASE,
    ANSWER_CASE,
    DECIDE_CASE,
    REQUEST_REVIEW,
    REQUEST_REPAIR,
    DECIDE_REPAIR,
    REQUEST_ERASURE,
    REQUEST_COPY,
    ADD_STATEMENT,
    FILE_REPORT,
    FOLLOW_REPORT,
    ACKNOWLEDGE_NOTICE,
    WATCH_NOTICES,
    UNWATCH_NOTICES,
    GIVE_CONSENT,
    REGISTER_CONSENT,
    WITHDRAW_CONSENT,
    FREEZE_FILE,
    UNFREEZE_FILE,
    RELEASE_TEXT,
    BIND_PERSON,
    RECORD_MANDATE,
    VERIFY_MANDATE,
    REVOKE_MANDATE,
)
BY_NAME: Mapping[ActionName, Action] = MappingProxyType({action.name: action for action in ACTIONS})
