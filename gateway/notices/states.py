"""What can become of a notice, and by which rule it is escalated."""

from enum import StrEnum

RULE = "notice.acknowledge"  # of the table ``rule``: so long a recipient may take to acknowledge


class NoticeState(StrEnum):
    """Where a notice stands (the words of ``catalogue.notice``).

    NEW → DELIVERED by its address; → ACKNOWLEDGED by its recipient, from everywhere; NEW or DELIVERED → ESCALATED when
    its day is over; NEW → UNDELIVERABLE when the last attempt has failed, or there is nobody to tell.
    """

    NEW = "NEW"
    DELIVERED = "DELIVERED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ESCALATED = "ESCALATED"
    UNDELIVERABLE = "UNDELIVERABLE"
