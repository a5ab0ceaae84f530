"""The live pages: one race, seen while it is run, over HTTP and server-sent events.

Owns routes, streams, pages and who may command. Knows no wire, no journal and no rule of a race: it is given views.
"""
