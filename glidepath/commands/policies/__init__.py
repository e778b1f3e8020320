"""`policies ...`: what is promised, who signed it, and moving open tickets from one version to another."""

from glidepath.commands.policies.migrating import list_migrations, migrate, undo_migration
from glidepath.commands.policies.writing import (
    check_policy,
    diff_policy,
    enforce_policy,
    list_policies,
    put_policy,
    show_policy,
    sign_policy,
)

COMMANDS: dict[str, object] = {
    "list": list_policies,
    "show": show_policy,
    "diff": diff_policy,
    "check": check_policy,
    "put": put_policy,
    "sign": sign_policy,
    "enforce": enforce_policy,
    "migrate": migrate,
    "migrations": list_migrations,
    "undo": undo_migration,
}
