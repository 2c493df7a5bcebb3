"""One concept that the general model knows."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GeneralConcept:
    """Something that pictures show.

    `id` is its WordNet 3.0 id ("n02084071"), `name` what it is called, `lemmas` its other names,
    `parents` the ids of what it is a kind of. `leaves` are the model's classes that it covers, as
    indices into the model's labels: its probability is the sum of theirs. `shown` is False where
    the name is too general or too learned to tell anything ("artifact", "chordate").
    """

    id: str
    name: str
    lemmas: tuple[str, ...]
    parents: tuple[str, ...]
    leaves: tuple[int, ...] = field(repr=False)
    shown: bool
