"""Which mat a read came from: by source, then by the reader's label or its antenna where one source serves several."""

from collections import defaultdict

from timing.race import Course, Mat


class MatFinder:
    """Finds the mat of a read; remembers each answer, since a race asks the same few questions a million times."""

    def __init__(self, course: Course) -> None:
        self._mats_of: dict[str, list[tuple[int, Mat]]] = defaultdict(list)
        for index, mat in enumerate(course.mats):
            self._mats_of[mat.source].append((index, mat))
        self._answers: dict[tuple[str, str | None, int | None], int] = {}

    def find(self, source: str, label: str | None = None, antenna: int | None = None) -> int:
        """Index into `Course.mats`, or -1 when no mat of this race, or more than one, answers to it.

        A label may be the mat's own id as well as the reader's word for it.
        """
        question = (source, label, antenna)
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = self._search(source, label, antenna)
        return answer

    def _search(self, source: str, label: str | None, antenna: int | None) -> int:
        mats = self._mats_of.get(source, [])
        named = [index for index, mat in mats if label is not None and mat.id == label]
        if named:
            return named[0]
        fitting = [index for index, mat in mats if _answers_to(mat, label, antenna)]
        return fitting[0] if len(fitting) == 1 else -1


def _answers_to(mat: Mat, label: str | None, antenna: int | None) -> bool:
    """Whether a mat takes reads of this label and antenna; what the mat does not ask for may be anything."""
    return (mat.label is None or mat.label == label) and (not mat.antennas or antenna in mat.antennas)
