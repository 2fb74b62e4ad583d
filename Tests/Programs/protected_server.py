"""The test server behind OAuth, with the SDK's own authorization server: login, expiry, refresh and challenges.

    protected_server.py --http PORT [--json] [--executions FILE] [--authorization-server WHERE]

WHERE the authorization server is: `beside` (the default) on a port of its own; `same-origin`; or `unannounced`, on the
same origin and without metadata, where clients of the revision of 2025-03-26 look for it. The user agrees to everything
at once. Tokens do not expire by the clock: the tool `expire_tokens` ends those that were issued so far.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

import anyio
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    ProviderTokenVerifier,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.routes import (
    build_resource_metadata_url,
    create_auth_routes,
    create_protected_resource_routes,
)
from mcp.server.auth.settings import ClientRegistrationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Route

import everything_server
import http_server

SCOPE = "tools"
# Far beyond any session: nothing here depends on the clock.
NEVER = 4102444800


class Provider:
    """The authorization server's memory; its methods are those that the SDK's handlers call."""

    def __init__(self) -> None:
        self._clients: dict[str, OAuthClientInformationFull] = {}
        self._codes: dict[str, AuthorizationCode] = {}
        self._access_tokens: dict[str, AccessToken] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}

    def expire_access_tokens(self) -> None:
        self._access_tokens.clear()

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self._clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        assert client_info.client_id is not None
        self._clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        assert client.client_id is not None
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32),
            scopes=params.scopes or [SCOPE],
            expires_at=NEVER,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self._codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(self, client: Any, authorization_code: str) -> AuthorizationCode | None:
        return self._codes.get(authorization_code)

    async def exchange_authorization_code(self, client: Any, authorization_code: AuthorizationCode) -> OAuthToken:
        del self._codes[authorization_code.code]
        return self._issue(client.client_id, authorization_code.scopes)

    async def load_refresh_token(self, client: Any, refresh_token: str) -> RefreshToken | None:
        return self._refresh_tokens.get(refresh_token)

    async def exchange_refresh_token(self, client: Any, refresh_token: RefreshToken, scopes: list[str]) -> OAuthToken:
        del self._refresh_tokens[refresh_token.token]
        return self._issue(client.client_id, scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self._access_tokens.get(token)

    async def revoke_token(self, token: Any) -> None:
        self._access_tokens.pop(token.token, None)
        self._refresh_tokens.pop(token.token, None)

    def _issue(self, client_id: str, scopes: list[str]) -> OAuthToken:
        access = AccessToken(token=secrets.token_urlsafe(32), client_id=client_id, scopes=scopes)
        refresh = RefreshToken(token=secrets.token_urlsafe(32), client_id=client_id, scopes=scopes)
        self._access_tokens[access.token] = access
        self._refresh_tokens[refresh.token] = refresh
        return OAuthToken(
            access_token=access.token,
            token_type="Bearer",
            expires_in=3600,
            scope=" ".join(scopes),
            refresh_token=refresh.token,
        )


def authorization_routes(provider: Provider, issuer: str, has_metadata: bool = True) -> list[Route]:
    options = ClientRegistrationOptions(enabled=True, valid_scopes=[SCOPE], default_scopes=[SCOPE])
    routes = create_auth_routes(provider, AnyHttpUrl(issuer), client_registration_options=options)  # type: ignore
    return [route for route in routes if has_metadata or not route.path.startswith("/.well-known/")]


def protected(application: http_server.Application, provider: Provider, origin: str, issuer: str | None) -> Starlette:
    """The application behind the SDK's checks; without an issuer nothing says where tokens come from."""
    resource = AnyHttpUrl(origin + http_server.PATH)
    metadata_url = build_resource_metadata_url(resource) if issuer else None
    routes = [Route(http_server.PATH, endpoint=RequireAuthMiddleware(application, [SCOPE], metadata_url))]
    if issuer:
        routes += create_protected_resource_routes(resource, [AnyHttpUrl(issuer)], scopes_supported=[SCOPE])
    if issuer in (origin, None):
        routes += authorization_routes(provider, origin, has_metadata=issuer is not None)
    backend = BearerAuthBackend(ProviderTokenVerifier(provider))  # type: ignore
    middleware = [Middleware(AuthenticationMiddleware, backend=backend), Middleware(AuthContextMiddleware)]
    return Starlette(routes=routes, middleware=middleware)


async def serve(arguments: argparse.Namespace, application: http_server.Application, provider: Provider) -> None:
    listener = http_server.listen(arguments.http)
    port = listener.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    async with application.open(port), anyio.create_task_group() as group:
        issuer: str | None = None
        if arguments.authorization_server == "same-origin":
            issuer = origin
        elif arguments.authorization_server == "beside":
            beside = http_server.listen(0)
            issuer = f"http://127.0.0.1:{beside.getsockname()[1]}"
            app = Starlette(routes=authorization_routes(provider, issuer))
            group.start_soon(http_server.serve_application, app, beside)
        print(origin + http_server.PATH, file=sys.stderr, flush=True)
        await http_server.serve_application(protected(application, provider, origin, issuer), listener)
        group.cancel_scope.cancel()


def main() -> None:
    parser = everything_server.parser()
    places = ("beside", "same-origin", "unannounced")
    parser.add_argument("--authorization-server", choices=places, default=places[0])
    arguments = parser.parse_args()
    if arguments.http is None:
        parser.error("OAuth is for HTTP: --http PORT")
    application = everything_server.prepare(arguments)
    provider = Provider()

    @everything_server.tool("Ends every access token that was issued so far.")
    async def tool_expire_tokens(call: Any, arguments: Any) -> Any:
        provider.expire_access_tokens()
        return everything_server.text("expired")

    anyio.run(serve, arguments, application, provider)


if __name__ == "__main__":
    main()
