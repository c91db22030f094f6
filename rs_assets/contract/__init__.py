"""The contract: what an event must be, and the split that holds every event to it.

The front of the package: `codes` (the reasons), `schemas` (the rules), `split` and `publish` (the pass).
"""
