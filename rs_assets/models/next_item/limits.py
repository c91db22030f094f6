"""The numbers that next_item is built with: lengths, seeds, how little is too little.

Belongs here: numbers that more than one module needs, each with its reason. Does not belong here: what one
recommender is tuned with (its own fields), or the thresholds of the gates (`thresholds.toml`).
"""

from __future__ import annotations

SEED = 20240101
"""Of every draw (resamples, swaps, the SVD): any number, but the same in each run."""

SHOWN = 20
"""Recommendations that are measured, as the field does: HR@20, MRR@20."""

LONGEST = 100
"""Steps of a session that are looked at, the latest ones. Shoppers' sessions are shorter; a crawler's thousands
would cost their square, and pair everything with everything."""

ROW_ITEMS = 200
"""Items that a recommender keeps for one item, the strongest: ten times what is shown. It bounds a model by its
catalogue and an answer by the session's length."""

CHUNK = 512
"""Sessions answered at a time: enough that Python's share is small, few enough that their scores fit a cache."""

VALIDATION_SHARE = 7
"""One session in so many, the latest ones, is for validation: of a window of four weeks the last four days."""

VALIDATION_SESSIONS = 4_000
"""Of the validation side at most, evenly spread over its time: HR@20 is then known to within .01."""

MIN_SESSIONS = 50
"""Of two steps or more, on each side: with fewer, a site is recommended what is popular there."""

RESAMPLES = 400
"""Of sessions, for standard errors (known to within 4 %) and for intervals."""

INTERVAL = 0.95
"""The share of resamples within an interval."""

NOISE = 1.0
"""Standard errors of the difference within which the simpler candidate is as good (the one-standard-error rule)."""

BEHAVIOUR_QUESTIONS = 2_000
"""Asked for the behavioural tests at most, evenly spread: their thresholds are far from the noise of so many."""

SHUFFLED_SESSIONS = 20_000
"""Of the training side, the latest, for the test with shuffled items: more would not make it sharper."""
