import pytest
from pydantic import SecretStr, ValidationError

from services.gateway.settings import GatewaySettings
from shared.settings import ServiceSettings

KEY = SecretStr("a-key-that-is-long-enough")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIDEPATH_SMTP_USERNAME", "")
    monkeypatch.setenv("GLIDEPATH_SMTP_PORT", "")
    settings = GatewaySettings(
        database_url="sqlite://", identity_key=KEY, link_key=KEY, credentials_key=KEY, key_pepper=KEY
    )
    assert (settings.smtp_username, settings.smtp_port) == (None, 587)


def test_a_short_key_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIDEPATH_LINK_KEY", "hunter2")
    with pytest.raises(ValidationError) as refused:
        ServiceSettings(database_url="sqlite://", identity_key=KEY)
    assert "hunter2" not in str(refused.value)
