"""The client's side of OAuth: the SDK's provider with a user who agrees to everything, and a list of all secrets."""

from __future__ import annotations

import base64
import json
from typing import Any, TextIO
from urllib.parse import parse_qsl, urlsplit

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata

from client_session import Transcript
from sdk_version import IS_V1, httpx

REDIRECT_URI = "http://127.0.0.1:9/callback"
# What is secret in forms and queries, and the headers that carry secrets.
SECRET_FIELDS = {"access_token", "refresh_token", "client_secret", "code", "code_verifier", "state"}
SECRET_HEADERS = {"authorization", "mcp-session-id"}


class Secrets:
    """Writes down every secret that goes over the wire, once and as it stands there: lines of a kind and a value."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._known: set[str] = set()

    def note(self, kind: str, value: str | None) -> None:
        if self._file is not None and value and value not in self._known:
            self._known.add(value)
            print(json.dumps({"kind": kind, "value": value}), file=self._file, flush=True)

    def note_fields(self, text: str) -> None:
        for name, value in parse_qsl(text):
            if name in SECRET_FIELDS:
                self.note(name, value)

    def note_headers(self, headers: Any) -> None:
        for name in SECRET_HEADERS & {name.lower() for name in headers}:
            scheme, _, value = headers[name].rpartition(" ")
            self.note(name, value)
            if scheme == "Basic":
                self.note("client_secret", base64.b64decode(value).decode().partition(":")[2])
        if "location" in headers:
            self.note_fields(urlsplit(headers["location"]).query)

    @property
    def hooks(self) -> dict[str, Any]:
        async def request(request: Any) -> None:
            self.note_headers(request.headers)
            self.note_fields(request.url.query.decode())
            if request.headers.get("content-type") == "application/x-www-form-urlencoded":
                self.note_fields(request.content.decode())

        async def response(response: Any) -> None:
            self.note_headers(response.headers)

        return {"request": [request], "response": [response]}


class Authorization:
    """Storage and handlers for the SDK's provider; the transcript says what was done, and nothing secret."""

    def __init__(self, url: str, transcript: Transcript, secrets: Secrets, authentication: str) -> None:
        self._transcript = transcript
        self._secrets = secrets
        self._tokens: Any = None
        self._client_info: Any = None
        self._answer: dict[str, str] = {}
        metadata = OAuthClientMetadata.model_validate(
            {
                "client_name": "everything-client",
                "redirect_uris": [REDIRECT_URI],
                "token_endpoint_auth_method": authentication,
            }
        )
        self.provider: Any = OAuthClientProvider(
            server_url=url,
            client_metadata=metadata,
            storage=self,
            redirect_handler=self._redirect,
            callback_handler=self._callback,
        )

    def expire(self) -> None:
        """Lets the SDK believe that the time of its token is over: it refreshes by the clock alone."""
        self.provider.context.token_expiry_time = 1
        self._write("expired")

    def _write(self, step: str, **fields: Any) -> None:
        self._transcript.write("authorization", "authorization", step=step, **fields)

    async def _redirect(self, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False, event_hooks=self._secrets.hooks) as user:
            response = await user.get(url)
        location = response.headers["location"]
        self._answer = dict(parse_qsl(urlsplit(location).query))
        asked = sorted(name for name, _ in parse_qsl(urlsplit(url).query))
        self._write("redirected", status=response.status_code, asked=asked, answered=sorted(self._answer))

    async def _callback(self) -> Any:
        code, state = self._answer["code"], self._answer.get("state")
        if IS_V1:
            return code, state
        from mcp.shared.auth import AuthorizationCodeResult

        return AuthorizationCodeResult(code=code, state=state, iss=self._answer.get("iss"))

    async def get_tokens(self) -> Any:
        return self._tokens

    async def set_tokens(self, tokens: Any) -> None:
        self._tokens = tokens
        self._secrets.note("access_token", tokens.access_token)
        self._secrets.note("refresh_token", tokens.refresh_token)
        self._write("token", scope=tokens.scope, expires_in=tokens.expires_in, type=tokens.token_type)

    async def get_client_info(self) -> Any:
        return self._client_info

    async def set_client_info(self, client_info: Any) -> None:
        self._client_info = client_info
        self._secrets.note("client_secret", client_info.client_secret)
        self._write("registered", name=client_info.client_name, method=client_info.token_endpoint_auth_method)
