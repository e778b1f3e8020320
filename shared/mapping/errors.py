"""The two ways in which mapping refuses: the vendor file is wrong, or the delivery is."""


class VendorFileError(ValueError):
    """A vendor file cannot be used. `place` is the path into the file (`facts[3].state`), `detail` what is wrong there."""

    def __init__(self, place: str, detail: str, *, vendor: str = "") -> None:
        super().__init__(f"vendor file{f' {vendor}' if vendor else ''}, {place or 'top level'}: {detail}")
        self.place = place
        self.detail = detail


class NotUnderstood(Exception):
    """Nothing of a delivery could be understood: quarantine it. `expression` is what failed, where one did."""

    def __init__(self, reason: str, expression: str | None = None) -> None:
        super().__init__(reason if expression is None else f"{reason} ({expression})")
        self.reason = reason
        self.expression = expression
