"""Numbers in decimal digits that are certain."""

from typing import Any

from flint import arb

_FEW = 6  # digits of the exponent of ten from which the scientific form is shorter


def digits_of(value: Any, most: int = 10) -> str:
    """The first digits of a ball, cut off ("…") where more follow; every digit shown is certain.

    A ball around 0 is shown as "0" if it lies within 1e-60, else by its bound; one that is not finite as "undefined".
    """
    if not value.is_finite():
        return "undefined"
    if value.contains(0):
        return "0" if abs(value) < arb(10) ** -60 else f"below {arb(value.abs_upper()).str(1, radius=False)}"
    size = abs(value)
    exponent = _exponent(size)
    for digits in range(most, 0, -1):
        scaled = size * arb(10) ** (digits - 1 - exponent)
        near = (scaled + arb(0.5)).floor().unique_fmpz()
        if near is not None and scaled.contains(near):
            return ("-" if value < 0 else "") + _placed(str(near), exponent, digits, "")
        whole = scaled.floor().unique_fmpz()
        if whole is not None:
            return ("-" if value < 0 else "") + _placed(str(whole), exponent, digits, "…")
    return str(value.str(1))


def _exponent(size: Any) -> int:
    """Of ten, so that the first digit is not 0; of the power of ten itself where the ball lies around one."""
    power = (size.log() / arb(10).log()).floor().unique_fmpz()
    if power is None:
        return int((size.log() / arb(10).log() + arb(0.5)).floor().unique_fmpz() or 0)
    return int(power)


def _placed(word: str, exponent: int, digits: int, more: str) -> str:
    """The digits with their point; without zeros at the end if nothing follows."""
    exponent += len(word) - digits
    if not more:
        word = word.rstrip("0") or "0"
    if -_FEW < exponent < 0:
        return "0." + "0" * (-exponent - 1) + word + more
    if 0 <= exponent < 2 * _FEW:
        word = word.ljust(exponent + 1, "0")
        tail = word[exponent + 1 :]
        return word[: exponent + 1] + ("." + tail if tail else "") + (more if tail or more else "")
    return word[0] + ("." + word[1:] if word[1:] else "") + more + f"e{exponent:+d}"
