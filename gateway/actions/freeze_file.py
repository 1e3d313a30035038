"""freezeFile: no new consent is put in the file, whoever brings it; those that were given before go on."""

from functools import partial

from gateway.actions import freezing
from gateway.actions.model import Action, Gives
from gateway.rights.states import FreezeState
from gateway.values import ActionName

FREEZE_FILE = Action(
    ActionName.FREEZE_FILE,
    "Let nobody put a new consent in one's file, not even oneself, until it is opened again; proven anew",
    "冻结档案",
    freezing.INPUTS,
    partial(freezing.begin, wanted=FreezeState.FROZEN),
    Gives.FREEZE,
)
