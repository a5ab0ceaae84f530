"""The words of rules and reasons that an explanation of a time uses, in French and English."""

from collections.abc import Mapping
from typing import Final

from results.printing import Language
from results.why_reads import Reason
from timing.race import MomentRule

MOMENTS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {
        MomentRule.FIRST: "la première lecture compte",
        MomentRule.LAST: "la dernière lecture compte",
        MomentRule.STRONGEST: "la lecture au signal le plus fort compte",
        MomentRule.FITTED: "le sommet du signal compte",
    },
    Language.EN: {
        MomentRule.FIRST: "the first read counts",
        MomentRule.LAST: "the last read counts",
        MomentRule.STRONGEST: "the read with the strongest signal counts",
        MomentRule.FITTED: "the top of the signal counts",
    },
}

REASONS: Final[Mapping[Language, Mapping[Reason, str]]] = {
    Language.FR: {
        Reason.SAME_PASSING: "même passage, déjà compté",
        Reason.OTHER_MAT: "même passage, sur l'autre tapis",
        Reason.OTHER_TAG: "même passage, par l'autre puce",
        Reason.BEFORE_GUN: "avant le premier coup de feu",
        Reason.EARLIER_START: "la ligne a été passée de nouveau ensuite\u00a0: au départ, le dernier passage compte",
        Reason.BEFORE_MINIMUM: "plus tôt que le plus rapide ne peut y être",
        Reason.BEFORE_LEG: "plus tôt après le point précédent que le plus rapide ne peut y être",
        Reason.LATER_CROSSING: "un point ne compte qu'une fois, la première",
        Reason.START_CLOSED: "après la fermeture du départ",
        Reason.PARKED: "puce restée au tapis de départ",
        Reason.STAYED: "resté au tapis plus longtemps qu'un passage ne dure",
        Reason.NO_MAT: "à aucun tapis de la course",
        Reason.NOT_TIMED: "n'est pas chronométré",
        Reason.WORN_BY_ANOTHER: "selon une décision, quelqu'un d'autre portait alors cette puce",
        Reason.HELD: "en attente\u00a0: l'horloge n'est pas sûre",
        Reason.SET_ASIDE: "mise à l'écart par décision",
    },
    Language.EN: {
        Reason.SAME_PASSING: "same passing, counted already",
        Reason.OTHER_MAT: "same passing, on the other mat",
        Reason.OTHER_TAG: "same passing, by the other chip",
        Reason.BEFORE_GUN: "before the first gun",
        Reason.EARLIER_START: "the line was crossed again later: at the start the last crossing counts",
        Reason.BEFORE_MINIMUM: "sooner than the fastest can be there",
        Reason.BEFORE_LEG: "sooner after the point before than the fastest can be there",
        Reason.LATER_CROSSING: "a point counts once, the first time",
        Reason.START_CLOSED: "after the start was closed",
        Reason.PARKED: "chip that stayed at the start mat",
        Reason.STAYED: "stayed at the mat longer than a crossing takes",
        Reason.NO_MAT: "at no mat of the race",
        Reason.NOT_TIMED: "is not timed",
        Reason.WORN_BY_ANOTHER: "by a ruling somebody else wore this chip then",
        Reason.HELD: "held: the clock is not sure",
        Reason.SET_ASIDE: "set aside by a ruling",
    },
}
