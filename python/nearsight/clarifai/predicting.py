"""Pictures through a model, with the service's answer to each."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import nearsight
from nearsight.clarifai.errors import FAILURE, INPUT_FAILED, MIXED, UserError, refusal, status
from nearsight.clarifai.image import Image
from nearsight.clarifai.model_wire import output_json
from nearsight.clarifai.wire import Json

_NOT_HERE = (
    "nothing is ever downloaded, and of inputs the pixels are not kept; give a local file "
    "(url='photos/dog.jpg'), or see app.inputs.get_outputs(id)"
)

Predictor = Callable[[object], Json]  # from a source of one picture to an output's data


def predicted(model: Json, images: list[Image], predictor: Predictor) -> Json:
    """The reply to a prediction. Raises one `ApiError` that tells of all that cannot be used."""
    if not images:
        raise UserError("predict: give at least one Image")
    outputs = [_output(model, image, predictor) for image in images]
    failed = [output for output in outputs if output["status"]["code"] == INPUT_FAILED]
    if failed:
        code, http = (MIXED, 207) if len(failed) < len(outputs) else (FAILURE, 400)
        details = "; ".join(output["status"]["details"] for output in failed[:3])
        resource = f"models/{model['id']}/outputs"
        raise refusal("POST", resource, http, code, details, outputs=outputs)
    return {"status": status(), "outputs": outputs}


def _output(model: Json, image: Image, predictor: Predictor) -> Json:
    of: Json = {"id": image.input_id or uuid4().hex, "data": {"image": {}}}
    if image.url is not None:
        of["data"]["image"]["url"] = image.url
    try:
        return output_json(model, of, predictor(_source(image)))
    except nearsight.PictureError as error:
        return output_json(model, of, {}) | {"status": status(INPUT_FAILED, str(error))}


def _source(image: Image) -> object:
    source = image.source()
    if isinstance(source, Path) and not source.is_file():
        raise nearsight.PictureError(str(source), "there is no such file")
    if source is not None:
        return source
    if image.web_address is not None:
        raise nearsight.PictureError(image.web_address, _NOT_HERE)
    raise UserError("no picture: give a url (a local path), filename, file_obj or base64")
