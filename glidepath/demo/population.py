"""The simulated organisation: 1,500 people, the same every time. No randomness: everything follows from a person's number."""

import csv
import io
from dataclasses import dataclass

from glidepath.demo.simulators.moodle import MoodleUser

REHEARSAL, IT, NORTH, OTHERS = 12, 40, 398, 1050
TOTAL = REHEARSAL + IT + NORTH + OTHERS

_FIRST = (
    "Ada Ben Carla Deniz Elif Finn Greta Hugo Ines Jonas Kaya Lars Mina Noor Olga Pavel Quirin Rosa Samir Tilda Umut Vera"
    " Wim Xenia Yusuf Zoe Arne Britt Cem Doro Emil Fatma Gero Hanna Ivo Jana Kai Leyla Mats Nele"
)
_LAST = (
    "Adler Bauer Celik Dietz Ernst Falk Graf Horn Ilg Jung Kern Lang Moser Nagel Otto Peters Quast Reuter Sommer Thiel"
    " Ulmer Vogel Winter Yilmaz Zander Albers Brandt Conrad Dahl Ebert Frings Gerlach Heise Imhof Jahn Kolb Lenz Martens"
    " Nolte Ohm"
)
_NORTH_SITES = ("Hamburg", "Bremen", "Kiel", "Rostock")
_OTHER_SITES = {
    "South": ("Munich", "Vienna", "Zurich"),
    "West": ("Cologne", "Utrecht", "Lyon"),
    "East": ("Dresden", "Prague", "Krakow"),
}
_DEPARTMENTS = ("Production", "Logistics", "Sales", "Finance", "Service", "Purchasing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One person. `number` (from 1) is also the number in the LMS and in the helpdesk, plus an offset there."""

    number: int
    first: str
    last: str
    department: str
    region: str
    site: str
    role: str = ""
    tags: tuple[str, ...] = ()

    @property
    def personnel_id(self) -> str:
        return f"E{self.number:04d}"

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}.{self.number}@nordwind.example".lower()

    @property
    def wave(self) -> str:
        """The wave that the plan's audiences put this person in."""
        if "rehearsal" in self.tags:
            return "rehearsal"
        if self.department == "IT":
            return "it"
        return "north" if self.region == "North" else "everyone"

    @property
    def moodle_user(self) -> MoodleUser:
        return MoodleUser(
            id=100 + self.number,
            username=f"{self.first}.{self.last}.{self.number}".lower(),
            firstname=self.first,
            lastname=self.last,
            email=self.email,
            idnumber=self.personnel_id,
        )


def employees() -> list[Employee]:
    """All of them: first the rehearsal's, then IT, region North, the rest."""
    return [_employee(number) for number in range(1, TOTAL + 1)]


def _employee(number: int) -> Employee:
    index = number - 1
    firsts, lasts = _FIRST.split(), _LAST.split()
    first, last = firsts[index % len(firsts)], lasts[(index // len(firsts) + index * 7) % len(lasts)]
    department, region, site, role = _DEPARTMENTS[index % len(_DEPARTMENTS)], "North", "Hamburg", ""
    tags: tuple[str, ...] = ()
    if number <= REHEARSAL:
        department, tags = "Training", ("rehearsal",)
    elif number <= REHEARSAL + IT:
        department = "IT"
        role = {1: "dba", 2: "network", 3: "security", 4: "go-to"}.get(number - REHEARSAL, "support")
    elif number <= REHEARSAL + IT + NORTH:
        site = _NORTH_SITES[index % len(_NORTH_SITES)]
    else:
        region = tuple(_OTHER_SITES)[index % len(_OTHER_SITES)]
        site = _OTHER_SITES[region][index // len(_OTHER_SITES) % 3]
    return Employee(
        number=number, first=first, last=last, department=department, region=region, site=site, role=role, tags=tags
    )


def people_csv(people: list[Employee]) -> bytes:
    """The file that `glidepath people import` takes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "name", "email", "department", "region", "site", "role", "language", "zone", "tags"))
    for one in people:
        writer.writerow(
            (
                one.personnel_id,
                one.name,
                one.email,
                one.department,
                one.region,
                one.site,
                one.role,
                "en",
                "Europe/Berlin",
                "|".join(one.tags),
            )
        )
    return text.getvalue().encode()
