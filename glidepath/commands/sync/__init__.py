"""`sync ...`: outside helpdesks connected, read, told, and put right."""

from glidepath.commands.sync.connecting import add, make_read_only, make_two_way, remove, reseal, vendors
from glidepath.commands.sync.logging_in import login
from glidepath.commands.sync.mending import conflicts, dismiss, link, quarantine, replay, unlink
from glidepath.commands.sync.orders import discard, retry, writes
from glidepath.commands.sync.running import run
from glidepath.commands.sync.status import status

COMMANDS: dict[str, object] = {
    "status": status,
    "vendors": vendors,
    "add": add,
    "login": login,
    "run": run,
    "writes": writes,
    "retry": retry,
    "discard": discard,
    "two-way": make_two_way,
    "read-only": make_read_only,
    "conflicts": conflicts,
    "quarantine": quarantine,
    "replay": replay,
    "dismiss": dismiss,
    "link": link,
    "unlink": unlink,
    "remove": remove,
    "reseal": reseal,
}
