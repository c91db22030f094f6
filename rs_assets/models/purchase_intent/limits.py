"""The numbers that purchase_intent is built with: how little is too little, seeds, sizes.

Belongs here: every threshold of this model, with its reason. Does not belong here: the gates of promotion.
"""

from __future__ import annotations

NGRAMS, NGRAMS_KEPT = 3, 1_000
"""The longest run of events that counts as one, and how many of all runs count: the most frequent."""

SEED = 20240101
"""Of every draw (resamples, permutations, the fits): any number, but the same in each run."""

MIN_POSITIVES = 20
"""Of each class on the training side: with fewer, 15 inputs separate anything by luck."""

MIN_VALIDATION_POSITIVES = 5
"""Of each class on the validation side, and in a slice: with fewer, one buyer moves PR-AUC by a fifth."""

VALIDATION_SHARE = 4
"""One log date in so many, the latest ones, is for validation: one week of the window's four."""

RESAMPLES = 100
"""Of sessions, for the standard errors: a standard error known to within 7 % is good enough to choose by."""

NOISE = 1.0
"""Standard errors of the difference within which the simpler candidate is as good (the one-standard-error
rule)."""

EVIDENCE = 2.0
"""Standard errors by which a challenger must be better than a constant to serve: the best of some candidates beats it
by one or two on labels that mean nothing."""

CALIBRATION_EVIDENCE = 2.0
"""Standard errors by which recalibrating must lower the log loss on dates it was not fitted on."""

MIN_ISOTONIC = 300
"""Positives to fit isotonic steps on: with fewer, the steps are those of single buyers."""

CALIBRATION_BINS = 10
"""Of equal numbers of rows. Buyers are rare, so bins of equal width would be empty but for the first."""

CURVE_POINTS = 200
"""Of a precision-recall curve, at most: more cannot be told apart in a plot."""

IMPORTANCE_ROWS = 20_000
"""Of the validation side, at most, evenly spread: importances are read, not compared to the last digit."""

IMPORTANCE_REPEATS = 3
"""Permutations of each input."""
