"""Ids under which others know our concepts.

The documents of the hosted service whose names `nearsight.clarifai` speaks use ids of its public
model in their examples: railway, train, dog, cat and the two that its search for 人 (ja, "person")
answers. So that these examples run, the ids mean our concepts: a railway the trains that run on it.
"""

TRAIN, DOG, CAT, PERSON = "n04468005", "n02084071", "n02121620", "n00007846"

ALIASES = {
    "ai_HLmqFqBf": TRAIN,
    "ai_fvlBqXZR": TRAIN,  # railway: the tree has no tracks
    "ai_8S2Vq3cR": DOG,
    "ai_mFqxrph2": CAT,
    "ai_ZKJ48TFz": PERSON,
    "ai_l8TKp2h5": PERSON,
}
