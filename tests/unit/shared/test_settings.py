import pytest
from pydantic import ValidationError

from services.gateway.settings import GatewaySettings
from shared.settings import ServiceSettings

KEYS = {"identity_key": "identity-key-of-tests", "link_key": "link-key-of-all-tests"}


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIDEPATH_SMTP_USERNAME", "")
    monkeypatch.setenv("GLIDEPATH_SMTP_PORT", "")
    settings = GatewaySettings(
        database_url="sqlite://", credentials_key="credentials-of-tests", key_pepper="pepper-of-all-tests", **KEYS
    )
    assert (settings.smtp_username, settings.smtp_port) == (None, 587)


def test_a_short_key_is_refused_without_being_shown() -> None:
    with pytest.raises(ValidationError) as refused:
        ServiceSettings(database_url="sqlite://", identity_key="hunter2", link_key=KEYS["link_key"])
    assert "hunter2" not in str(refused.value)
