"""Step 1 of both lives."""

from gateway.errors import Unauthenticated
from gateway.pipeline import Gateway
from gateway.values import Caller, Role


async def proven(gateway: Gateway, authorization: str | None) -> Caller:
    """Who asks. Raises Unauthenticated, for the public too: nobody without a name is a party of a case."""
    caller = await gateway.verifier.verify(authorization)
    if caller.role is Role.PUBLIC:
        raise Unauthenticated("files are for the parties of a case: a token is needed")
    return caller
