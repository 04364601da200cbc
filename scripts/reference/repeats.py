"""The data-constrained law: best runs of a known law, and most probable coefficients of runs -> test/reference/repeats.json

    python3 scripts/reference/repeats.py > test/reference/repeats.json

Best runs by SciPy's minimize_scalar over ln N. Minimized is (E115) of docs/math.md by least_squares from several starts: the runs with a
standard deviation of 0.01 nats and the weight C / Cmax, the usual prior, and R* of 15.4 and 5.3 within a factor e^1.2 with long tails.
"""
import math

import numpy as np
from scipy.optimize import least_squares, minimize_scalar

from shared import emit

LAW = {"E": 1.7, "A": 420.0, "B": 900.0, "alpha": 0.33, "beta": 0.31, "q": 0.7}
STARS = {"tokens": 12.0, "size": 4.0}
SD, PRIOR_SD = 0.01, 1.2


def grows(base, whole, star):
    """base (1 + R* (1 - e^(-R / R*))), R = whole / base - 1"""
    return base * (1 + star * -np.expm1(-(whole / base - 1) / star))


def loss(law, stars, N, D, U):
    U, q = np.minimum(U, D), law["q"]
    supported = (law["alpha"] ** q * law["A"] / (law["beta"] ** q * law["B"]) * U ** law["beta"]) ** (1 / law["alpha"])
    served, taught = grows(np.minimum(N, supported), N, stars["size"]), grows(U, D, stars["tokens"])
    return law["E"] + ((law["A"] / served ** law["alpha"]) ** (1 / q) + (law["B"] / taught ** law["beta"]) ** (1 / q)) ** q


def best(C, U):
    found = minimize_scalar(lambda x: loss(LAW, STARS, math.exp(x), C / 6 / math.exp(x), U), bounds=(math.log(1e7), math.log(1e12)),
                            method="bounded", options={"xatol": 1e-10})
    return {"flops": C, "unique": U, "parameters": math.exp(found.x), "loss": found.fun}


def runs():
    rng = np.random.default_rng(7)
    rows = [(N, U * e, U) for N in (6e7, 2e8, 7e8, 2e9) for U in (3e8, 2e9, 1e10) for e in (1, 3, 10, 30) if N * U * e < 4e20]
    rows += [(N, k * N, k * N) for N in (6e7, 2e8, 7e8, 2e9) for k in (6, 25, 90)]
    N, D, U = np.array(rows, float).T
    return N, D, U, loss(LAW, STARS, N, D, U) * (1 + 0.003 * rng.standard_normal(len(N)))


def long_tailed(z):
    return np.sign(z) * math.sqrt(2 * (math.sqrt(1 + z * z) - 1))


def minimum(N, D, U, L, q):
    work = np.log(6 * N * D)
    top = work >= work.max() - 1.5
    cx, cy = np.log(N)[top].mean(), np.log(D)[top].mean()
    lowest = np.sort(L)[min(2, int(0.1 * len(L)))]
    weight = np.sqrt(np.exp(work - work.max())) / SD
    term = math.log(0.2 * lowest)

    def law_of(t):
        alpha, beta = math.exp(t[3]), math.exp(t[4])
        law = {"E": lowest / (1 + math.exp(-t[0])), "A": math.exp(t[1] + alpha * cx), "B": math.exp(t[2] + beta * cy), "alpha": alpha, "beta": beta, "q": q}
        return law, {"tokens": math.exp(t[5]), "size": math.exp(t[6])}

    def residual(t):
        law, stars = law_of(t)
        prior = [(t[0] - math.log(1.5)) * 0.24 / 0.3, (t[1] - term) / 1.5, (t[2] - term) / 1.5, (t[3] - math.log(0.33)) / 0.4, (t[4] - math.log(0.33)) / 0.4,
                 long_tailed((t[5] - math.log(15.4)) / PRIOR_SD), long_tailed((t[6] - math.log(5.3)) / PRIOR_SD)]
        return np.concatenate([(loss(law, stars, N, D, U) - L) * weight, prior])

    ends = [least_squares(residual, [0.5, term, term, math.log(a), math.log(b), math.log(15), math.log(s)], xtol=1e-15, ftol=1e-15, gtol=1e-15)
            for a, b in ((0.3, 0.3), (0.5, 0.4), (0.25, 0.4)) for s in (3, 10)]
    end = min(ends, key=lambda end: end.cost)
    law, stars = law_of(end.x)
    return {"q": q, "cost": 2 * end.cost, "fresh": law, **stars}


if __name__ == "__main__":
    N, D, U, L = runs()
    rows = [{"parameters": n, "tokens": d, "unique": u, "loss": l} for n, d, u, l in zip(N, D, U, L)]
    emit("repeats.py", law=LAW, stars=STARS, sd=SD, best=[best(C, U) for C in (1e20, 1e21, 1e22) for U in (6e9, 2e10, 6e10)], runs=rows,
         fits=[minimum(N, D, U, L, q) for q in (0.5, 0.7, 1.0)])
