"""What each kind of question is called, in French and English."""

from collections.abc import Mapping
from typing import Final

from results.asked import Kind
from results.printing import Language

TITLES: Final[Mapping[Language, Mapping[Kind, str]]] = {
    Language.FR: {
        Kind.MISSED_SPLIT: "Passage non lu",
        Kind.MAT_MISSED_MANY: "Un tapis en a manqué beaucoup",
        Kind.IMPOSSIBLE_PACE: "Allure impossible",
        Kind.ODD_LEG: "Allure inégale",
        Kind.TAG_ON_TWO: "Une puce pour deux",
        Kind.TWO_TAGS_APART: "Deux puces à des moments différents",
        Kind.TRAVELS_TOGETHER: "Puces qui voyagent ensemble",
        Kind.FINISH_WITHOUT_START: "Arrivée sans départ lu",
        Kind.FINISH_AFTER_ABANDON: "Arrivée après un abandon",
        Kind.OUT_OF_ORDER: "Ordre des points",
        Kind.BEFORE_OWN_GUN: "Départ avant le coup de feu de sa vague",
        Kind.OTHER_WAVE: "Départ avec une autre vague",
        Kind.CHECK_BY_EYE: "À vérifier de visu",
        Kind.CLOSE_FINISH: "Arrivée serrée",
        Kind.PARKED: "Puce garée",
        Kind.DECLARED_BUT_SEEN: "Déclaré absent, mais vu",
        Kind.SEEN_NOT_READ: "Vu, non lu",
        Kind.SEEN_AT_OTHER_TIME: "Vu à une autre heure",
        Kind.SEEN_TWICE: "Vu deux fois",
        Kind.SEEN_WITHOUT_BIB: "Vus sans dossard",
        Kind.OFFICIAL_DIFFERENCE: "Écart avec une liste officielle",
    },
    Language.EN: {
        Kind.MISSED_SPLIT: "Crossing not read",
        Kind.MAT_MISSED_MANY: "A mat missed many",
        Kind.IMPOSSIBLE_PACE: "Impossible pace",
        Kind.ODD_LEG: "Uneven pace",
        Kind.TAG_ON_TWO: "One chip for two",
        Kind.TWO_TAGS_APART: "Two chips at different moments",
        Kind.TRAVELS_TOGETHER: "Chips that travel together",
        Kind.FINISH_WITHOUT_START: "Finish without a start read",
        Kind.FINISH_AFTER_ABANDON: "Finish after an abandon",
        Kind.OUT_OF_ORDER: "Order of points",
        Kind.BEFORE_OWN_GUN: "Start before the gun of the own wave",
        Kind.OTHER_WAVE: "Start with another wave",
        Kind.CHECK_BY_EYE: "To be checked by eye",
        Kind.CLOSE_FINISH: "Close finish",
        Kind.PARKED: "Parked chip",
        Kind.DECLARED_BUT_SEEN: "Declared absent, but seen",
        Kind.SEEN_NOT_READ: "Seen, not read",
        Kind.SEEN_AT_OTHER_TIME: "Seen at another time",
        Kind.SEEN_TWICE: "Seen twice",
        Kind.SEEN_WITHOUT_BIB: "Seen without a bib",
        Kind.OFFICIAL_DIFFERENCE: "Difference to an official list",
    },
}
