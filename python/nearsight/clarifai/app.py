"""`ClarifaiApp`: the old client's entry, which opens a file on this device."""

import os
import time
from collections.abc import Callable, Sequence, Sized
from types import TracebackType

from nearsight.clarifai.auth import Auth
from nearsight.clarifai.concepts import Concepts
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError
from nearsight.clarifai.image import Image
from nearsight.clarifai.inputs import Inputs
from nearsight.clarifai.model import Model
from nearsight.clarifai.models import Models
from nearsight.clarifai.wire import Json

_PAUSE = 0.1  # seconds between two looks at what others do to the file
_FOR_EVER = 666666


class ClarifaiApp:
    """An app of the old client, kept in one file.

    The file is `path`, else what the environment's NEARSIGHT_DB says, else clarifai.ns in the
    current folder.

    No network and no credentials: `app_id`, `app_secret`, `api_key` and `base_url` are taken, so
    that old calls go on working, and ignored. `app.inputs`, `app.concepts` and `app.models` are
    what they were; `app.native` is the `nearsight.App` below, for everything else.

    >>> import tempfile
    >>> app = ClarifaiApp(path=tempfile.mkdtemp() + "/photos.ns")
    >>> app.inputs.check_status()
    InputCounts({'processed': 0, 'to_process': 0, 'errors': 0})
    >>> app.close()
    """

    def __init__(
        self,
        app_id: str | None = None,
        app_secret: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        quiet: bool = True,
        *,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        """Open the file, or create it. Raises what `nearsight.open` does."""
        self.api = Database.at(path)
        self.native = self.api.native
        self.auth = Auth(self.api)
        self.concepts = Concepts(self.api)
        self.inputs = Inputs(self.api)
        self.models = Models(self.api)

    # -- tagging -------------------------------------------------------------------------------

    def tag_urls(
        self,
        urls: Sequence[str],
        model_name: str = "general-v1.3",
        model_id: str | None = None,
    ) -> Json:
        """Predict what pictures show, from their local paths or file:// URLs; the reply as JSON."""
        return self._tagged([Image(url=url) for url in _texts(urls, "urls")], model_name, model_id)

    def tag_files(
        self,
        files: Sequence[str],
        model_name: str = "general-v1.3",
        model_id: str | None = None,
    ) -> Json:
        """Predict what the pictures in files show; the reply as JSON. Any number of them."""
        listed = [Image(filename=file) for file in _texts(files, "files")]
        return self._tagged(listed, model_name, model_id)

    def _tagged(self, images: list[Image], name: str, id_: str | None) -> Json:
        model: Model = self.models.get(name if id_ is None else None, model_id=id_)
        return model.predict(images)

    # -- waiting -------------------------------------------------------------------------------

    def check_upgrade(self) -> None:
        """Do nothing: asking for a newer version would need a network."""

    def wait_until_inputs_upload_finish(self, max_wait: float = _FOR_EVER) -> None:
        """Wait until nothing is being added any more, but no longer than `max_wait` seconds."""
        _wait(lambda: self.inputs.check_status().to_process == 0, max_wait)

    def wait_until_inputs_delete_finish(self) -> None:
        """Wait until there is no input any more: for others that delete them, too."""
        _wait(lambda: self._seen(self.native.inputs) == 0, _FOR_EVER)

    def wait_until_models_delete_finish(self) -> None:
        """Wait until there is no model of your own any more."""
        _wait(lambda: self._seen(self.native.models) == 0, _FOR_EVER)

    def _seen(self, collection: Sized) -> int:
        self.native.refresh()
        return len(collection)

    # -- closing -------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file, for every app of it; it closes by itself when the last one is gone."""
        self.api.close()

    def __enter__(self) -> "ClarifaiApp":
        """The app itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def _texts(texts: Sequence[str], argument: str) -> list[str]:
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise UserError(f"{argument}={texts!r:.80}: give a list of texts")
    return list(texts)


def _wait(done: Callable[[], bool], longest: float) -> None:
    end = time.monotonic() + longest
    while not done() and time.monotonic() < end:
        time.sleep(_PAUSE)
