"""The handout's 72 IsoFLOP runs fitted four ways -> test/reference/handout.json

    python3 scripts/reference/handout.py > test/reference/handout.json

The runs are regenerated from their law, as src/world/handout.ts does: the loss is the law's at the exact size, the size is then
cut to a whole number. Given the published file as an argument, it is read instead (the figures must be the same).
"""
import json
import sys

import numpy as np

from shared import emit, lowest_runs, optimum, parabola_minima, power_log, power_raw, predict, surface_loss, variable_projection

LAW = {"E": 2.69, "A": 1606.4, "B": 3210.7, "alpha": 0.34, "beta": 0.36}
DESIGNS = [
    ([6e18, 1e19, 3e19, 6e19, 1e20], 1.2e11, 5e9),  # budgets, C / smallest size, C / largest size
    ([3e20, 6e20, 1e21, 3e21], 1.2e12, 3e10),
]


def regenerated():
    """N, C, L."""
    profiles = []
    for budgets, per_smallest, per_largest in DESIGNS:
        for C in budgets:
            N = np.logspace(np.log10(C / per_smallest), np.log10(C / per_largest), 8)
            profiles.append((np.floor(N), np.full(8, C), surface_loss(LAW, N, C / (6 * N))))
    return np.concatenate(profiles, 1)


def published(path):
    """N, C, L."""
    with open(path) as file:
        return np.array([(r["parameters"], r["compute_budget"], r["final_loss"]) for r in json.load(file)]).T


def judged(laws):
    """The laws with what they predict, and the loss they lose at 1e24 by training the predicted N on D = C/6N."""
    N = predict(laws, 1e24)["parameters"]
    best = predict(optimum(LAW), 1e24)
    excess = surface_loss(LAW, N, 1e24 / (6 * N)) - surface_loss(LAW, best["parameters"], best["tokens"])
    return {**laws, "at1e23": predict(laws, 1e23), "at1e24": predict(laws, 1e24),
            "parametersOverTruthAt1e24": N / best["parameters"], "excessLossAt1e24": excess}


N, C, L = published(sys.argv[1]) if len(sys.argv) > 1 else regenerated()
D = C / (6 * N)
lowC, lowN, lowD, lowL = lowest_runs(N, D, C, L)
minima = parabola_minima(N, C, L)
minC = np.array([m["flops"] for m in minima])
minN = np.array([m["parameters"] for m in minima])
surface = variable_projection(N, D, L)

emit(
    "handout.py",
    law=LAW,
    rows=len(N),
    lossSum=np.sum(L),
    truth=judged(optimum(LAW)),
    lowestRaw=judged({
        "parameters": power_raw(lowC, lowN), "tokens": power_raw(lowC, lowD),
        "lossOfParameters": power_raw(lowN, lowL), "lossOfTokens": power_raw(lowD, lowL)}),
    lowestLog=judged({"parameters": power_log(lowC, lowN), "tokens": power_log(lowC, lowD)}),
    parabola={**judged({"parameters": power_log(minC, minN), "tokens": power_log(minC, minC / (6 * minN))}), "minima": minima},
    surface={**surface, **judged(surface["optimum"])},
)
