"""From times to what people see: categories, rankings, exports, publications, the live page.

Knows nothing of wires or protocols.
"""
