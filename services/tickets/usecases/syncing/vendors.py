"""The vendor file of a connector: that of the gateway's source with its name, else the one that comes with Glidepath."""

from services.tickets.domain.sync import Connector
from services.tickets.ports import TicketsUnit
from shared.errors import PermanentFailure
from shared.mapping import VendorFile, VendorFileError, load_vendor, parse_vendor, vendor_names

KEPT = 100


class Vendors:
    """Keeps parsed files, for parsing one takes longer than using it."""

    def __init__(self) -> None:
        self._parsed: dict[str, VendorFile] = {}

    async def of(self, unit: TicketsUnit, connector: Connector) -> VendorFile:
        """Raises `PermanentFailure` where there is no file that can be used."""
        found = await unit.sources.find(connector.name)
        try:
            if found is None:
                return load_vendor(connector.vendor)
            version, document = found
            if version not in self._parsed:
                if len(self._parsed) >= KEPT:
                    self._parsed.clear()
                self._parsed[version] = parse_vendor(document)
            vendor = self._parsed[version]
            if vendor.calls is None and vendor.vendor == connector.vendor:
                # The source was set up by a release that did not know how to call this vendor.
                return load_vendor(connector.vendor)
        except VendorFileError as problem:
            raise PermanentFailure(f"The vendor file of {connector.name} cannot be used: {problem}") from problem
        return vendor


def callable_vendors() -> list[str]:
    """Those that come with Glidepath and can be asked and told."""
    return [name for name in vendor_names() if load_vendor(name).calls is not None]


def helpdesk_vendors() -> list[VendorFile]:
    """The helpdesks that come with Glidepath."""
    return [vendor for vendor in map(load_vendor, vendor_names()) if vendor.kind != "lms"]
