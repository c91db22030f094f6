"""The room of our own event types: GA4's by family, and what a scorer notes of itself.

A module here, or in the `events` room of a company's project, is all that a new event type takes.
"""
