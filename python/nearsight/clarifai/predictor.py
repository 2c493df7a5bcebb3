"""What answers a prediction here, and its answer as the data of the service's JSON."""

from collections.abc import Callable, Iterable
from typing import Any

import nearsight
from nearsight.clarifai.database import Database
from nearsight.clarifai.model_wire import predicted_json
from nearsight.clarifai.output_info import ModelOutputConfig
from nearsight.clarifai.predicting import Predictor
from nearsight.clarifai.public_models import PublicModel
from nearsight.clarifai.records import concept_ids, names_of
from nearsight.clarifai.wire import GENERAL_APP, Json

_MOST = 20  # concepts of a prediction, unless it is said how many

Found = list[tuple[str, float]]


def predictor(
    api: Database, id_: str, public: PublicModel | None, config: ModelOutputConfig
) -> Predictor:
    """Give the function from a source of one picture to the data of an output."""
    model: Any = api.native.models[id_ if public is None else str(public.native)]
    if public is None:
        return lambda source: _own(api, model, source, config)
    if shape := _SHAPES.get(public.kind):
        return lambda source: shape(model.predict(source))
    return lambda source: _general(api, model, source, config)


def _own(api: Database, model: Any, source: object, config: ModelOutputConfig) -> Json:
    selected = None if config.selected is None else concept_ids(api, config.selected)
    found = _asked(model, source, config, selected)
    names = names_of(api, (id_ for id_, _ in found))
    return predicted_json(((id_, names[id_], value) for id_, value in found), api.app_id)


def _general(api: Database, model: Any, source: object, config: ModelOutputConfig) -> Json:
    found = _asked(model, source, config, config.selected)
    ids = _ids(api, source, [name for name, _ in found])
    spoken = [name for name, _ in found]
    if config.selected is not None:
        names = names_of(api, ids)
        spoken = [names[id_] for id_ in ids]
    elif config.language is not None:  # the same concepts in the same order, by other names
        spoken = [name for name, _ in _asked(model, source, config, None, language=config.language)]
    values = (value for _, value in found)
    return predicted_json(zip(ids, spoken, values, strict=True), GENERAL_APP)


def _ids(api: Database, source: object, names: list[str]) -> list[str]:
    """The ids behind predicted names; of several concepts with one name, the most probable."""
    meant = [api.general_ids(name) for name in names]
    unclear = [id_ for ids in meant if len(ids) > 1 for id_ in ids]
    if not unclear:
        return [ids[0] for ids in meant]
    general: Any = api.native.models["general"]
    likely = dict(general.predict(source, select_concepts=unclear, max_concepts=None))
    return [max(ids, key=lambda id_: likely.get(id_, 0.0)) for ids in meant]


def _asked(
    model: Any,
    source: object,
    config: ModelOutputConfig,
    selected: Iterable[str] | None,
    **more: Any,
) -> Found:
    most = _MOST if config.max_concepts is None else config.max_concepts
    found: Found = model.predict(
        source,
        min_value=0.0 if config.min_value is None else config.min_value,
        max_concepts=most or 1,  # 0, which native calls refuse, asks for none
        select_concepts=selected,
        **more,
    )
    return found if most else []


def _vector(vector: Any) -> Json:
    return {"embeddings": [{"vector": vector.tolist(), "num_dimensions": len(vector)}]}


def _colors(palette: list[nearsight.colors.Color]) -> Json:
    return {"colors": [_color(*color) for color in palette]}


def _color(name: str, hex_: str, share: float) -> Json:
    return {"raw_hex": hex_, "w3c": {"hex": hex_, "name": name}, "value": share}


def _focus(found: Found) -> Json:
    ((_, sharpness),) = found
    return {"focus": {"density": sharpness, "value": sharpness}}


_SHAPES: dict[str, Callable[[Any], Json]] = {"embed": _vector, "color": _colors, "focus": _focus}
