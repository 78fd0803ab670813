"""Who the learners of the demonstration are: names and addresses for the contact book, and nowhere else."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Any, Final

DOMAIN: Final = "students.northfield.example"

_GIVEN = """
    Aoife Aisha Alejandro Amara Anna Arjun Beatriz Björn Carmen Chidi Chloé Ciarán Daniela David Deniz Dilnoza Elif Emeka Emma
    Fatima Finn Francesca Giorgos Grace Hana Hannah Hiroshi Ibrahim Ines Ivan Jakub James Jelena Joana Jonas José Jürgen Kavya
    Kenji Khadija Kofi Lars Layla Leila Lena Liam Lina Lucía Mateo Mei Mila Miriam Mohammed Nadia Niamh Nikolai Noor Oisín
    Olga Oluwaseun Omar Pablo Paula Pedro Priya Rania Raúl Rosa Ruth Saoirse Sara Seán Selma Sinéad Sofía Tariq Thandiwe Theo
    Tomás Valentina Wei Xin Yara Yusuf Zainab Zoë Zuzanna
"""
_FAMILY = """
    Abbas Adeyemi Ahmed Alvarez Andersson Bakker Becker Bianchi Brennan Byrne Castillo Chen Costa Dąbrowski Demir Doyle Dubois
    Eriksen Fernández Fitzgerald García Gallagher Georgiou Gupta Haddad Hassan Hoffmann Horvat Ito Ivanova Jansen Kaya Kelly
    Khan Kim Kovács Kowalska Krüger Kumar Lefèvre Lindqvist López Martínez McCarthy Mensah Meyer Moreau Murphy Müller Nakamura
    Nguyen Novák Nowak Nwosu O'Brien O'Connor Okafor Osei Papadopoulos Patel Pereira Popescu Quinn Rahman Ramos Reid Rossi
    Ryan Santos Schmidt Schneider Sharma Silva Singh Smith Suzuki Tanaka Torres Walsh Wang Weber Wilson Wójcik Yıldız Zhang
"""
GIVEN: Final = tuple(_GIVEN.split())
FAMILY: Final = tuple(_FAMILY.split())
WISHES: Final = ("granted", "upgraded", "revoked")
"""What some prefer to hear about, and nothing else."""


@dataclass(frozen=True, slots=True)
class Person:
    """A learner's entry in the contact book. `wants` None: every kind of message."""

    learner: str
    name: str
    address: str
    language: str
    wants: tuple[str, ...] | None = None

    def contact(self) -> dict[str, Any]:
        """As the contact book's bulk import takes it."""
        entry: dict[str, Any] = {"learner": self.learner, "name": self.name, "address": self.address, "language": self.language}
        return entry if self.wants is None else entry | {"wants": list(self.wants)}


def people(random: Random, number: int) -> tuple[Person, ...]:
    """Different learners, each with an id that says nothing about who it is."""
    ids: dict[str, None] = {}
    while len(ids) < number:
        ids[f"nu-{random.getrandbits(40):010x}"] = None
    return tuple(_person(random, learner, place) for place, learner in enumerate(ids, 1))


def _person(random: Random, learner: str, place: int) -> Person:
    given, family = random.choice(GIVEN), random.choice(FAMILY)
    language = random.choices(("en", "de", "es"), (75, 13, 12))[0]
    wants = WISHES if random.random() < 0.06 else None
    return Person(learner, f"{given} {family}", address(given, family, place), language, wants)


def address(given: str, family: str, place: int | None = None) -> str:
    """Without marks over letters, and with a number where one is given, so that no two are the same."""
    number = "" if place is None else str(place)
    return f"{_plain(given)}.{_plain(family)}{number}@{DOMAIN}"


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.lower().replace("ı", "i"))
    return "".join(letter for letter in apart if "a" <= letter <= "z")
