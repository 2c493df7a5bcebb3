"""Who takes part: nearsight, and the engines that people would use instead."""

from importlib.metadata import PackageNotFoundError, version

import nearsight
from nearsight import ArgumentError
from nearsight.bench.peers import (
    faiss,
    hnswlib,
    lancedb,
    ours,
    plain,
    scann,
    sqlite_vec,
    turbovec,
    usearch,
    voyager,
    zvec,
)
from nearsight.bench.peers.peer import Flags, Ids, Peer, UnableError, Vectors

__all__ = ["OURS", "PEERS", "Flags", "Ids", "Peer", "UnableError", "Vectors", "chosen", "installed"]

OURS: dict[str, type[Peer]] = {
    "nearsight": ours.Coded,
    "nearsight-exact": ours.Exact,
    "nearsight-f16-exact": ours.HalfExact,
}
PEERS: dict[str, type[Peer]] = {
    **OURS,
    "numpy": plain.Numpy,
    "hnswlib": hnswlib.Hnswlib,
    "usearch": usearch.Usearch,
    "faiss-flat": faiss.Flat,
    "faiss-ivf-sq8": faiss.Lists,
    "faiss-ivf-rabitq": faiss.OneBit,
    "faiss-ivf-rabitq-x60": faiss.OneBitFarther,
    "faiss-ivf-pq": faiss.Products,
    "faiss-ivf-pq-x60": faiss.ProductsFarther,
    "faiss-hnsw": faiss.Graph,
    "voyager": voyager.Voyager,
    "zvec-hnsw": zvec.Graph,
    "zvec-ivf-rabitq": zvec.OneBit,
    "scann": scann.Scann,
    "sqlite-vec": sqlite_vec.SqliteVec,
    "lancedb": lancedb.Lancedb,
    "turbovec": turbovec.Turbovec,
}


def chosen(names: str) -> list[str]:
    """Whom comma-separated names mean: `faiss` means all whose names begin with `faiss-`, too.

    >>> chosen("hnswlib,zvec")
    ['hnswlib', 'zvec-hnsw', 'zvec-ivf-rabitq']

    Raises `ArgumentError` for a name that nobody has.
    """
    found: list[str] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        meant = [who for who in PEERS if who == name or who.startswith(f"{name}-")]
        if not meant:
            raise ArgumentError(f"nobody is called {name!r}: there are {', '.join(PEERS)}")
        found += [who for who in meant if who not in found]
    return found


def installed(who: str) -> str | None:
    """The version of the package, or None."""
    if who in OURS:
        return nearsight.__version__
    try:
        return version(PEERS[who].package)
    except PackageNotFoundError:
        return None
