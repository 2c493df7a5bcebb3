"""The chapter "Application", "Authentication" and "Exceptions" of the old client's document."""

import base64
import shutil
import threading
import time
from pathlib import Path

import pytest

import nearsight
from nearsight.clarifai import ApiClientError, ApiError, Auth, ClarifaiApp, TokenError, UserError


def values(reply: dict, position: int = 0) -> dict[str, float]:
    """Give name → value of one output's concepts."""
    concepts = reply["outputs"][position]["data"]["concepts"]
    return {concept["name"]: concept["value"] for concept in concepts}


def test_clarifai_app(home: Path) -> None:
    app = ClarifaiApp("id", "secret", "https://nowhere.invalid", "key", True)
    assert app.inputs.check_status().processed == 0
    assert Path(app.native.path) == home / "app.ns"  # NEARSIGHT_DB
    app.inputs.create_image_from_url("samples/dog1.jpeg")
    assert ClarifaiApp().inputs.check_status().processed == 1  # another app, the same file
    with ClarifaiApp(path=home / "other.ns") as other:
        assert other.inputs.check_status().processed == 0


def test_clarifai_app_without_a_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEARSIGHT_DB")
    with ClarifaiApp() as app:
        assert app.native.path == home / "clarifai.ns"


def test_clarifai_app_closes_when_the_last_is_forgotten(home: Path) -> None:
    first, second = ClarifaiApp(), ClarifaiApp()
    native = first.native
    assert second.native is native
    del first
    assert second.inputs.check_status().processed == 0
    del second
    with pytest.raises(nearsight.ClosedError):
        len(native.inputs)


def test_check_upgrade(app: ClarifaiApp) -> None:
    assert app.check_upgrade() is None  # with the network blocked, as in all tests


def test_tag_files(app: ClarifaiApp) -> None:
    files = ["samples/banana.png", "samples/dog2.jpeg"]
    reply = app.tag_files(files)
    assert reply["status"]["code"] == 10000
    assert values(reply, 0)["banana"] > 0.8
    assert values(reply, 1)["dog"] > 0.8
    assert len(values(reply, 1)) == 20
    assert len(app.inputs.get_by_page()) == 0  # tagging adds nothing
    by_id = app.tag_files(files[:1], model_id="aaa03c23b3724a16a56b629203edc62c")
    assert values(by_id) == values(reply, 0)
    with pytest.raises(UserError, match="list"):
        app.tag_files("samples/dog2.jpeg")


def test_tag_files_takes_more_than_128(app: ClarifaiApp) -> None:
    reply = app.tag_files(["samples/banana.png"] * 129, model_name="color")
    assert len(reply["outputs"]) == 129


def test_tag_urls(app: ClarifaiApp) -> None:
    urls = ["samples/banana.png", f"file://{Path('samples/dog2.jpeg').absolute()}"]
    reply = app.tag_urls(urls)
    assert values(reply, 0)["banana"] > 0.8
    assert values(reply, 1)["dog"] > 0.8
    assert [output["input"]["data"]["image"]["url"] for output in reply["outputs"]] == urls
    with pytest.raises(UserError, match="urls"):
        app.tag_urls([1])


def test_tag_urls_downloads_nothing(app: ClarifaiApp) -> None:
    with pytest.raises(ApiError, match="give a local file") as caught:
        app.tag_urls(["samples/dog1.jpeg", "https://samples.clarifai.com/dog2.jpeg"])
    assert caught.value.error_code == 10010
    statuses = [output["status"]["code"] for output in caught.value.response.json()["outputs"]]
    assert statuses == [10000, 30002]


def elsewhere(seconds: float, action: object) -> threading.Thread:
    """Do something after a while in another thread."""
    thread = threading.Timer(seconds, action)
    thread.start()
    return thread


def test_wait_until_inputs_delete_finish(full: ClarifaiApp) -> None:
    started = time.monotonic()
    thread = elsewhere(0.3, full.inputs.delete_all)
    full.wait_until_inputs_delete_finish()
    assert full.inputs.get_by_page() == []
    assert time.monotonic() - started >= 0.3
    thread.join()


def test_wait_until_inputs_upload_finish(app: ClarifaiApp, samples: Path) -> None:
    files = sorted(samples.iterdir())
    adding = app.native.inputs.adding([*files, *files], allow_duplicate=True)
    next(adding)
    assert app.inputs.check_status().to_process > 0
    started = time.monotonic()
    app.wait_until_inputs_upload_finish(max_wait=0.2)  # gives up: nobody goes on adding
    assert time.monotonic() - started >= 0.2
    thread = elsewhere(0.2, lambda: list(adding))
    app.wait_until_inputs_upload_finish()
    counts = app.inputs.check_status()
    assert (counts.processed, counts.to_process) == (2 * len(files), 0)
    thread.join()


def test_wait_until_models_delete_finish(app: ClarifaiApp) -> None:
    app.models.create("puppy", concepts=["my puppy"])
    thread = elsewhere(0.3, app.models.delete_all)
    app.wait_until_models_delete_finish()
    assert list(app.models.get_all(private_only=True)) == []
    thread.join()


def test_auth(app: ClarifaiApp) -> None:
    assert isinstance(app.auth, Auth)


def test_get_token(app: ClarifaiApp) -> None:
    assert app.auth.get_token() == "local"


def test_api_error(app: ClarifaiApp) -> None:
    with pytest.raises(ApiError) as caught:
        app.inputs.get("nobody")
    error = caught.value
    assert (error.method, error.resource) == ("GET", "inputs/nobody")
    assert (error.error_code, error.error_desc) == (11101, "Resource does not exist")
    assert "'nobody'" in error.error_details
    assert error.response.status_code == 404
    assert error.response.json()["status"]["code"] == 11101
    assert str(error).startswith("GET inputs/nobody: Resource does not exist (11101): no input")
    assert isinstance(error, nearsight.NearsightError)


def test_api_client_error() -> None:
    assert issubclass(ApiClientError, nearsight.NearsightError)
    assert issubclass(TokenError, nearsight.NearsightError)  # neither is ever raised


def test_user_error(app: ClarifaiApp) -> None:
    with pytest.raises(UserError, match="delete_all"):
        app.inputs.delete("")
    assert issubclass(UserError, ValueError)


def test_import_lines() -> None:
    from nearsight.clarifai import __all__ as names
    from nearsight.clarifai import rest
    from nearsight.clarifai.rest import client

    assert {"ClarifaiApp", "Image", "ConceptInput", "GeoLimit"} <= set(names)
    for name in names:
        assert getattr(rest, name) is getattr(client, name)


def test_a_damaged_database_stays_a_native_error(home: Path) -> None:
    (home / "app.ns").write_bytes(base64.b64decode("bm90IGEgZGF0YWJhc2U=") * 500)
    with pytest.raises(nearsight.DatabaseError):
        ClarifaiApp()
    shutil.rmtree(home / "app.ns-cache", ignore_errors=True)
