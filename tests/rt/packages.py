"""Request Tracker 5 from Debian: `python -m tests.rt.packages` installs it where it is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARY = Path("/usr/share/request-tracker5")
SETUP_DATABASE = Path("/usr/sbin/rt-setup-database-5")

# `dbconfig-no-thanks`: Debian makes no database of its own, each test has one. `msmtp-mta`: a mail server that is none; it has
# no account here, so that nothing could leave even if RT were not told to write its mail to a file.
PACKAGES = ("request-tracker5", "rt5-standalone", "rt5-db-sqlite", "dbconfig-no-thanks", "msmtp-mta")


def installed() -> bool:
    return SETUP_DATABASE.exists() and (LIBRARY / "libexec" / "rt-server").exists()


def install_if_missing() -> None:
    """Raises RuntimeError with the command to give where this process may not install it."""
    if installed():
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise RuntimeError(f"Request Tracker 5 is not installed. On Debian 12, as root: {' '.join(command)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], command):
        done = subprocess.run(step, env=quiet, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(step)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main() -> int:
    try:
        install_if_missing()
    except RuntimeError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
