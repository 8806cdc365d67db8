"""How fast a run goes and how long it will take: from samples [seconds since the epoch, papers done], the oldest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

Sample = Sequence[float]
EVERY = 10.0  # seconds between two samples
KEPT = 31  # five minutes of samples: what is behind says little of what is ahead
GAP = 180.0  # silence after which the clock starts anew: nobody worked
LEAST = 5.0  # seconds of work before anything is said


def with_sample(samples: Sequence[Sample], now: float, done: int) -> list[list[float]]:
    """The samples with this one, where it is due; several workers may write them, so none goes back in time or in number."""
    kept = [list(sample) for sample in samples]
    if kept and now - kept[-1][0] > GAP:
        kept = []
    if kept and (now - kept[-1][0] < EVERY or done < kept[-1][1]):
        return kept
    return [*kept, [round(now, 1), done]][-KEPT:]


def per_minute(samples: Sequence[Sample]) -> float | None:
    """Papers a minute over the samples; None where that cannot be said yet."""
    if len(samples) < 2:
        return None
    seconds = samples[-1][0] - samples[0][0]
    made = samples[-1][1] - samples[0][1]
    return made * 60 / seconds if seconds >= LEAST and made > 0 else None


def minutes_left(samples: Sequence[Sample], done: int, total: int) -> float | None:
    rate = per_minute(samples)
    return max(0, total - done) / rate if rate else None
