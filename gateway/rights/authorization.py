"""授权书: the one text that a subject signs, with every element that the law asks of it, line by line.

Reg. 631 arts 18-20, PIPL arts 14, 17, 23. The text is not sent: whoever registers a consent sends its parts, the
gateway writes the text, and the signature must be over exactly its bytes (UTF-8, lines parted by one line feed, the
last without).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

HEAD = "授权书 credit-gateway/1"
WITHDRAWAL = "授权人可随时撤回本授权，撤回对此后的查询立即生效"
NONE = "无"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What an authorization says. ``paper`` is a Chinese word for the sort of ``paper_number``."""

    name: str
    paper: str
    paper_number: str
    institution: str
    institution_code: str  # its USCC, or what the platform registered it under
    purposes: tuple[str, ...]
    kinds: tuple[str, ...]
    single: bool
    until: date
    place: str
    signed_at: datetime
    consequences_told: bool
    agent: str = ""
    attachment: str = ""  # SHA-256 in hex

    def text(self) -> str:
        """The text."""
        lines = (
            ("授权人", self.name),
            ("证件类型", self.paper),
            ("证件号码", self.paper_number),
            ("被授权机构", self.institution),
            ("被授权机构代码", self.institution_code),
            ("授权用途", " ".join(self.purposes)),
            ("授权范围", " ".join(self.kinds)),
            ("使用次数", "单次" if self.single else "多次"),
            ("有效期至", self.until.isoformat()),
            ("签署地点", self.place),
            ("签署时间", self.signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
            ("不利后果", "已告知" if self.consequences_told else "不涉及"),
            ("撤回权", WITHDRAWAL),
            ("代理人及证件", self.agent or NONE),
            ("附件摘要", self.attachment or NONE),
        )
        return "\n".join((HEAD, *(f"{label}: {value}" for label, value in lines)))
