"""What models, their versions and their predictions look like in the service's replies."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import uuid4

import nearsight
from nearsight.clarifai.errors import status
from nearsight.clarifai.public_models import PublicModel
from nearsight.clarifai.wire import GENERAL_APP, Json, concept_json, instant

TRAINED = {"code": 21100, "description": "Model trained successfully"}
UNTRAINED = {"code": 21102, "description": "Model not yet trained"}


def public_json(model: PublicModel) -> Json:
    """A public model."""
    return {
        "id": model.id,
        "name": model.name,
        "app_id": GENERAL_APP,
        "created_at": None,
        "output_info": {"type": model.kind, "type_ext": model.kind},
        "model_version": {"id": nearsight.__version__, "created_at": None, "status": TRAINED},
    }


def own_json(model: nearsight.Model, app_id: str) -> Json:
    """A custom model with the version in use."""
    config: Json = {
        "concepts_mutually_exclusive": model.concepts_mutually_exclusive,
        "closed_environment": model.closed_environment,
    }
    info = model.info()
    config["hyper_parameters"] = json.dumps(info.hyper_parameters)
    return {
        "id": model.id,
        "name": model.name,
        "app_id": app_id,
        "created_at": instant(info.added_at),
        "output_info": {"type": "concept", "type_ext": "concept", "output_config": config},
        "model_version": _in_use(model),
    }


def _in_use(model: nearsight.Model) -> Json:
    if model.current is None:
        return {"id": "", "created_at": None, "status": UNTRAINED}
    return version_json(model.version(model.current))


def version_json(version: nearsight.Version) -> Json:
    """One training of a custom model."""
    return {
        "id": str(version.number),
        "created_at": instant(version.trained_at),
        "status": TRAINED,
        "active_concept_count": len(version.reports),
    }


def predicted_json(predicted: Iterable[tuple[str, str, float]], app_id: str) -> Json:
    """Predicted concepts, (id, name, value) each, as the data of an output."""
    return {
        "concepts": [concept_json(id_, name, app_id, value=value) for id_, name, value in predicted]
    }


def output_json(model: Json, of: Json, data: Json) -> Json:
    """One output: what a model says of an input."""
    return {
        "id": uuid4().hex,
        "status": status(),
        "created_at": instant(datetime.now(UTC)),
        "model": model,
        "input": of,
        "data": data,
    }
