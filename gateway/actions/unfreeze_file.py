"""unfreezeFile: the file takes new consents again."""

from functools import partial

from gateway.actions import freezing
from gateway.actions.model import Action, Gives
from gateway.rights.states import FreezeState
from gateway.values import ActionName

UNFREEZE_FILE = Action(
    ActionName.UNFREEZE_FILE,
    "Let new consents be put in one's file again; proven anew",
    "解除冻结",
    freezing.INPUTS,
    partial(freezing.begin, wanted=FreezeState.OPEN),
    Gives.FREEZE,
)
