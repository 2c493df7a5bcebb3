"""The snippets of the old client's tutorial, one test each.

They are the document's lines; changed are the import line, and the sample URLs, which became local
files. What follows the snippet says that the answers are right.
"""

# The snippets keep their quotes, their long lines and their imports.
# fmt: off
# ruff: noqa: E501, I001

from pathlib import Path

import pytest

from nearsight.clarifai import ApiError


def names(response: dict) -> dict[str, float]:
    """Give name → value of what was predicted."""
    concepts = response["outputs"][0]["data"]["concepts"]
    return {concept["name"]: concept["value"] for concept in concepts}


# ---- Predict with Public Models


def test_snippet_general_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # General model
    model = app.models.get('general-v1.3')

    response = model.predict_by_url(url='samples/metro-north.jpg')

    assert "bus" in " ".join(list(names(response))[:8])
    (output,) = response["outputs"]
    assert (output["model"]["name"], output["model"]["app_id"]) == ("general-v1.3", "main")
    assert len(output["data"]["concepts"]) == 20


def test_snippet_travel_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # Travel model
    model = app.models.get('travel-v1.0')

    response = model.predict_by_url(url='samples/travel.jpg')

    assert "bridge" in list(names(response))[:3]


def test_snippet_food_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # Food model
    model = app.models.get('food-items-v1.0')

    response = model.predict_by_url(url='samples/food.jpg')

    assert {"lemon", "orange", "citrus"} & set(list(names(response))[:5])
    assert "dog" not in names(model.predict_by_url(url='samples/dog1.jpeg'))


def test_snippet_apparel_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # Apparel model
    model = app.models.get('apparel')

    response = model.predict_by_url(url='samples/apparel.jpg')

    assert {"hat", "sombrero"} & set(list(names(response))[:3])


def test_snippet_focus_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # Focus Detection model
    model = app.models.get('focus')

    response = model.predict_by_url(url='samples/focus.jpg')

    sharp = response["outputs"][0]["data"]["focus"]["value"]
    blurred = model.predict_by_url(url='samples/blurred.jpg')["outputs"][0]["data"]["focus"]
    assert 0 <= blurred["value"] < sharp <= 1


def test_snippet_general_embedding_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # General Embedding model
    model = app.models.get('general-v1.3', model_type='embed')

    response = model.predict_by_url(url='samples/metro-north.jpg')

    (embedding,) = response["outputs"][0]["data"]["embeddings"]
    assert embedding["num_dimensions"] == len(embedding["vector"]) > 100
    assert sum(x * x for x in embedding["vector"]) == pytest.approx(1, abs=1e-3)


def test_snippet_color_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    # Color model
    model = app.models.get('color', model_type='color')

    response = model.predict_by_url(url='samples/wedding.jpg')

    colors = response["outputs"][0]["data"]["colors"]
    assert sum(color["value"] for color in colors) == pytest.approx(1, abs=0.01)
    assert all(color["raw_hex"].startswith("#") for color in colors)
    banana = model.predict_by_url(url='samples/banana.png')["outputs"][0]["data"]["colors"]
    assert any("yellow" in color["w3c"]["name"].lower() or "gold" in color["w3c"]["name"].lower()
               for color in banana)


@pytest.mark.parametrize("name", ["nsfw-v1.0", "celeb-v1.3", "demographics", "face-v1.3", "logo"])
def test_snippet_models_that_are_not_here(home: Path, name: str) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    with pytest.raises(ApiError, match=r"app\.(models\.create|annotations\.add)") as caught:
        app.models.get(name)

    assert (caught.value.error_code, caught.value.response.status_code) == (11101, 404)
    app.inputs.create_image_from_url('samples/celeb-001.jpg', concepts=['messi'])
    app.inputs.create_image_from_url('samples/dog1.jpeg', not_concepts=['messi'])
    app.models.create(name, concepts=['messi']).train()  # what the error says
    assert app.models.get(name).predict_by_url('samples/celeb-001.jpg')["outputs"]


# ---- Feedback


def test_snippet_concept_feedback(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp
    from nearsight.clarifai.rest import FeedbackInfo

    app = ClarifaiApp()

    # positive feedback: this is a dog
    m = app.models.get('general-v1.3')

    m.send_concept_feedback(input_id='id1', url='samples/dog2.jpeg',
                            concepts=['dog', 'animal'],
                            feedback_info=FeedbackInfo(output_id='OID',
                                                       session_id='SID',
                                                       end_user_id='UID',
                                                       event_type='annotation'))

    # negative feedback: this is not a cat
    m = app.models.get('general-v1.3')

    m.send_concept_feedback(input_id='id1', url='samples/dog2.jpeg',
                            not_concepts=['cat', 'kitty'],
                            feedback_info=FeedbackInfo(output_id='OID',
                                                       session_id='SID',
                                                       end_user_id='UID',
                                                       event_type='annotation'))

    # all together: this is a dog but not a cat
    m = app.models.get('general-v1.3')

    m.send_concept_feedback(input_id='id1', url='samples/dog2.jpeg',
                            concepts=['dog'], not_concepts=['cat', 'kitty'],
                            feedback_info=FeedbackInfo(output_id='OID',
                                                       session_id='SID',
                                                       end_user_id='UID',
                                                       event_type='annotation'))

    kept = [one for one in app.native.annotations.list(input='id1') if one.by]
    assert [one.concepts for one in kept] == [
        {"dog": True, "animal": True},
        {"cat": False, "kitty": False},
        {"dog": True, "cat": False, "kitty": False},
    ]
    assert {one.by for one in kept} == {"feedback:general-v1.3"}
    assert all('"output_id": "OID"' in one.text for one in kept)


def test_snippet_detection_feedback(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp
    from nearsight.clarifai.rest import FeedbackInfo
    from nearsight.clarifai.rest import Region, RegionInfo, BoundingBox, ConceptInput

    app = ClarifaiApp()

    m = app.models.get('general-v1.3')  # the document forgot this line
    m.send_region_feedback(input_id='id2', url='samples/celeb-001.jpg',
                           regions=[Region(region_info=RegionInfo(bbox=BoundingBox(top_row=0.1,
                                                                                   left_col=0.2,
                                                                                   bottom_row=0.5,
                                                                                   right_col=0.5)),
                                           concepts=[ConceptInput(id='people', value=True),
                                                     ConceptInput(id='portrait', value=True)])],
                           feedback_info=FeedbackInfo(output_id='OID',
                                                      session_id='SID',
                                                      end_user_id='UID',
                                                      event_type='annotation'))

    (kept,) = [one for one in app.native.annotations.list(input='id2') if one.by]
    assert kept.box == (0.1, 0.2, 0.5, 0.5)
    assert kept.concepts == {"people": True, "portrait": True}
    assert ids_of(app.inputs.search_by_image(filename='samples/celeb-001.jpg',
                                             crop=[0.1, 0.2, 0.5, 0.5])) == ['id2']


def ids_of(images: list) -> list[str]:
    """Give the ids of what was found."""
    return [image.input_id for image in images]


def test_snippet_celebrity_feedback(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp
    from nearsight.clarifai.rest import FeedbackInfo
    from nearsight.clarifai.rest import Region, RegionInfo, BoundingBox, ConceptInput
    from nearsight.clarifai.rest import Face, FaceIdentity

    app = ClarifaiApp()

    m = app.models.get('general-v1.3')  # the document forgot this line
    #
    # send feedback for celebrity model
    #
    m.send_region_feedback(input_id='id2', url='samples/celeb-001.jpg',
                           regions=[Region(region_info=RegionInfo(bbox=BoundingBox(top_row=0.1,
                                                                                   left_col=0.2,
                                                                                   bottom_row=0.5,
                                                                                   right_col=0.5)),
                                           face=Face(identity=FaceIdentity([ConceptInput(id='celeb1', value=True)]))
                                           )],
                           feedback_info=FeedbackInfo(output_id='OID',
                                                      session_id='SID',
                                                      end_user_id='UID',
                                                      event_type='annotation'))

    (kept,) = [one for one in app.native.annotations.list(input='id2') if one.by]
    assert kept.concepts == {"celeb1": True}


def test_snippet_demographics_feedback(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp
    from nearsight.clarifai.rest import FeedbackInfo
    from nearsight.clarifai.rest import Region, RegionInfo, BoundingBox, ConceptInput
    from nearsight.clarifai.rest import Face
    from nearsight.clarifai.rest import FaceAgeAppearance, FaceGenderAppearance, FaceMulticulturalAppearance

    app = ClarifaiApp()

    m = app.models.get('general-v1.3')  # the document forgot this line
    #
    # send feedback for age, gender, multicultural appearance
    #
    m.send_region_feedback(input_id='id2', url='samples/celeb-001.jpg',
                           regions=[Region(region_info=RegionInfo(bbox=BoundingBox(top_row=0.1,
                                                                                   left_col=0.2,
                                                                                   bottom_row=0.5,
                                                                                   right_col=0.5)),
                                           face=Face(age_appearance=FaceAgeAppearance([ConceptInput(id='20', value=True),
                                                                                       ConceptInput(id='30', value=False)
                                                                                       ]),
                                                     gender_appearance=FaceGenderAppearance([ConceptInput(id='male', value=True)]),
                                                     multicultural_appearance=FaceMulticulturalAppearance([ConceptInput(id='asian', value=True)]
                                                                                                          )
                                                     )
                                           )],
                           feedback_info=FeedbackInfo(output_id='OID',
                                                      session_id='SID',
                                                      end_user_id='UID',
                                                      event_type='annotation'))

    (kept,) = [one for one in app.native.annotations.list(input='id2') if one.by]
    assert kept.concepts == {"20": True, "30": False, "male": True, "asian": True}


# ---- Upload, create, train, predict


def upload_images() -> None:
    """Run the snippet "Upload Images", which the next ones stand on."""
    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    app.inputs.create_image_from_url(url='samples/puppy.jpeg', concepts=['my puppy'])
    app.inputs.create_image_from_url(url='samples/wedding.jpg', not_concepts=['my puppy'])


def test_snippet_upload_images(home: Path) -> None:
    upload_images()

    from nearsight.clarifai.rest import ClarifaiApp

    puppy, wedding = ClarifaiApp().inputs.get_all()
    assert (puppy.concepts, puppy.not_concepts) == (['my puppy'], None)
    assert (wedding.concepts, wedding.not_concepts) == (None, ['my puppy'])


def test_snippet_create_a_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    upload_images()
    app = ClarifaiApp()

    model = app.models.create(model_id="puppy", concepts=["my puppy"])

    assert (model.model_id, model.model_name) == ("puppy", "puppy")
    assert model.get_concept_ids() == ["my puppy"]
    assert model.model_status_code == 21102  # not yet trained


def test_snippet_train_the_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    upload_images()
    app = ClarifaiApp()
    model = app.models.create(model_id="puppy", concepts=["my puppy"])

    model.train()

    assert (model.model_status_code, model.model_version) == (21100, "1")


def test_snippet_predict_with_model(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp

    upload_images()
    ClarifaiApp().models.create(model_id="puppy", concepts=["my puppy"]).train()

    app = ClarifaiApp()

    model = app.models.get('puppy')
    response = model.predict_by_url('samples/metro-north.jpg')

    bus = names(response)["my puppy"]
    dogs = names(model.predict_by_url('samples/dog2.jpeg'))["my puppy"]
    assert bus < 0.5 < dogs
    assert response["outputs"][0]["model"]["model_version"]["id"] == "1"


def test_snippet_instantiate_an_image(home: Path) -> None:
    from nearsight.clarifai.rest import Image as ClImage

    # make an image with an url
    img = ClImage(url='samples/dog1.jpeg')
    assert img.dict()["data"]["image"]["url"] == 'samples/dog1.jpeg'

    # make an image with a filename
    img = ClImage(filename='/tmp/user/dog.jpg')
    assert img.filename == '/tmp/user/dog.jpg'  # nothing is read before it is used

    # allow duplicate url
    img = ClImage(url='samples/dog1.jpeg', allow_dup_url=True)
    assert img.dict()["data"]["image"]["allow_duplicate_url"] is True

    # make an image with concepts
    img = ClImage(url='samples/dog1.jpeg', \
                  concepts=['cat', 'animal'])
    assert img.dict()["data"]["concepts"] == [
        {"id": "cat", "value": True},
        {"id": "animal", "value": True},
    ]

    # make an image with metadata
    img = ClImage(url='samples/dog1.jpeg', \
                  concepts=['cat', 'animal'], \
                  metadata={'id':123,
                            'city':'New York'
                            })
    assert img.dict()["data"]["metadata"] == {"id": 123, "city": "New York"}


def test_snippet_bulk_import_images(home: Path) -> None:
    from nearsight.clarifai.rest import ClarifaiApp
    from nearsight.clarifai.rest import Image as ClImage

    app = ClarifaiApp()  # the document forgot this line
    urls = [str(path) for path in sorted(Path("samples").iterdir())]

    # assume there are 100 urls in the list
    images = []
    for url in urls:
        img = ClImage(url=url)
        images.append(img)

    app.inputs.bulk_create_images(images)

    assert app.inputs.check_status().processed == len(urls) >= 10


def test_snippet_search_the_image(home: Path) -> None:
    upload_images()

    from nearsight.clarifai.rest import ClarifaiApp

    app = ClarifaiApp()

    annotated = app.inputs.search_by_annotated_concepts(concept='my puppy')

    predicted = app.inputs.search_by_predicted_concepts(concept='dog')

    similar = app.inputs.search_by_image(url='samples/dog1.jpeg')

    with_metadata = app.inputs.search_by_metadata(metadata={'key': 'value'})

    puppy, wedding = (image.input_id for image in app.inputs.get_all())
    assert [image.input_id for image in annotated] == [puppy]
    assert [image.input_id for image in predicted] == [puppy, wedding]
    assert predicted[0].score > 0.9 > 0.1 > predicted[1].score
    assert [image.input_id for image in similar] == [puppy, wedding]
    assert similar[0].score > 0.8 > similar[1].score
    assert with_metadata == []


# ---- Basic Concepts


def test_snippet_basic_concepts(home: Path) -> None:
    """What the page "Basic Concepts" says of crops: (top, left, bottom, right), a tuple too."""
    from nearsight.clarifai.rest import Image as ClImage

    img = ClImage(url='samples/dog1.jpeg', crop=(0.3, 0.2, 0.6, 0.4))

    # "a box horizontally spanning from 20%-40% and vertically spanning 30%-60% of the image"
    top, left, bottom, right = img.crop
    assert (left, right, top, bottom) == (0.2, 0.4, 0.3, 0.6)
