"""What an answer rested on and somebody may take away before it is disclosed: consents with their uses, mandates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.values import Access, Caller, Check, Relation

REVOCABLE = int(Relation.CONSENT | Relation.SELF)


@dataclass(frozen=True, slots=True)
class Asking:
    """One request, as the uses of consents know it: who asks, the request, the hash of its document."""

    caller: Caller
    request: str
    document: str

    def checks(self, access: Access | None, relations: int, subject: int, word: str) -> Iterator[Check]:
        """What rows of a subject rested on. A consent without a use key is used by this request.

        ``word``: of the scope of mandates, if more than reading was needed.
        """
        if relations & Relation.CONSENT and access is not None and access.consent is not None:
            use = access.use or f"@{self.request}"
            yield self._of(Check("consent", access.consent, subject), access, use)
        if relations & Relation.SELF:
            yield Check("mandate", self.caller.acts_as, subject, purpose=word)

    def keys(
        self, grounds: Sequence[tuple[Access | None, Sequence[bytes]]], checks: Iterable[Check]
    ) -> Iterator[Check]:
        """The use keys under which nothing rested on the consent; each ground comes with the subjects of its rows.

        Such a key must not stand for another document or subject all the same: that would be told too late.
        """
        rested = {(check.number, check.use) for check in checks}
        for access, subjects in grounds:
            named = None if access is None or access.consent is None or access.use is None else access
            if named is not None and (named.consent, named.use) not in rested:
                subject = int(subjects[0]) if subjects else 0
                yield self._of(Check("use", named.consent or "", subject), named, named.use or "")

    def _of(self, check: Check, access: Access, use: str) -> Check:
        consumer, purpose = self.caller.consumer, access.purpose.value
        return check._replace(consumer=consumer, purpose=purpose, use=use, document=self.document)
