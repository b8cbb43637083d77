"""What @NAME@ fits: any scikit-learn estimator that skl2onnx can export."""

from sklearn.ensemble import HistGradientBoostingClassifier


def build(hyperparameters):
    seed = int(hyperparameters["seed"])
    return HistGradientBoostingClassifier(max_iter=50, early_stopping=False, random_state=seed)
