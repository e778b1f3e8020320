"""Makes a login link in the gateway's database, from inside `up` or from another process beside it."""

from glidepath.context import DEFAULT_PORT, read_credentials
from glidepath.embedded.folder import DataFolder
from services.gateway.main import GatewayRuntime, make_runtime
from services.gateway.settings import GatewaySettings
from services.gateway.usecases.logins import issue_login_link
from shared.auth import Role


async def make_login_link(folder: DataFolder | None) -> str:
    """The link for the gateway on `folder`, or for the one that the environment's settings describe."""
    runtime = make_runtime(GatewaySettings() if folder is None else _settings_of(folder))
    try:
        return await login_link(runtime)
    finally:
        await runtime.database.dispose()


async def login_link(runtime: GatewayRuntime) -> str:
    """A fresh link for an administrator."""
    async with runtime.database.unit() as unit:
        token = await issue_login_link(
            unit,
            subject="user:operator",
            name="Operator",
            roles=frozenset({Role.ADMIN}),
            now=runtime.clock.now(),
        )
    return f"{runtime.settings.public_url.rstrip('/')}/login/{token}"


def _settings_of(folder: DataFolder) -> GatewaySettings:
    secrets = folder.secrets()
    url = read_credentials(folder.credentials_file).get("url", f"http://127.0.0.1:{DEFAULT_PORT}")
    return GatewaySettings.model_validate(
        {
            "database_url": folder.database_url("gateway"),
            "identity_key": secrets.identity_key,
            "link_key": secrets.link_key,
            "credentials_key": secrets.credentials_key,
            "key_pepper": secrets.key_pepper,
            "public_url": url,
        }
    )
