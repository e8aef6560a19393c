"""Refusals of unknown choices that help: what is allowed, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

VALUE_MAX_LENGTH = 60  # characters of what was sent
CHOICES_MAX = 20  # choices


def invalid_choice_message(value: object, choices: Iterable[object]) -> str:
    """The detail of a 400 for a value that is none of the choices: it lists them, and names the nearest."""
    sent, known = str(value)[:VALUE_MAX_LENGTH], [str(choice) for choice in choices]
    nearest = closest_match(sent, known)
    guess = f' Did you mean "{nearest}"?' if nearest else ""
    rest = f" and {len(known) - CHOICES_MAX} more" if len(known) > CHOICES_MAX else ""
    return f'"{sent}" is not a valid choice. Valid choices: {", ".join(known[:CHOICES_MAX])}{rest}.{guess}'


def closest_match(value: str, choices: Iterable[str]) -> str | None:
    """The choice that a text was probably meant to be, in any case. A number is not misspelt: it is another."""
    if value.isdigit():
        return None
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(value.casefold(), folded, n=1)
    return folded[found[0]] if found else None
