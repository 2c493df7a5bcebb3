"""JSON values made of a fuzzer's bytes: nested as it likes, of the words that our readers know."""

from typing import Any

_WORDS = """annotated unsaid predicted contains compared exists is when has within box polygon and
or not concept value at_least path operator field instant latitude longitude km miles degrees
radians south west north east ranks where of weight crop image input text language region negate
annotation input output data concepts metadata geo regions region_info bounding_box top_row left_col
bottom_row right_col url base64 raw id name status code user worker last_updated_time_range
start_time end_time geo_point geo_limit geo_box type query filters ands searches dataset_ids user_id
input_id app_id algorithm metric pagination info"""
_KEYS = _WORDS.split()
_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, 48.8, 2.3, 91, -180.0, 1e308, 2**63, float("nan"),
    float("inf"), "", "dog", "polar bear", 'a"b', "a\\b", "@n", "<", ">=", "=", "in", "between",
    "exists", "image", "added", "2024-06", "2024-06-01T10:00:00Z", "0000-13", "inputs",
    "annotations", "camera.iso", "\ud800", "\0", "é", "withinMiles", "mile", 30000,
    "x" * 300, b"raw",
]  # fmt: skip
_DEEPEST = 120


class Drawing:
    """Reads bytes one after another; used up, it draws nulls."""

    def __init__(self, data: bytes) -> None:
        """Draw from `data`."""
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """The next byte."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def value(self, depth: int = 0) -> Any:
        """Any value."""
        kind = self.byte()
        if kind < 110 and depth < _DEEPEST and self._at < len(self._data):
            return {self._key(): self.value(depth + 1) for _ in range(1 + kind % 4)}
        if kind < 160 and depth < _DEEPEST and self._at < len(self._data):
            return [self.value(depth + 1) for _ in range(kind % 4)]
        if kind < 240:
            return _VALUES[self.byte() % len(_VALUES)]
        if kind < 248:
            return self.byte() / 16 - 8
        return "".join(chr(self.byte()) for _ in range(kind % 8))

    def _key(self) -> str:
        return _KEYS[self.byte() % len(_KEYS)]
