"""What the hosted service's public models are here: names that people know, and honest gaps."""

from nearsight.errors import NotFoundError

HERE = {  # the service's names and ids, and our own, in lower case → the model that comes with us
    **{id_: id_ for id_ in ("general", "food", "travel", "embed")},
    "general-v1.3": "general",
    "general-v1.1": "general",
    "aaa03c23b3724a16a56b629203edc62c": "general",
    "bbb5f41425b8468d9b7a554ff10f8581": "embed",
    "color": "color",
    "eeed0b6733a644cea07cf4c60f87ebb7": "color",
    "food-items-v1.0": "food",
    "travel-v1.0": "travel",
    "apparel": "apparel",
    "focus": "focus",
}
_TEACH = "Teach it your own examples: app.models.create(id, concepts=[…])."
_BRING = (
    "Run a network of your own over your pictures and write what it finds with "
    "app.annotations.add(input, concepts=[…], by='its name'); such concepts can be searched by."
)
_GAPS = {  # what nearsight has no weights for that may be shipped, and what to do instead
    "nsfw-v1.0": f"{_BRING} {_TEACH}",
    "moderation": f"{_BRING} {_TEACH}",
    "face-v1.3": _BRING,
    "a403429f2ddf4b49b307e318f00e528b": _BRING,
    "logo": _TEACH,
    "celeb-v1.3": f"It knows no person. {_TEACH}",
    "demographics": f"It does not guess what people are. {_BRING}",
    "textures-and-patterns": _TEACH,
    "wedding-v1.0": _TEACH,
}


def resolve(name: str) -> str:
    """The id of the ready model that a name of the service, or a ready model's own id, means.

    Raises `NotFoundError` for a public model that the device does not have, saying what to do.
    Any other name is given back.
    """
    key = name.strip().lower()
    if key in _GAPS:
        raise NotFoundError(f"nearsight comes without the model {name!r}. {_GAPS[key]}")
    return HERE.get(key, name)
