"""What only announcers see of a race: why to mention somebody, races within the race, whom not to announce yet.

Values ready for JSON; who looks and how it is drawn is for the pages.
"""
