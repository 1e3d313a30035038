"""Every action. One file each, and its name here; who may perform it is a line of ``policies/roles``."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.actions.file_complaint import FILE_COMPLAINT
from gateway.actions.file_objection import FILE_OBJECTION
from gateway.actions.model import Action
from gateway.actions.unwatch_accesses import UNWATCH_ACCESSES
from gateway.actions.watch_accesses import WATCH_ACCESSES
from gateway.values import ActionName

ACTIONS: tuple[Action, ...] = (FILE_OBJECTION, FILE_COMPLAINT, WATCH_ACCESSES, UNWATCH_ACCESSES)
BY_NAME: Mapping[ActionName, Action] = MappingProxyType({action.name: action for action in ACTIONS})
