"""`app.inputs`: what is predicted of pictures that are in, and correcting it."""

from collections.abc import Iterable

from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import asking, status
from nearsight.clarifai.model_wire import output_json, predicted_json, public_json
from nearsight.clarifai.public_models import GENERAL
from nearsight.clarifai.records import to_json
from nearsight.clarifai.wire import GENERAL_APP, Json


class InputOutputs:
    """The part of `Inputs` that shows predictions. They were made while the picture was added."""

    api: Database

    def get_outputs(self, input_id: str) -> Json:
        """An input with its 20 most probable concepts, the best first, as the service's JSON."""
        with asking("GET", f"inputs/{input_id}/outputs"):
            return self._outputs(input_id)

    def merge_outputs_concepts(self, input_id: str, concept_ids: Iterable[str]) -> Json:
        """Say that concepts belong to the predictions; the outputs as JSON.

        What was removed comes back as it was predicted; what was not predicted has the value 1.
        """
        with asking("PATCH", f"inputs/{input_id}/outputs"):
            self.api.native.inputs.merge_predictions(input_id, list(concept_ids))
            return self._outputs(input_id)

    def remove_outputs_concepts(self, input_id: str, concept_ids: Iterable[str]) -> Json:
        """Say that predictions are wrong: they are left out from now on; the outputs as JSON."""
        with asking("PATCH", f"inputs/{input_id}/outputs"):
            self.api.native.inputs.remove_predictions(input_id, list(concept_ids))
            return self._outputs(input_id)

    def _outputs(self, input_id: str) -> Json:
        record = self.api.native.inputs[input_id]
        shown = to_json(self.api, record)
        predicted = [
            (concept.id, concept.name, value)
            for concept, value in self.api.native.inputs.predictions(input_id)
        ]
        data = predicted_json(predicted, GENERAL_APP)
        output = output_json(public_json(GENERAL), {"id": input_id}, data)
        return {"status": status(), "input": shown, "outputs": [output]}
