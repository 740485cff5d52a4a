"""Trains the models of this folder on planted data, and writes what XGBoost itself predicts. See README.md.

    /usr/bin/python3 train.py FOLDER [ROWS]
"""

import json
import sys

import numpy as np
import xgboost as xgb

folder = sys.argv[1]
rows = int(sys.argv[2]) if len(sys.argv) > 2 else 300
rng = np.random.default_rng(20261126)

NAMES = ["distance", "saving", "popularity", "district", "language_match"]
TYPES = ["float", "float", "float", "c", "float"]


def planted(n):
    """Rows with missing values, and a truth with a step, a cross, and districts that matter."""
    x = rng.random((n, len(NAMES)))
    x[:, 3] = rng.integers(0, 40, n)
    x[:, 4] = np.round(x[:, 4] * 3) / 3
    gap = rng.random(x.shape) < 0.12
    x[gap] = np.nan
    d, s, p, c, l = np.nan_to_num(x, nan=0.4).T
    truth = 2.0 * (d > 0.6) + 1.5 * s * (l > 0.5) - p + 0.8 * np.isin(c, [1, 5, 7, 31, 33]) - 0.5 * np.isnan(x[:, 1])
    return x, truth


def save(name, parameters, label, rounds, categorical=True, group=None):
    x, truth = planted(4000)
    types = TYPES if categorical else ["float"] * len(NAMES)
    train = xgb.DMatrix(x, label=label(truth), feature_names=NAMES, feature_types=types, enable_categorical=True)
    if group:
        train.set_group([group] * (len(x) // group))
    model = xgb.train({"seed": 1, "nthread": 1, "tree_method": "hist", **parameters}, train, rounds)
    model.save_model(f"{folder}/{name}.json")
    probe, _ = planted(rows)
    if categorical:
        probe[0, 3], probe[1, 3], probe[2, 3] = 41, 1000, np.nan  # categories that were never seen
    # Values at the thresholds themselves and one step of double precision beside them.
    trees = json.load(open(f"{folder}/{name}.json"))["learner"]["gradient_booster"]["model"]["trees"]
    cuts = [float(np.float32(c)) for t in trees for c, f, left in zip(t["split_conditions"], t["split_indices"], t["left_children"])
            if left >= 0 and f == 0][:30]
    for i, t in enumerate(cuts):
        probe[10 + i, 0] = (t, np.nextafter(t, 0), np.nextafter(t, 1))[i % 3]
    m = xgb.DMatrix(probe, feature_names=NAMES, feature_types=types, enable_categorical=True)
    json.dump({
        "rows": [[None if np.isnan(v) else v for v in row] for row in probe.tolist()],
        "predictions": [float(v) for v in model.predict(m)],
        "margins": [float(v) for v in model.predict(m, output_margin=True)],
        "contributions": [[float(v) for v in row] for row in
                          (model.predict(m, pred_contribs=True, approx_contribs=True)[:20] if not categorical else [])],
    }, open(f"{folder}/{name}.expected.json", "w"), separators=(",", ":"))


def chance(t):
    return (rng.random(len(t)) < 1 / (1 + np.exp(-t))).astype(float)


save("logistic", {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "base_score": 0.3, "max_cat_to_onehot": 1}, chance, 12)
save("onehot", {"objective": "binary:logitraw", "max_depth": 4, "eta": 0.5, "max_cat_to_onehot": 100}, chance, 8)
save("squares", {"objective": "reg:squarederror", "max_depth": 5, "eta": 0.3}, lambda t: t, 10, categorical=False)
save("rank", {"objective": "rank:ndcg", "max_depth": 3, "eta": 0.3}, lambda t: np.clip(np.round(t), 0, 3), 8, categorical=False, group=20)
save("poisson", {"objective": "count:poisson", "max_depth": 3, "eta": 0.3}, lambda t: rng.poisson(np.exp(t / 2)), 8)
save("forest", {"objective": "reg:squarederror", "max_depth": 4, "eta": 1, "num_parallel_tree": 6, "subsample": 0.6, "colsample_bynode": 0.6},
     lambda t: t, 1, categorical=False)
save("deep", {"objective": "reg:logistic", "max_depth": 14, "max_leaves": 60, "grow_policy": "lossguide", "eta": 0.4}, lambda t: 1 / (1 + np.exp(-t)), 4)
