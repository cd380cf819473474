"""Fictional people: the agents of the site, the customers who call it, numbers that nobody has.

Numbers come from ranges that regulators keep free for drama: Ofcom (+44 20 7946 0xxx...), NANPA (+1 xxx 555 01xx),
ARCEP (+33 1 99 00 xx xx...), Bundesnetzagentur (+49 30 23125 xxx...), ACMA (+61 x 5550 xxxx), PTS (+46 8 465 004 xx).
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from cti.model import Party

AGENTS = {
    "101": "Anna Rossi",
    "102": "Bruno Esposito",
    "103": "Žofia Kováčová",
    "104": "Dana O'Neill",
    "105": "Elio D'Amico",
    "106": "Françoise Lefèvre",
    "107": "Jürgen Groß",
    "108": "Nguyễn Thị Lan",
    "109": "Łukasz Wiśniewski",
    "110": "Siobhán Ní Bhriain",
    "111": "José María Núñez",
    "112": "Åsa Öberg",
    "113": "王伟",
    "114": "Zoë van 't Hoff",
    "115": "Ольга Петрова",
    "116": "Γιώργος Παπαδόπουλος",
    "117": "Aïcha Benali",
    "118": "山田 花子",
    "119": "Tomáš Dvořák",
    "120": "Marit Sæther",
}

FIRST_NAMES = (
    "Mario", "Giulia", "Luca", "Chiara", "Marco", "Sofia", "Émile", "Renée", "Jean-Luc", "Anaïs", "Pierre",
    "Hélène", "Jürgen", "Käthe", "Jörg", "Bärbel", "Łukasz", "Małgorzata", "Žofia", "Dušan", "Tomáš", "Růžena",
    "Siobhán", "Seán", "Aoife", "José", "Núria", "Íñigo", "Begoña", "João", "Conceição", "Åsa", "Björn", "Søren",
    "Mette", "Øyvind", "Ingrid", "Mehmet", "Ayşe", "Çağla", "Ömer", "Nikos", "Eleni", "Olga", "Dmitri", "Iryna",
    "Andriy", "Fatima", "Youssef", "Aïcha", "Karim", "Nguyễn", "Linh", "Wei", "Mei", "Kenji", "Hanako", "Min-jun",
    "Seo-yeon", "Priya", "Arjun", "Kwame", "Amara", "Chidi", "Zanele", "Mary", "John", "Paul", "Olivia", "Noah",
    "Charlotte",
)  # fmt: skip
LAST_NAMES = (
    "Rossi", "Bianchi", "Esposito", "D'Angelo", "Dell'Acqua", "Verdi", "Neri", "Dupont", "Lefèvre", "D'Arcy",
    "Garçon", "Müller", "Groß", "Schröder", "Weiß", "Wiśniewski", "Kowalczyk", "Kováčová", "Dvořák", "Svoboda",
    "O'Brien", "O'Neill", "MacCárthaigh", "Núñez", "García", "Ibáñez", "Gonçalves", "Araújo", "Öberg", "Ångström",
    "Sørensen", "Kjær", "Sæther", "Yılmaz", "Şahin", "Papadopoulos", "Ivanova", "Shevchenko", "Benali", "Haddad",
    "Trần", "Nguyễn", "Chen", "Wáng", "Yamada", "Satō", "Kim", "Park", "Sharma", "Iyer", "Mensah", "Okafor",
    "Dlamini", "Smith", "Martin", "Clarke", "Wright",
)  # fmt: skip
FULL_NAMES = (
    "王伟",
    "李娜",
    "山田太郎",
    "佐藤花子",
    "김민준",
    "Ольга Петрова",
    "Андрій Шевченко",
    "Γιώργος Νικολάου",
    "محمد حداد",
    "דנה כהן",
    "प्रिया शर्मा",
)
COMPANIES = (
    "Osteria",
    "Autofficina",
    "Bäckerei",
    "Boulangerie",
    "Hotel",
    "Studio",
    "Farmacia",
    "Garage",
    "Librería",
    "Café",
)
HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    '"; DROP TABLE customers; --',
    '=HYPERLINK("http://example.invalid","win")',
    "{{7*7}} ${7*7} %s %n",
    'Renée "Zoe" \\ O\'Hara',
    "\u202egnp.exe\u202c Bob",
    "A" * 80,
)

NUMBER_PLANS: tuple[tuple[tuple[str, ...], int], ...] = (  # beginnings, and how many digits follow
    (("+442079460", "+441134960", "+441214960", "+441314960", "+441614960"), 3),
    (("+121255501", "+131255501", "+141555501", "+160455501", "+171355501"), 2),
    (("+3319900", "+3326191", "+3335301", "+3346571", "+3353649"), 4),
    (("+493023125", "+496990009", "+494066969", "+498999998"), 3),
    (("+6125550", "+6135550", "+6175550", "+6185550"), 4),
    (("+468465004", "+463139006", "+464062804"), 2),
)


def numbers(rng: random.Random) -> Iterator[str]:
    """Different fictional numbers, E.164, some of each country, for ever (some ten thousand are different)."""
    seen: set[str] = set()
    while True:
        beginnings, digits = rng.choice(NUMBER_PLANS)
        number = rng.choice(beginnings) + f"{rng.randrange(10**digits):0{digits}}"
        if number not in seen or len(seen) > 10_000:
            seen.add(number)
            yield number


def name(rng: random.Random) -> str:
    """Somebody's name, of any language."""
    if rng.random() < 0.12:
        return rng.choice(FULL_NAMES)
    if rng.random() < 0.12:
        return f"{rng.choice(COMPANIES)} {rng.choice(LAST_NAMES)}"
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


class Public:
    """Who calls: known people who call again, strangers, withheld numbers, now and then a hostile name."""

    def __init__(self, rng: random.Random, known: list[Party]) -> None:
        self._rng, self._known = rng, known
        self._strangers = numbers(random.Random(rng.random()))  # noqa: S311 - a simulation
        self._recent: list[Party] = []

    def caller(self) -> Party:
        """The next one, as he shows himself."""
        share = self._rng.random()
        if share < 0.05:
            return Party("anonymous", "Anonymous")
        if share < 0.15 and self._recent:
            return self._rng.choice(self._recent)
        who = self._known_or_stranger()
        self._recent = [*self._recent[-30:], who]
        return who

    def known(self) -> Party:
        """A caller who is in the book, and shows it."""
        return self._rng.choice(self._known)

    def called(self) -> str:
        """A number that an agent calls."""
        return next(self._strangers) if not self._known or self._rng.random() < 0.2 else self._somebody()

    def _somebody(self) -> str:
        return str(self._rng.choice(self._known).number)

    def _known_or_stranger(self) -> Party:
        if self._known and self._rng.random() < 0.8:
            known = self._rng.choice(self._known)
            return known if self._rng.random() < 0.5 else Party(known.number)
        if self._rng.random() < 0.06:
            return Party(next(self._strangers), self._rng.choice(HOSTILE_NAMES))
        return Party(next(self._strangers), name(self._rng) if self._rng.random() < 0.4 else None)
