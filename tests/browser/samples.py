"""Boards to look at: names from many countries, and scores as of a league in its second half."""

from collections.abc import Mapping

_NAMES = (
    "Amara Okafor", "Mateo Fernández", "Ingrid Solberg", "佐藤 さくら", "Priya Raman",
    "ليلى الشريف", "Jonas Weber", "Chloé Dubois", "Oleksandr Kovalenko", "Thandiwe Dlamini",
    "Sofia Rossi", "Minh Anh Nguyễn", "נועה לוי", "Kwame Mensah", "Freya Lindqvist",
    "김서연", "Diego Castillo", "Aisha Bello", "Tomáš Novák", "Leilani Kahale",
    "Maximiliane von Hohenstein-Wartenberg", "Ravi", "Zeynep Kaya", "Noah Clarke", "Ana Souza",
)  # fmt: skip

_GAPS = (
    310,
    45,
    220,
    15,
    130,
    75,
    0,
    190,
    60,
    25,
    145,
    80,
    30,
    110,
    0,
    95,
    40,
    170,
    20,
    65,
    35,
    90,
)


def league() -> tuple[Mapping[str, int], Mapping[str, str]]:
    """Return scores and names of users by their ids, best first."""
    score = 18_420
    scores: dict[str, int] = {}
    names: dict[str, str] = {}
    for number, name in enumerate(_NAMES):
        user_id = f"player-{number + 1}"
        scores[user_id] = score
        names[user_id] = name
        score -= _GAPS[number % len(_GAPS)]
    return scores, names
