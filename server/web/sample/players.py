"""Invented players of the sample contests, with names in several scripts."""

from typing import NamedTuple


class Player(NamedTuple):
    """A user of a sample contest."""

    user_id: str
    name: str
    attributes: dict[str, str]


_SCORERS = (
    ("Lúcia Paredes", "Real Montaña", "ES"),
    ("Bjørn Aasland", "Nordlys BK", "NO"),
    ("ليلى الحداد", "Al Najma", "MA"),
    ("Zoë van der Meer", "Havenstad", "NL"),
    ("Țvetana Ilieșu", "Steaua Mică", "RO"),
    ("高橋みなと", "Kita Cranes", "JP"),
    ("Matheus Conceição", "Baía Azul", "BR"),
    ("נועה אלמוג", "Hapoel Galim", "IL"),
    ("Siobhán Ó Néill", "Harbour Rovers", "IE"),
    ("Çağla Yıldırım", "Körfez Spor", "TR"),
    ("Мирослава Ткач", "Zirka Dnipro", "UA"),
    ("Amara Okonkwo-Bell", "Lagoon City", "NG"),
    ("Jürgen Weißbach", "Eintracht Elbe", "DE"),
    ("김하늘", "Hanbit FC", "KR"),
    ("Þórdís Freysdóttir", "Ísafoss", "IS"),
    ("Ελπίδα Μαυρίδη", "Thalassa", "GR"),
    ("Łukasz Wąsik", "Orzeł Odra", "PL"),
    ("سهراب کیانی", "Setareh", "IR"),
    ("Renée Dubœuf", "Olympique du Lac", "FR"),
    ("अनन्या राठी", "Deccan Kites", "IN"),
    ("Kwame Asante", "Volta Stars", "GH"),
    ("Žofie Říhová", "Slovan Labe", "CZ"),
    ("陈思远", "Jiang United", "CN"),
    ("Nguyễn Thảo Vy", "Sông Hồng", "VN"),
    ("Mateo Ibarguren", "Atlético Río", "AR"),
    ("ปณิตา แสงทอง", "Chao Phraya", "TH"),
    ("Õnne Kärner", "Saare Tuuled", "EE"),
    ("Tāne Wiremu", "Southern Tuis", "NZ"),
    ("Giulia Sant'Angelo", "Porto Vecchio", "IT"),
    ("Ðurđa Šimić", "Bura Split", "HR"),
)
"""Name, team and country of footballers, the strongest first."""

_FIRST = (
    *("Ada", "Bruno", "Chloé", "Dmitri", "Esra", "Finn", "Goran", "Héloïse", "Ines", "João"),
    *("Katya", "Leïla", "Marek", "Nia", "Óscar", "Priya", "Quim", "Rasa", "Søren", "Tomás"),
)
_LAST = (
    *("Abara", "Brandt", "Castaño", "Dvořák", "Eriksen", "Fontaine", "Gökçe", "Hosseini"),
    *("Ivanova", "Jansen"),
)


def scorers() -> tuple[Player, ...]:
    """Return the footballers."""
    return tuple(
        Player(f"player-{number}", name, {"team": team, "country": country})
        for number, (name, team, country) in enumerate(_SCORERS, 1)
    )


def guests(number: int, tables: int) -> tuple[Player, ...]:
    """Return up to 200 guests of a quiz, each at a table."""
    names = [
        f"{_FIRST[seat % len(_FIRST)]} {_LAST[(seat // len(_FIRST) + seat) % len(_LAST)]}"
        for seat in range(number)
    ]
    return tuple(
        Player(f"guest-{seat}", name, {"team": f"Table {seat % tables + 1}"})
        for seat, name in enumerate(names, 1)
    )
