"""XGBoost's predictor on one thread with trees, rows and scores that `fraud.rs` wrote: rows a second, largest difference."""

import sys
import time

import numpy as np
import xgboost as xgb

folder, width = sys.argv[1], int(sys.argv[2])
model = xgb.Booster({"nthread": 1})
model.load_model(folder + "/trees.json")
model.set_param({"nthread": 1})
rows = np.fromfile(folder + "/rows.f32", dtype="<f4").reshape(-1, width)
scores = np.fromfile(folder + "/scores.f32", dtype="<f4")
best = None
for _ in range(5):
    began = time.perf_counter()
    told = model.inplace_predict(rows, predict_type="margin")
    took = time.perf_counter() - began
    best = took if best is None else min(best, took)
print(len(rows) / best, float(np.abs(told - scores).max()))
