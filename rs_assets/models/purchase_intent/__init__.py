"""purchase_intent: will this session buy, after what we have seen of it so far?

The front of the package, in the order of use: `training_set`, `train`, `dump` and `load`, `predict`.
Importing it does not load scikit-learn; training, loading a trained model and scoring do.
"""

from rs_assets.models.purchase_intent.artifact import dump, load, read_card
from rs_assets.models.purchase_intent.card import Card
from rs_assets.models.purchase_intent.evaluation import Evaluation
from rs_assets.models.purchase_intent.metrics import score_metrics
from rs_assets.models.purchase_intent.model import NotTrained, Trained, train
from rs_assets.models.purchase_intent.predict import predict
from rs_assets.models.purchase_intent.training import FEATURES, training_set

__all__ = [
    "FEATURES",
    "Card",
    "Evaluation",
    "NotTrained",
    "Trained",
    "dump",
    "load",
    "predict",
    "read_card",
    "score_metrics",
    "train",
    "training_set",
]
