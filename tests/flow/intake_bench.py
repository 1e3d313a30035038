"""What the tests of intake share: a vault, a database with departments, files of rows."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.catalogue.kinds import BY_NAME
from gateway.clock import SystemRandom
from gateway.intake.layouts import head_of, titles
from gateway.intake.load import SEED
from gateway.intake.load_seed import seed_reference
from gateway.intake.receipt import Receipt
from gateway.intake.run import Order, take
from gateway.intake.sample_codes import uscc
from gateway.store.core import Connection
from gateway.store.database import Connections
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.golden.intake import NOW, TODAY

ROOT = Path(__file__).parents[2]
CODE = uscc("91", "220802", "YL900001")
OTHER = uscc("91", "220802", "YL900002")
ORGAN = "白城市市场监督管理局"
ORGAN_CODE = uscc("11", "220800", "BM000003")


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A vault of its own."""
    path = tmp_path_factory.mktemp("keys") / "domain.key"
    return Vault(FileProvider(path, SystemRandom(), create=True).unwrap(), SystemRandom())


@pytest.fixture
def writer(database: Connections) -> Iterator[Connection]:
    """The role that intake runs as, on a database with departments."""
    with psycopg.connect(database.writer) as connection:
        seed_reference(connection, directory=SEED, today=TODAY)
        connection.commit()
        yield connection


def penalty(**change: str) -> dict[str, str]:
    """A row that is right, by field name."""
    return {
        "subjectName": "洮北区样例一号商店有限公司",
        "subjectKind": "法人及非法人组织",
        "subjectUscc": CODE,
        "documentNumber": "样例罚字〔2026〕900号",
        "conduct": "未按规定明码标价",
        "facts": "检查时发现未明码标价。",
        "legalBasis": "《价格法》第四十二条",
        "penaltyKinds": "罚款",
        "content": "罚款一千元。",
        "fine": "0.1",
        "decidedOn": "2026/11/20",
        "validUntil": "2099/12/31",
        "organ": ORGAN,
        "organCode": ORGAN_CODE,
        "sourceUnit": ORGAN,
        "sourceUnitCode": ORGAN_CODE,
        "procedure": "普通程序",
        "severity": "一般",
    } | change


def written(path: Path, kind: str, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    """A file of these rows."""
    head, named = head_of(BY_NAME[kind]), titles(BY_NAME[kind])
    lines = [",".join(head), *(",".join(f'"{row.get(str(named[title]), "")}"' for title in head) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def enterprises(path: Path) -> Path:
    """The library with the two enterprises of these tests."""
    common = {"status": "存续", "region": "220802", "kind": "公司", "establishedOn": "2020-01-01"}
    rows = [
        {"uscc": CODE, "name": "洮北区样例一号商店有限公司", **common},
        {"uscc": OTHER, "name": "洮北区样例二号商店有限公司", **common},
    ]
    return written(path, "enterprise", *rows)


@pytest.fixture
def known(writer: Connection, vault: Vault, tmp_path: Path) -> Connection:
    """With the two enterprises."""
    taken(writer, vault, enterprises(tmp_path / "enterprise.csv"))
    return writer


def taken(connection: Connection, vault: Vault, path: Path, department: str | None = None) -> Receipt:
    """Take one file and commit it."""
    receipt = take(connection, vault, path, Order(NOW, department))
    connection.commit()
    return receipt
