"""What @NAME@ fits: any scikit-learn estimator that skl2onnx can export."""

from sklearn.ensemble import HistGradientBoostingRegressor


def build(hyperparameters):
    seed = int(hyperparameters["seed"])
    return HistGradientBoostingRegressor(max_iter=50, early_stopping=False, random_state=seed)
