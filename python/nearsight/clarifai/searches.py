"""`app.inputs`: finding pictures again."""

from collections.abc import Iterable, Mapping
from typing import Any

from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError, asking
from nearsight.clarifai.geo import Geo, GeoBox, GeoLimit, GeoPoint
from nearsight.clarifai.image import Image
from nearsight.clarifai.query import Query
from nearsight.clarifai.records import source_of, to_image
from nearsight.clarifai.terms import InputSearchTerm, OutputSearchTerm, SearchQueryBuilder


class InputSearches:
    """The part of `Inputs` that searches. Every search gives `Image`s with their `score`."""

    api: Database

    def search(self, qb: SearchQueryBuilder, page: int = 1, per_page: int = 20) -> list[Image]:
        """Search by all terms of a `SearchQueryBuilder`: input terms restrict, output terms order.

        Scores lie in 0..1: of a picture, how like it is (1 the same); of a concept, its predicted
        probability; of several, the mean; without an output term every hit scores 1.
        """
        if not isinstance(qb, SearchQueryBuilder):
            raise UserError(f"{qb!r:.80}: give a SearchQueryBuilder with terms")
        query = Query(self.api, qb.language)
        with asking("POST", "searches"):
            for term in qb.terms:
                query.add(term)
        return self._found(query, page, per_page)

    def _found(self, query: Query, page: int, per_page: int) -> list[Image]:
        with asking("POST", "searches"):
            query.check()
            if query.impossible:
                return []
            hits = self.api.native.search.query(query.ranks, query.filters, k=per_page, page=page)
            return [to_image(self.api, hit.input, hit.score) for hit in hits]

    # -- by concepts ---------------------------------------------------------------------------

    def search_by_annotated_concepts(
        self,
        concept: str | None = None,
        concepts: Iterable[str] | None = None,
        value: bool = True,
        values: Iterable[bool] | None = None,
        concept_id: str | None = None,
        concept_ids: Iterable[str] | None = None,
        page: int = 1,
        per_page: int = 20,
    ) -> list[Image]:
        """The inputs of which people said all of this; every hit scores 1, in the order of adding.

        With `value=False` those said not to show it. `values` has one for each of `concepts`;
        where it is not given, `value` counts for all of them.
        """
        builder = SearchQueryBuilder()
        for asked in _concepts(concept, concepts, value, values, concept_id, concept_ids):
            builder.add_term(InputSearchTerm(**asked))
        return self.search(builder, page, per_page)

    def search_by_predicted_concepts(
        self,
        concept: str | None = None,
        concepts: Iterable[str] | None = None,
        value: bool = True,
        values: Iterable[bool] | None = None,
        concept_id: str | None = None,
        concept_ids: Iterable[str] | None = None,
        page: int = 1,
        per_page: int = 20,
        lang: str | None = None,
    ) -> list[Image]:
        """The inputs by the predicted probability of concepts, the most probable first.

        With `value=False` the least probable first. `lang` is the language of names.
        """
        builder = SearchQueryBuilder(language=lang)
        for asked in _concepts(concept, concepts, value, values, concept_id, concept_ids):
            builder.add_term(OutputSearchTerm(**asked))
        return self.search(builder, page, per_page)

    # -- by pictures ---------------------------------------------------------------------------

    def search_by_image(
        self,
        image_id: str | None = None,
        image: Image | None = None,
        url: str | None = None,
        imgbytes: bytes | None = None,
        base64bytes: str | bytes | None = None,
        fileobj: Any = None,
        filename: str | None = None,
        crop: Iterable[float] | None = None,
        page: int = 1,
        per_page: int = 20,
    ) -> list[Image]:
        """The inputs most like a picture (or its `crop`), which finds itself if it is in.

        Raises `UserError` unless exactly one picture is given.
        """
        given = [image_id, image, url, imgbytes, base64bytes, fileobj, filename]
        if sum(one is not None for one in given) != 1:
            raise UserError(
                "search_by_image: give one of image_id, image, url, imgbytes, base64bytes, "
                "fileobj, filename"
            )
        if image_id is None and image is None:
            content = imgbytes if fileobj is None else fileobj
            image = Image(url=url, base64=base64bytes, filename=filename, file_obj=content)
        query = Query(self.api)
        with asking("POST", "searches"):
            known = image_id if image is None else self._known(image)
            if known is not None:
                query.rank("input", known, crop)
            elif image is not None:
                query.rank("image", source_of(self.api, image), crop or image.crop)
        return self._found(query, page, per_page)

    def _known(self, image: Image) -> str | None:
        """The id of an image that is in, and that was not given by its bytes."""
        given = (image.filename, image.file_obj, image.base64)
        if image.input_id not in self.api.native.inputs or any(one is not None for one in given):
            return None
        return image.input_id

    # -- by what else is known -----------------------------------------------------------------

    def search_by_original_url(self, url: str, page: int = 1, per_page: int = 20) -> list[Image]:
        """The inputs that were added from this url, exactly."""
        return self._with(InputSearchTerm(url=url), page, per_page)

    def search_by_metadata(
        self, metadata: Mapping[str, Any], page: int = 1, per_page: int = 20
    ) -> list[Image]:
        """The inputs whose metadata contain all of this, however deep."""
        if not isinstance(metadata, Mapping):
            raise UserError(f"metadata={metadata!r:.80}: give a dictionary")
        return self._with(InputSearchTerm(metadata=metadata), page, per_page)

    def search_by_geo(
        self,
        geo_point: GeoPoint | None = None,
        geo_limit: GeoLimit | None = None,
        geo_box: GeoBox | None = None,
        page: int = 1,
        per_page: int = 20,
    ) -> list[Image]:
        """The inputs near a point (10 miles, unless `geo_limit` says how far) or in a box.

        Raises `UserError` for a point and a box together, and for neither.
        """
        if geo_point is not None and geo_limit is None and geo_box is None:
            geo_limit = GeoLimit()
        geo = Geo(geo_point=geo_point, geo_limit=geo_limit, geo_box=geo_box)
        return self._with(InputSearchTerm(geo=geo), page, per_page)

    def _with(self, term: InputSearchTerm, page: int, per_page: int) -> list[Image]:
        builder = SearchQueryBuilder()
        builder.add_term(term)
        return self.search(builder, page, per_page)


def _concepts(
    concept: str | None,
    concepts: Iterable[str] | None,
    value: bool,
    values: Iterable[bool] | None,
    concept_id: str | None,
    concept_ids: Iterable[str] | None,
) -> list[dict[str, Any]]:
    """The keywords of a term for each concept that is asked for."""
    lists = {"concept": _listed(concept, concepts), "concept_id": _listed(concept_id, concept_ids)}
    asked = [(kind, name) for kind, names in lists.items() for name in names]
    signs = [value] * len(asked) if values is None else list(values)
    if not asked:
        raise UserError("give a concept, concepts, concept_id or concept_ids to search by")
    if len(signs) != len(asked):
        raise UserError(f"{len(asked)} concepts and {len(signs)} values: give as many")
    return [{kind: name, "value": sign} for (kind, name), sign in zip(asked, signs, strict=True)]


def _listed(one: str | None, many: Iterable[str] | None) -> list[str]:
    if one is not None and many is not None:
        raise UserError("give one concept or a list of them, not both")
    if isinstance(many, str):
        raise UserError(f"{many!r}: give a list, or one as concept= or concept_id=")
    return list(many or []) if one is None else [one]
