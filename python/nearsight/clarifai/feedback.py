"""Where a feedback comes from."""

from nearsight.clarifai.wire import Json


class FeedbackInfo:
    """Which prediction a feedback is about, and who gave it; kept with the annotation."""

    def __init__(
        self,
        end_user_id: str | None = None,
        session_id: str | None = None,
        event_type: str | None = None,
        output_id: str | None = None,
    ) -> None:
        """Hold the four names."""
        self.end_user_id = end_user_id
        self.session_id = session_id
        self.event_type = event_type
        self.output_id = output_id

    def dict(self) -> Json:
        """As on the wire."""
        return {"feedback_info": dict(vars(self))}
