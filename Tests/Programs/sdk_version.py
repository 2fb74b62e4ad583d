"""What differs between the 1.x and 2.x lines of the MCP SDK, so that the programs need not know."""

from __future__ import annotations

import importlib.metadata
import warnings
from typing import Any

# 2.x warns on every use of sampling, roots and logging, which the 2026-07-28 revision deprecates. The warnings
# hold paths and line numbers and would make standard error differ between machines.
warnings.simplefilter("ignore")

import mcp.types as types  # noqa: E402

SDK_VERSION = importlib.metadata.version("mcp")
IS_V1 = SDK_VERSION.startswith("1.")

if IS_V1:
    import httpx
    from mcp.shared.exceptions import McpError as ProtocolError
else:
    import httpx2 as httpx
    from mcp.shared.exceptions import MCPError as ProtocolError


def wire(model: Any) -> dict[str, Any]:
    """The JSON object that the SDK reads or writes for a model, in either line."""
    return {} if model is None else model.model_dump(by_alias=True, mode="json", exclude_none=True)


def protocol_error(code: int, message: str, data: Any = None) -> Exception:
    """An exception that a request handler raises to answer with a JSON-RPC error."""
    error = types.ErrorData(code=code, message=message, data=data)
    return ProtocolError(error) if IS_V1 else ProtocolError.from_error_data(error)
