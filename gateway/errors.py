"""Every error a caller can meet, as one tree and one closed list of codes.

GatewayError
├── Unauthenticated         401  the token is missing a claim, expired, forged, or for somebody else
├── RequestError            400  the request never became an operation
│   ├── MalformedRequest         JSON, its encoding, the members of a request
│   ├── NotFound            404  there is nothing at this address
│   ├── MethodNotAllowed    405  there is, but not for this method
│   ├── NotAcceptable       406  no media type that the client accepts
│   ├── ContentTooLarge     413  the body is larger than allowed
│   ├── UnsupportedMediaType 415 the body is not JSON in UTF-8 by its own account
│   │   ├── UnsupportedCoding    the body is compressed
│   │   └── UnsupportedFormat    a file is of no format that is taken, or not what it says
│   ├── InvalidOperation         syntax, validation against the caller's schema
│   └── LimitExceeded            size, depth, aliases, cost
├── OperationError          200  an operation that was understood and is refused; ``data`` is null
│   ├── BadInput                 an argument breaks a rule; every fault at once, each with its path
│   ├── IdempotencyConflict 409  the key of a mutation was used for another request
│   ├── CaseConflict        409  the state of the case does not allow the step
│   ├── CaseClosed          409  a file came for a case that is closed
│   ├── RedactionRefused         a field would be masked or withheld, and the request asked for all or nothing
│   ├── BasisLost                a consent or mandate ended between reading and disclosure
│   └── UseConflict              the key of a use was used for something else
├── Unavailable             503  nothing was disclosed; try again later
│   ├── DatabaseUnavailable
│   ├── Overloaded
│   ├── KeysUnavailable          the token issuer's keys could not be read yet
│   ├── LogUnavailable           the entry could not be made durable
│   └── CommitUnknown            the connection broke at the end of a mutation: done or not, nobody knows
└── InternalError           500  a fault of ours; nothing was disclosed
    ├── SealBroken               a sealed value does not open: wrong key, wrong place, or tampered
    ├── KeysRefused              the key file is missing, readable by others, or damaged
    └── PolicyRefused            the policy directory does not load (policy/files.py)

An error never carries a value of a record, a driver's text, or a name the caller may not know. ``Fault`` says where and
which rule; messages exist in English and Chinese.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: ``path`` into the document or variables, ``rule`` in words, both safe to show."""

    path: tuple[str | int, ...]
    rule: str
    locations: tuple[tuple[int, int], ...] = ()  # (line, column), from 1, in the document
    position: tuple[int, int] | None = None  # (line, column), from 1, in the JSON of the body


class GatewayError(Exception):
    """Base of all; ``code`` and ``status`` are fixed by the class, ``faults`` say what and where."""

    code = "INTERNAL"
    status = 500
    en = "The gateway failed. Nothing was disclosed."
    zh = "网关内部错误，未披露任何信息。"

    def __init__(self, *faults: Fault) -> None:
        super().__init__(self.code)
        self.faults = faults


class InternalError(GatewayError):
    """A fault of the gateway itself."""


class SealBroken(InternalError):
    """A sealed value or wrapped key does not open; which of the possible causes it was is not told."""


class KeysRefused(InternalError):
    """The domain keys cannot be used; the gateway does not start."""

    def __init__(self, reason: str) -> None:
        super().__init__(Fault((), reason))
        self.reason = reason


class Unauthenticated(GatewayError):
    """The bearer token does not prove who asks; ``reason`` is safe to show (RFC 6750 ``error_description``)."""

    code = "UNAUTHENTICATED"
    status = 401
    en = "The bearer token is not valid."
    zh = "访问令牌无效。"

    def __init__(self, reason: str) -> None:
        super().__init__(Fault((), reason))
        self.reason = reason


class RequestError(GatewayError):
    """The request never became an operation."""

    code = "BAD_REQUEST"
    status = 400
    en = "The request is not well formed."
    zh = "请求格式错误。"


class MalformedRequest(RequestError):
    """The body is no JSON, or no request."""


class NotFound(RequestError):
    """Nothing is served at this address."""

    code = "NOT_FOUND"
    status = 404
    en = "There is nothing at this address."
    zh = "该地址不存在。"

    def __init__(self) -> None:
        super().__init__(
            Fault((), "there is nothing at this address; GraphQL is answered at /graphql, without a slash at the end")
        )


class MethodNotAllowed(RequestError):
    """The address is served, but not to this method."""

    code = "METHOD_NOT_ALLOWED"
    status = 405
    en = "This address does not answer this method."
    zh = "该地址不支持此请求方法。"

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__(Fault((), f"the methods of this address are: {', '.join(methods)}"))
        self.methods = methods


class NotAcceptable(RequestError):
    """The client accepts no media type that the gateway answers in."""

    code = "NOT_ACCEPTABLE"
    status = 406
    en = "The gateway answers in no media type that Accept allows."
    zh = "网关无法以 Accept 所列的媒体类型作答。"


class ContentTooLarge(RequestError):
    """The body is larger than the gateway reads."""

    code = "CONTENT_TOO_LARGE"
    status = 413
    en = "The body is too large."
    zh = "请求正文过大。"


class UnsupportedMediaType(RequestError):
    """The body is, by its own account, not JSON in UTF-8."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    en = "The body must be JSON in UTF-8, and not compressed."
    zh = "请求正文须为未压缩的 UTF-8 编码 JSON。"


class UnsupportedCoding(UnsupportedMediaType):
    """The body is compressed; told apart, since HTTP has another header say so."""


class UnsupportedFormat(UnsupportedMediaType):
    """A file whose format is not on the list, or that is not what its Content-Type says."""

    en = "The file must be of a format that is taken, and be what its Content-Type says."
    zh = "文件须为允许的格式，且内容与 Content-Type 相符。"


class InvalidOperation(RequestError):
    """Syntax, or validation against the schema of the caller's role."""

    code = "GRAPHQL_VALIDATION_FAILED"
    en = "The document is not valid for this schema."
    zh = "查询文档不符合模式。"


class LimitExceeded(RequestError):
    """The request is larger, deeper or costlier than allowed."""

    code = "LIMIT_EXCEEDED"
    en = "The request exceeds a limit."
    zh = "请求超出限制。"


class OperationError(GatewayError):
    """The operation was understood and is refused whole."""

    code = "REFUSED"
    status = 200
    en = "The operation is refused."
    zh = "操作被拒绝。"


class BadInput(OperationError):
    """Arguments break rules; all faults at once."""

    code = "BAD_USER_INPUT"
    en = "An argument breaks a rule."
    zh = "输入参数不符合规则。"


class IdempotencyConflict(OperationError):
    """The key was used for another request (draft-ietf-httpapi-idempotency-key-header, 2.6)."""

    code = "IDEMPOTENCY_CONFLICT"
    status = 409
    en = "The Idempotency-Key was used for another request. Nothing was done."
    zh = "该 Idempotency-Key 已用于另一请求，未执行任何操作。"


class CaseConflict(OperationError):
    """A case stands where the step cannot be taken; the fault names the state and what is possible."""

    code = "CASE_STATE_CONFLICT"
    status = 409
    en = "The state of the case does not allow this step. Nothing was done."
    zh = "案件当前状态不允许此操作，未执行任何操作。"


class CaseClosed(OperationError):
    """Nothing is added to a case that is closed."""

    code = "CASE_CLOSED"
    status = 409
    en = "The case is closed. Nothing was added."
    zh = "案件已办结，未添加任何材料。"


class RedactionRefused(OperationError):
    """The caller would rather have nothing than an answer in which something is masked or withheld."""

    code = "REDACTION_REFUSED"
    en = "Something that was asked for would be masked or withheld, and the request refuses that."
    zh = "所请求的内容有脱敏或不予披露之处，而请求要求完整答复，故整体拒绝。"


class BasisLost(OperationError):
    """A consent or mandate ended between reading and disclosure."""

    code = "BASIS_LOST"
    en = "The consent or mandate ended while the answer was being prepared. Nothing was disclosed."
    zh = "授权在答复生成期间终止，未披露任何信息。"


class UseConflict(OperationError):
    """The key of a use of a consent stands for another document or subject, or for a use that is over."""

    code = "USE_CONFLICT"
    status = 409
    en = "The use key stands for another use of this consent. Nothing was disclosed."
    zh = "该使用键已用于此授权的另一次查询，未披露任何信息。"


class Unavailable(GatewayError):
    """Nothing was disclosed; the same request may succeed later."""

    code = "UNAVAILABLE"
    status = 503
    en = "The gateway cannot answer now. Nothing was disclosed."
    zh = "网关暂不可用，未披露任何信息。"


class DatabaseUnavailable(Unavailable):
    """PostgreSQL is gone, timed out or refused the statement."""

    code = "DATABASE_UNAVAILABLE"


class Overloaded(Unavailable):
    """More is waiting than the gateway will queue."""

    code = "OVERLOADED"


class KeysUnavailable(Unavailable):
    """The keys of the token issuer were never read, so nobody can be identified."""

    code = "KEYS_UNAVAILABLE"


class LogUnavailable(Unavailable):
    """The access log could not make the entry durable, so nothing may be sent."""

    code = "LOG_UNAVAILABLE"


class CommitUnknown(Unavailable):
    """The connection was lost while a mutation was committed: its entry tells whether it was done."""

    code = "OUTCOME_UNKNOWN"
    en = "Whether it was done is not known. Look before you try again."
    zh = "操作是否完成未知，请先查询再重试。"
