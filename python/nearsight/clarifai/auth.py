"""`app.auth`: there is nobody to prove anything to."""

from nearsight.clarifai.database import Database


class Auth:
    """Stands where the old client kept its token."""

    def __init__(self, api: Database) -> None:
        """Speak for `api`; use `app.auth`."""
        self.api = api

    def get_token(self) -> str:
        """A token that opens nothing, because nothing is locked: "local"."""
        return "local"
