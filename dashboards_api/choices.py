"""Error messages for unknown choices, with the valid choices and the closest match."""

from collections.abc import Iterable
from difflib import get_close_matches

VALUE_MAX_LENGTH = 60  # characters of the value in the message
MAX_CHOICES = 20  # choices in the message


def build_invalid_choice_message(value: object, choices: Iterable[object]) -> str:
    """Return the error detail for an unknown choice, with the valid choices and the closest match."""
    sent, known = str(value)[:VALUE_MAX_LENGTH], [str(choice) for choice in choices]
    nearest = find_closest_match(sent, known)
    guess = f' Did you mean "{nearest}"?' if nearest else ""
    rest = f" and {len(known) - MAX_CHOICES} more" if len(known) > MAX_CHOICES else ""
    return f'"{sent}" is not a valid choice. Valid choices: {", ".join(known[:MAX_CHOICES])}{rest}.{guess}'


def find_closest_match(value: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is most similar to a string, ignoring case, or None. Numbers have no closest match."""
    if value.isdigit():
        return None
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(value.casefold(), folded, n=1)
    return folded[found[0]] if found else None
