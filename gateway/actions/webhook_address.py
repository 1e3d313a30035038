"""What every wish to be told by webhook names: where to, and the secret by which it is signed."""

from typing import NamedTuple

from gateway.actions.model import Given, Input, InputType, Path, Scene
from gateway.actions.text import bounded
from gateway.errors import Fault
from gateway.notices import target, webhook

_SECRET_LENGTH = 128

INPUTS = (
    Input("url", InputType.STRING, "Where it is posted to: https, a public address", "通知地址", required=True),
    Input(
        "secret",
        InputType.STRING,
        "By which it is signed: whsec_ and 24 to 64 random bytes in base64",
        "签名密钥",
        required=True,
    ),
)


class WebhookAddress(NamedTuple):
    """Both, as they are given; kept sealed."""

    url: str
    secret: str

    def sealed(self, scene: Scene, wrapped: bytes, subject: int, place: tuple[str, int]) -> dict[str, bytes]:
        """The columns of a row (kind, id), sealed under the key of ``subject``."""
        kind, id = place
        return {
            f"{column}_sealed": scene.keys.seal(wrapped, subject, (kind, column, id), text)
            for column, text in self._asdict().items()
        }


def named(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> WebhookAddress:
    """The address that is named; what is wrong with it is added to ``faults``."""
    url = bounded(str(given["url"]), "url", target.LENGTH, path, faults)
    secret = bounded(str(given["secret"]), "secret", _SECRET_LENGTH, path, faults)
    rules = {"url": target.fault(url, private=scene.private), "secret": webhook.secret_fault(secret)}
    faults += [Fault((*path, name), rule) for name, rule in rules.items() if rule is not None]
    return WebhookAddress(url, secret)
