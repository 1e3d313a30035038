"""What a gateway checks before it answers: that its keys are those of its database."""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from gateway.assemble import fits
from gateway.clock import SystemRandom
from gateway.errors import KeysRefused
from gateway.intake.load import seed_demo
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from gateway.vault.keys import new_keys, parse
from gateway.vault.vault import Vault

SEED = Path(__file__).parents[2] / "seed"

pytestmark = pytest.mark.anyio


async def test_foreign_keys_are_refused_before_anything_is_answered(database: Connections) -> None:
    """A lost key file that is made anew would find nobody, seal anew, and open nothing."""
    random = SystemRandom()
    own, foreign = (Vault(parse(new_keys(random)), random) for _ in range(2))
    lanes = await Lanes.open(database.reader, fast=1, slow=1)
    try:
        await fits(foreign, lanes)  # nothing is sealed yet: any keys will do
        with psycopg.connect(database.writer) as connection:
            assert seed_demo(connection, own, date(2026, 11, 23), directory=SEED)
        await fits(own, lanes)
        with pytest.raises(KeysRefused) as caught:
            await fits(foreign, lanes)
        assert "not those of this database" in caught.value.reason
    finally:
        await lanes.close()
