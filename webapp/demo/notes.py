"""What was said at the sample evening, as helpers noted it: facts of a public write-up, in our words.

The one quotation is the fragment that the write-up gives; nothing else is put into anybody's mouth.
"""

from __future__ import annotations

# (agenda key, kind, text)
NOTES: list[tuple[str, str, str]] = [
    ("opening", "point", "Governments abroad should respect what Bolivians chose at the ballot box."),
    ("opening", "point", "Attempts from the right to destabilise the country must be rejected."),
    ("tim-young", "point", "Recalled the unelected government of Jeanine Áñez before the vote: more poverty, a mishandled pandemic, and repression."),
    ("tim-young", "point", "In the first year of President Luis Arce a hunger bonus reached 4 million people, pensions rose, and a wealth tax was brought in."),
    ("tim-young", "point", "Natural resources were protected, most people had been vaccinated at least once, and the economy grew by 5.3 % in the first four months of 2021."),
    ("tim-young", "point", "Justice for the victims is under way, regional links are being rebuilt, and Luis Almagro has been called on to leave the OAS."),
    ("claudia-turbet-delof", "quote", "an inspiration around the world"),
    ("claudia-turbet-delof", "point", "Spoke of democracy recovered and paid tribute to those who gave their lives for it."),
    ("claudia-turbet-delof", "point", "Named who was behind the removal of the elected government."),
    ("claudia-turbet-delof", "point", "Explained what the Wiphala and the government of Evo Morales have meant for indigenous people, and thanked those who build solidarity."),
    ("leonardo-flores", "point", "Told what he saw as an election observer: movements and MAS that had grown together again."),
    ("leonardo-flores", "point", "Mobilisation forced the election and has answered new threats since."),
    ("leonardo-flores", "point", "Described the ties between the movements of the region, and criticised governments, NGOs and the OAS for their part."),
    ("miriam-amancay-colque", "point", "Set the two decades of privatisation before Morales against what came after, and recalled the words of Túpac Katari."),
    ("miriam-amancay-colque", "point", "Since the election: public services, a reform of justice, regional integration."),
    ("miriam-amancay-colque", "point", "Spoke of what independent experts found about killings and abuse after the coup, and of the rallies for the Wiphala."),
    ("ollie-vargas", "point", "Told of reporting the election: being attacked, the delayed exit poll, and the celebrations."),
    ("ollie-vargas", "point", "Spoke of mercenaries, of an economy after neoliberalism, and of state investment in technology."),
    ("ollie-vargas", "point", "Warned his listeners to stay alert to the story that governments and media tell."),
    ("jeremy-corbyn", "point", "Placed Bolivia in the history of the region: many peoples and languages, and a constitution based on rights."),
    ("jeremy-corbyn", "point", "Remembered a parliamentary visit and the engagement he saw there."),
    ("jeremy-corbyn", "point", "Spoke of lawfare and of Mexico's offer of asylum, and of parties rooted in popular struggle."),
    ("jeremy-corbyn", "point", "Looked ahead to Bolivia at COP26, to the ban on nuclear weapons, and to continued solidarity."),
    ("closing", "point", "Called for unity and solidarity; more stands on the site of Friends of Bolivia."),
]  # fmt: skip
