"""The truth of one app: its tables over one database."""

from collections.abc import Sequence
from pathlib import Path

from nearsight.errors import ModelMismatchError
from nearsight.truth.annotations import AnnotationTable
from nearsight.truth.concepts import ConceptTable
from nearsight.truth.connection import Durability
from nearsight.truth.database import Database, select
from nearsight.truth.embeddings import EmbeddingTable
from nearsight.truth.examples import ExampleTable
from nearsight.truth.facts import FactTable
from nearsight.truth.inputs import InputTable
from nearsight.truth.models import ModelTable


class Truth(Database):
    """An open truth. What its tables write, they write inside `with truth.writing()`."""

    def __init__(
        self, path: Path, *, read_only: bool = False, durability: Durability = "full"
    ) -> None:
        """Open the file, or create it unless `read_only`."""
        super().__init__(path, read_only=read_only, durability=durability)
        self.inputs = InputTable(self)
        self.annotations = AnnotationTable(self)
        self.concepts = ConceptTable(self)
        self.embeddings = EmbeddingTable(self)
        self.facts = FactTable(self)
        self.models = ModelTable(self)
        self.examples = ExampleTable(self)

    def adopt_model(self, name: str, fingerprint: str, dim: int, labels: Sequence[str]) -> None:
        """Record the model of a new database, or check that an old one's is the same."""
        import json  # here and not above, to keep `import nearsight` light

        if self._knows_model(name, fingerprint) or self.read_only:
            return
        with self.writing(), self.reading() as db:
            if not self._knows_model(name, fingerprint):  # another process may have been first
                db.execute(
                    "insert into embedder (name, fingerprint, dim, labels) values (?,?,?,?)",
                    (name, fingerprint, dim, json.dumps(list(labels))),
                )

    def model_size(self) -> tuple[int, int] | None:
        """The dimension of its model's embeddings and how many labels it has; None without one."""
        with self.reading() as db:
            known = select(db, "select dim, json_array_length(labels) from embedder order by id")
        return (int(known[0][0]), int(known[0][1])) if known else None

    def _knows_model(self, name: str, fingerprint: str) -> bool:
        """Is it this database's model? False while it has none; `ModelMismatchError` if another."""
        with self.reading() as db:
            known = select(db, "select name, fingerprint from embedder")
            if known and known[0][1] != fingerprint:
                raise ModelMismatchError(
                    f"{self.path} holds embeddings of the model {known[0][0]!r} "
                    f"({known[0][1][:12]}…), not of {name!r} ({fingerprint[:12]}…): scores of the "
                    "two cannot be compared. Open it with the model it was made with, or add the "
                    "pictures to a new database."
                )
        return bool(known)
