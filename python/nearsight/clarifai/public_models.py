"""The hosted service's public models by their names, ids and types, and what answers for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublicModel:
    """A public model: `native` is the model of this device that answers for it, None if none does.

    `kind` is its type.
    """

    name: str
    id: str
    native: str | None
    kind: str = "concept"


# Names as in the documents; a name without its version ("general") means the same.
PUBLIC_MODELS = (
    PublicModel("general-v1.3", "aaa03c23b3724a16a56b629203edc62c", "general"),
    PublicModel("general-v1.3", "bbb5f41425b8468d9b7a554ff10f8581", "embed", "embed"),
    PublicModel("travel-v1.0", "eee28c313d69466f836ab83287a54ed9", "travel"),
    PublicModel("food-items-v1.0", "bd367be194cf45149e75f01d59f77ba7", "food"),
    PublicModel("apparel", "e0be3b9d6a454f0493ac3a30784001ff", "apparel"),
    PublicModel("color", "eeed0b6733a644cea07cf4c60f87ebb7", "color", "color"),
    PublicModel("focus", "c2cf7cecd8a6427da375b9f35fcd2381", "focus", "focus"),
    PublicModel("nsfw-v1.0", "e9576d86d2004ed1a38ba0cf39ecb4b1", None),
    PublicModel("celeb-v1.3", "e466caa0619f444ab97497640cefc4dc", None, "facedetect-identity"),
    PublicModel(
        "demographics", "c0c0ac362b03416da06ab3fa36fb58e3", None, "facedetect-demographics"
    ),
    PublicModel("face-v1.3", "a403429f2ddf4b49b307e318f00e528b", None, "facedetect"),
    PublicModel("logo", "c443119bf2ed4da98487520d01a0b1e3", None, "detection"),
)
GENERAL = PUBLIC_MODELS[0]


def public_model(name: str | None, id_: str | None, kind: str | None) -> PublicModel | None:
    """The public model with this id; or name, with or without its version, and type if given.

    >>> public_model("general", None, None) is GENERAL
    True
    """
    for model in PUBLIC_MODELS:
        if id_ is not None and model.id == id_:
            return model
        is_named = name in (model.name, model.name.split("-")[0], model.id)
        if name is not None and is_named and kind in (None, model.kind):
            return model
    return None
