"""Names, clubs, towns and nationalities to draw a field from. Owns words only; knows no race and no times.

All names are made up by combination; a few are hostile on purpose, because entry lists contain such things.
"""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    """The words of a text; `~` stands for the no-break space that web forms leave inside a name."""
    return tuple(word.replace("~", "\u00a0") for word in text.split())


FIRST_M: Final = _words(
    "Jean Pierre Nicolas Julien Thomas Alexandre Mathieu Rémi Jérôme François Stéphane Frédéric Sébastien Cédric Loïc "
    "Raphaël Gaël Maël Noël Benoît Jean-Luc Jean-Marie Pierre-Yves Marc-Antoine Paul-Émile Karim Mehdi Youssef Samir "
    "Ali Mamadou Ibrahim Kévin Anthony Hugo Lucas Léo Théo Enzo Bruno Éric Hervé Gérard André René Matteo Giovanni "
    "João José Iñigo Søren Łukasz Jürgen"
)
FIRST_F: Final = _words(
    "Marie Sophie Julie Camille Aurélie Céline Hélène Élodie Émilie Anaïs Maëlle Noémie Zoé Chloé Léa Inès Gaëlle "
    "Véronique Stéphanie Mélanie Bénédicte Françoise Marie-Claire Anne-Sophie Marie-Hélène Anne-Laure Nadia Fatima "
    "Samira Aïcha Laura Sarah Emma Manon Océane Clémence Justine Pauline Margaux Églantine Agnès Brigitte Sylvie "
    "Catherine Isabelle Giulia María Małgorzata Åsa Zoë"
)
LAST: Final = _words(
    "MARTIN BERNARD DUBOIS THOMAS ROBERT RICHARD PETIT DURAND LEROY MOREAU SIMON LAURENT LEFÈVRE MICHEL GARCIA DAVID "
    "BERTRAND ROUX VINCENT FOURNIER MOREL GIRARD ANDRÉ MERCIER DUPONT LAMBERT BONNET FRANÇOIS MARTINEZ LEGRAND GARNIER "
    "FAURE ROUSSEAU BLANC GUÉRIN MULLER HENRY ROUSSEL PERRIN CLÉMENT GAUTHIER DUMONT LOPEZ FONTAINE CHEVALIER ROBIN "
    "MASSON SANCHEZ NOËL DUFOUR BÉRENGER PASTOR ESPOSITO FABRE GIRAUD IMBERT JULLIEN OLIVE QUÉRÉ ROSSI TURC VIDAL "
    "AUBERT BARTHÉLEMY CASTELLANI DE~LUCA D'AMICO L'HOSTIS O'CONNOR N'DIAYE D’ORNANO LE~GOFF DE~LA~TOUR "
    "BEN~AMOR EL~HADDAD NGUYÊN MÜLLER GARCÍA KOWALSKI SØRENSEN AÏT-SAÏD SAINT-MARTIN BŒUF COËT"
)
HOSTILE: Final = (
    ("<script>alert(1)</script>", "Bobby"),
    ("=1+1", "Formule"),
    ("@SUM(A1:A9)", "Tableur"),
    ('GUILLEMETS "DOUBLES"', "L'élève; du, car"),
    ("O'BRIEN-D'ARC & FILS", "Seán"),
    ("NOE\u0308L", "He\u0301le\u0300ne"),  # decomposed letters, as a Mac writes them
    ("محمد", "علي"),
    ("山田", "花子"),
    ("X", "Y"),
    ("VAN DER WESTHUIZEN-MONTMORENCY DE LA ROCHEFOUCAULD-BEAUREGARD", "Marie-Antoinette Guillemette Éléonore"),
    ("-2", "Moins"),
    ("NULL", "None"),
)
CLUBS: Final = (
    "SCO Sainte-Marguerite",
    "SCO Ste Marguerite",
    "Marseille Trail Club",
    "Athlé Provence",
    "AS Cassis Course à Pied",
    "Aubagne Running",
    "Les Foulées d'Allauch",
    "CA Gardanne",
    "Team 13",
    "Toulon Étoile Athlétique",
    "Aix Athlé",
    "Running Club de l'Huveaune",
    "ASPTT Marseille",
    "Martigues Sport Athlétisme",
    "Salon Triathlon",
    "Nîmes Athlétisme; section route",
    'Club "La Bonne Mère"',
    "US Cagnes",
)
TOWNS: Final = (
    "Marseille",
    "Cassis",
    "Aubagne",
    "Aix-en-Provence",
    "La Ciotat",
    "Toulon",
    "Martigues",
    "Nîmes",
    "Montpellier",
    "Lyon",
    "Paris",
    "Lille",
    "L'Isle-sur-la-Sorgue",
    "Saint-Étienne",
    "Bœurs-en-Othe",
    "Genève",
)
FOREIGN: Final = _words(
    "KEN ETH MAR ALG TUN ITA ESP POR SUI BEL GER GBR IRL NED LUX USA CAN BRA ARG COL MEX JPN CHN IND AUS RSA SEN CIV "
    "CMR POL CZE ROU BUL GRE TUR SWE NOR DEN FIN UKR LTU"
)
ELITE_NATIONS: Final = ("KEN", "ETH", "KEN", "FRA", "UGA", "MAR", "FRA", "FRA")
