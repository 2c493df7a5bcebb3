"""What a cosine means: is it the same picture, is it the same subject, or neither?"""

from dataclasses import dataclass
from math import log, tanh

from nearsight.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Likeness:
    """A cosine as a probability: sigmoid(slope * cosine + offset) at even odds.

    Fitted by logistic regression to pairs of pictures, half of them alike, and valid for one model
    only (tests/e2e/likeness.py measures both it and how far to trust it).
    """

    slope: float
    offset: float

    def of(self, cosine: float, share: float = 0.5) -> float:
        """The probability, 0..1, that two pictures with this cosine, -1..1, are alike.

        `share`, above 0 and below 1, is the part of the pairs in question that is alike. Even odds
        fit a pair that somebody has reason to compare. Who asks whether the best of a thousand hits
        is a match has reason to expect one match in a thousand pairs: share=0.001.

        >>> round(Likeness(38, -19).of(0.5), 2), round(Likeness(38, -19).of(0.5, share=0.01), 2)
        (0.5, 0.01)
        """
        if not -1.001 <= cosine <= 1.001:
            raise ArgumentError(f"cosine={cosine!r}: it lies in -1..1")
        if not 0 < share < 1:
            raise ArgumentError(f"share={share!r}: give a part above 0 and below 1")
        logit = self.slope * cosine + self.offset + log(share / (1 - share))
        return 0.5 + 0.5 * tanh(0.5 * logit)
