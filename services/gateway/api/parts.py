"""What the routes need beside the request's transaction; `main` puts it together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends

from services.gateway.ports import GatewayUnit, Vendors
from services.gateway.settings import GatewaySettings
from shared.rest import request_unit
from shared.vault import Vault

Unit = Annotated[GatewayUnit, Depends(request_unit)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    settings: GatewaySettings
    vendors: Vendors
    vault: Vault
    ask_quiet: Callable[[], Awaitable[tuple[bool, dict[str, dict[str, Any]]]]]
