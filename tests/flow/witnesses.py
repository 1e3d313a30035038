"""A witness as C2SP tlog-witness describes it, written from that text, and some that do not behave."""

import base64
import hashlib
from collections.abc import Callable

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.audit.checkpoint import verify
from gateway.audit.proof import ProofInvalid, check_consistency
from gateway.signing import NoteInvalid, NoteVerifier
from tests.processes import reserved_port

NOW = 1_780_000_000  # seconds since 1970


class TestWitness:
    """One witness, on a port of its own; ``seen`` is what it signed last of each log, ``asked`` every request."""

    __test__ = False

    def __init__(self, name: str, logs: Callable[[str], NoteVerifier | None]) -> None:
        self.name = name
        self._logs = logs
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        public = b"\x04" + self._key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self._id.hex()}+{base64.b64encode(public).decode()}"
        self.seen: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[int, int]] = []  # old size, status
        self.spoil: Callable[[str], str] = lambda line: line
        self._socket = reserved_port()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        routes = [Route("/add-checkpoint", self._add, methods=["POST"])]
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off")
        self.server = uvicorn.Server(config)

    async def serve(self) -> None:
        """Listen until ``server.should_exit``."""
        self._socket.listen()
        await self.server.serve([self._socket])

    def close(self) -> None:
        """Stop listening, and let go of the port."""
        self.server.should_exit = True
        self._socket.close()

    async def _add(self, request: Request) -> Response:
        head, _, note = (await request.body()).decode().partition("\n\n")
        first, *lines = head.split("\n")
        old = int(first.removeprefix("old "))
        response = self._answer(old, [base64.b64decode(line, validate=True) for line in lines if line], note)
        self.asked.append((old, response.status_code))
        return response

    def _answer(self, old: int, proof: list[bytes], note: str) -> Response:
        verifier = self._logs(note.split("\n", 1)[0])
        if verifier is None:
            return Response(status_code=404)
        try:
            signed = verify(note, verifier)
        except NoteInvalid:
            return Response(status_code=403)
        size, root = self.seen.get(signed.origin, (0, b""))
        if old > signed.size:
            return Response(status_code=400)
        if old != size:
            return Response(f"{size}\n", 409, media_type="text/x.tlog.size")
        try:
            check_consistency(size, root, signed.size, signed.root, proof)
        except ProofInvalid:
            return Response(status_code=422)
        self.seen[signed.origin] = signed.size, signed.root
        text = note[: note.rindex("\n\n") + 1]
        signature = self._key.sign(f"cosignature/v1\ntime {NOW}\n{text}".encode())
        blob = base64.b64encode(self._id + NOW.to_bytes(8) + signature).decode()
        return PlainTextResponse(self.spoil(f"\u2014 {self.name} {blob}\n"))
