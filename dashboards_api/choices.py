"""Refusals of unknown choices that help: what is allowed, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 60  # characters of what was sent
LISTED = 20  # choices


def not_a_choice(value: object, choices: Iterable[object]) -> str:
    """The detail of a 400 for a value that is none of the choices: it lists them, and names the nearest."""
    sent, known = str(value)[:SHOWN], [str(choice) for choice in choices]
    nearest = nearest_of(sent, known)
    guess = f' Did you mean "{nearest}"?' if nearest else ""
    rest = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return f'"{sent}" is not a valid choice. Valid choices: {", ".join(known[:LISTED])}{rest}.{guess}'


def nearest_of(value: str, choices: Iterable[str]) -> str | None:
    """The choice that a text was probably meant to be, in any case. A number is not misspelt: it is another."""
    if value.isdigit():
        return None
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(value.casefold(), folded, n=1)
    return folded[found[0]] if found else None
