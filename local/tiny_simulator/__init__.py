"""A Tiny ERP that runs anywhere: the public API v2 of an invented delicatessen in Brasília.

The domain (``model``, ``catalog``, ``people``, ``generator``, ``shop``) knows nothing of the wire;
``spelling`` and ``wire_*`` know nothing of HTTP; ``services`` turns parameters into an answer; ``server`` and
``control`` are the edge.
"""
