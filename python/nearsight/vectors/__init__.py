"""Search vectors of your own: `nearsight.Index`, which needs numpy only.

>>> import numpy as np
>>> index = Index(3)
>>> index.add([10, 20, 30], np.eye(3, dtype=np.float32))
>>> ids, scores = index.search([0.9, 0.1, 0.0], k=2)
>>> ids.tolist()
[10, 20]
"""

from nearsight.vectors.found import Found
from nearsight.vectors.index import Index
from nearsight.vectors.mask import Mask

__all__ = ["Found", "Index", "Mask"]
