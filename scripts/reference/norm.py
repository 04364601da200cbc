"""The norm law's most probable coefficients at given q and given weights -> test/reference/norm.json

    python3 scripts/reference/norm.py > test/reference/norm.json

The runs are those of known-law.json. Minimized is (E21) of docs/math.md by SciPy's least_squares from several starts: the runs with
a standard deviation of 0.01 nats and weight C / Cmax, and the usual prior.
"""
import json
import math
import os

import numpy as np
from scipy.optimize import least_squares

from shared import emit

PRIOR = {"E": (0.6, 0.3), "terms": (0.2, 1.5), "alpha": (0.33, 0.4), "beta": (0.33, 0.4)}
SD = 0.01


def runs():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../../test/reference/known-law.json")) as file:
        rows = json.load(file)["runs"]
    return (np.array([row[key] for row in rows]) for key in ("parameters", "tokens", "loss"))


def minimum(N, D, L, q):
    work = np.log(6 * N * D)
    top = work >= work.max() - 1.5
    x, y = np.log(N), np.log(D)
    cx, cy = x[top].mean(), y[top].mean()
    lowest = np.sort(L)[min(2, int(0.1 * len(L)))]
    weight = np.sqrt(np.exp(work - work.max())) / SD

    def law(t):
        e = 1 / (1 + math.exp(-t[0]))
        a, b = t[1] - math.exp(t[3]) * (x - cx), t[2] - math.exp(t[4]) * (y - cy)
        return e * lowest + np.exp(q * np.logaddexp(a / q, b / q))

    def residual(t):
        term = math.log(PRIOR["terms"][0] * lowest)
        mean, sd = PRIOR["E"]
        prior = [(t[0] - math.log(mean / (1 - mean))) * mean * (1 - mean) / sd, (t[1] - term) / PRIOR["terms"][1], (t[2] - term) / PRIOR["terms"][1],
                 (t[3] - math.log(PRIOR["alpha"][0])) / PRIOR["alpha"][1], (t[4] - math.log(PRIOR["beta"][0])) / PRIOR["beta"][1]]
        return np.concatenate([(law(t) - L) * weight, prior])

    ends = [least_squares(residual, [0.5, math.log(0.3), math.log(0.3), math.log(a), math.log(b)], xtol=1e-15, ftol=1e-15, gtol=1e-15)
            for a, b in ((0.3, 0.3), (0.5, 0.4), (0.25, 0.45))]
    best = min(ends, key=lambda end: end.cost)
    t = best.x
    alpha, beta = math.exp(t[3]), math.exp(t[4])
    return {"q": q, "cost": 2 * best.cost, "E": lowest / (1 + math.exp(-t[0])), "A": math.exp(t[1] + alpha * cx),
            "B": math.exp(t[2] + beta * cy), "alpha": alpha, "beta": beta}


if __name__ == "__main__":
    N, D, L = runs()
    emit("norm.py", sd=SD, fits=[minimum(N, D, L, q) for q in (0.5, 0.7, 1.0)])
