"""The truth: instants, reads, the race's plain types, the journal, matching and times.

Knows nothing of how bytes arrive or how results look; no asyncio, socket or wall clock.
"""
