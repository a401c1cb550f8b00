"""What a caller accepts (RFC 9110 §12.5.1)."""

from collections.abc import Sequence

MOST_RANGES = 100
"""More are not looked at."""


def chosen(accept: bytes, offered: Sequence[str]) -> str | None:
    """RFC 9110 §12.5.1: which of the offered types the caller likes best, ours first; None: none of them.

    Who says nothing takes anything.
    """
    ranges = [_range(part) for part in accept.decode("latin-1").split(",")[:MOST_RANGES] if part.strip()]
    if not ranges:
        return offered[0]
    best, best_quality = None, 0.0
    for media_type in offered:
        quality = _quality(media_type, ranges)
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return name, quality


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """That of the most specific range that holds the type."""
    main = media_type.partition("/")[0]
    for name in (media_type, f"{main}/*", "*/*"):
        for range_name, quality in ranges:
            if range_name == name:
                return quality
    return 0.0
