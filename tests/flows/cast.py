"""Sixty people who sign up, by what they will do on the evening (see counted.py), and their addresses."""

from __future__ import annotations

from tests.flows.story import Person, Story

# Accents, scripts that run from right to left, apostrophes, one word only, long ones: as people are called.
WHOLE = (
    "Ana Álvarez Mamani", "Łukasz Żółć", "ליאור בן־דוד", "Siân O’Rourke", "محمد العربي",
    "Nguyễn Thị Hoa", "Jürgen Groß", "Madonna", "Çağla Şahin", "Sinéad Ní Bhriain",
    "Túpac Quispe", "Zoë van der Meer", "Ólafur Þórsson", "María José Ñandú", "Иван Петров",
    "王小明", "Γιώργος Παππάς", "Jeanne-Marie d’Arc", "Anne Marie Louise Wilhelmina van Oranje-Nassau tot Dietz",
    "Moïse Jean-Baptiste",
)  # fmt: skip
LEFT_AT_EIGHT = ("Amy Adams", "Bob Brown", "Cem Çelik", "Dee Dunn", "Eva Ek", "Fritz Fuß")
LATE = (
    "Gil Gómez", "Hal Hunt", "Ida Ibsen", "Jan Janák", "Kim Kaur", "Leo Löwe", "Mia Müller",
    "Noa Núñez", "Olu Okoro", "Pia Pérez",
)  # fmt: skip
CLOSED_TABS = ("Quin Quill", "Ria Røed")
LAPTOP = "Sam Sørensen"
TWO_TABS = "Tia Tămaș"
LOOKED_IN = "Uli Ünal"
CAME_BACK = "Val Vega"
LENA = "Lena Łoś"
CREW = ("Kate Hudson", "Tim Young")
NO_SHOWS = tuple(f"No Show {letter}" for letter in "ABCDEFGHIJK")
LEFT_FOR_GOOD = ("Bruno Díaz", "Wim Wolf", "Xena Xu", "Yan Yılmaz")


class Cast:
    """Everybody who signs up, group by group. Those with the hard names have the strict browsers."""

    def __init__(self, story: Story) -> None:
        self._story, self._number = story, 0
        self.whole = self._all(WHOLE)
        self.left_at_eight = self._all(LEFT_AT_EIGHT)
        self.late = self._all(LATE)
        self.closed_tabs = self._all(CLOSED_TABS)
        self.laptop, self.two_tabs, self.looked_in, self.came_back, self.lena = self._all(
            (LAPTOP, TWO_TABS, LOOKED_IN, CAME_BACK, LENA)
        )
        self.crew = self._all(CREW)
        self.no_shows = self._all(NO_SHOWS)
        self.left_for_good = self._all(LEFT_FOR_GOOD)
        self.ana, self.bruno = self.whole[0], self.left_for_good[0]

    def _all(self, names: tuple[str, ...]) -> list[Person]:
        people = []
        for name in names:
            self._number += 1
            people.append(
                self._story.person(
                    name, f"p{self._number}@example.org", strict=self._number in (1, 3, 5)
                )
            )
        return people

    @property
    def everybody(self) -> list[Person]:
        return self._story.people
