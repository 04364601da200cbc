"""60 noisy runs of a law we chose, and every fit of them -> test/reference/known-law.json

    python3 scripts/reference/known_law.py > test/reference/known-law.json

6 budgets x 10 sizes within 6x of the optimum, D = C/6N, and the loss multiplied by exp(0.01 z), z from numpy's default_rng(0).
The rows are ours, so they are in the output; the fits are of exactly those rows.
"""
import numpy as np
from scipy.optimize import curve_fit, minimize

from shared import (
    ORDER, emit, gauss_newton, huber_law, huber_objective, huber_polish, huber_starts, lowest_runs, optimum, parabola_minima,
    power_log, power_raw, predict, surface_loss, variable_projection,
)

LAW = {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35, "beta": 0.37}
BUDGETS = [1e18, 3e18, 6e18, 1e19, 3e19, 1e20]
NOISE = 0.01


def known_runs():
    """N, D, C, L."""
    random = np.random.default_rng(0)
    C = np.repeat(BUDGETS, 10)
    N = np.floor(predict(optimum(LAW), C)["parameters"] * np.tile(np.geomspace(1 / 6, 6, 10), len(BUDGETS)))
    D = C / (6 * N)
    return N, D, C, surface_loss(LAW, N, D) * np.exp(NOISE * random.standard_normal(len(N)))


def huber_minimum(data, count=300):
    """The lowest of the polished ends of `count` of the 4,500 starts, and the next lowest, distinct one (None: all agree)."""
    ends = [minimize(huber_objective, x, data, "L-BFGS-B", jac=True, options={"ftol": 0, "gtol": 1e-9, "maxiter": 2000})
            for x in huber_starts(count)]
    lowest = min(end.fun for end in ends)
    ends = [huber_polish(end.x, *data) for end in ends if end.fun < lowest * 1.01]
    ends = sorted((huber_objective(x, *data)[0], *x) for x in ends)
    others = [end[0] for end in ends if end[0] > ends[0][0] * (1 + 1e-9)]
    return np.array(ends[0][1:]), min(others, default=None)


def frontier(C, L):
    """L = E + K C^-g by least squares; C is divided by its geometric mean inside, which leaves the minimum where it is."""
    c = C / np.exp(np.log(C).mean())
    model = lambda t, E, k, g: E + k * t ** -g
    slopes = lambda t, E, k, g: np.stack([np.ones_like(t), t ** -g, -k * t ** -g * np.log(t)], 1)
    p0 = [L.min() * 0.7, L[-1] * 0.3, 0.15]
    start, _ = curve_fit(model, c, L, p0, jac=slopes, ftol=1e-15, xtol=1e-15, gtol=1e-15, maxfev=10000)
    E, k, g = gauss_newton(lambda x: (model(c, *x) - L, slopes(c, *x)), start)
    return {"E": E, "coefficient": k * np.exp(np.log(C).mean()) ** g, "exponent": g, "rss": np.sum((model(c, E, k, g) - L) ** 2)}


def main():
    N, D, C, L = known_runs()
    data = np.log(N), np.log(D), np.log(L)
    best, runner_up = huber_minimum(data)
    objective, gradient = huber_objective(best, *data)
    minima = parabola_minima(N, C, L)
    minC, minN, minL = (np.array([m[key] for m in minima]) for key in ("flops", "parameters", "loss"))
    lowC, lowN, lowD, lowL = lowest_runs(N, D, C, L)
    emit(
        "known_law.py",
        law={**LAW, "noise": NOISE, "optimum": optimum(LAW)},
        runs=[dict(zip(("parameters", "tokens", "flops", "loss"), map(float, row))) for row in zip(N, D, C, L)],
        huber={"delta": 1e-3, "objective": objective, **huber_law(best), **dict(zip(ORDER, map(float, best))),
               "gradientNorm": np.linalg.norm(gradient), "nextMinimum": runner_up, "optimum": optimum(huber_law(best))},
        surface=variable_projection(N, D, L),
        parabola={"parameters": power_log(minC, minN), "tokens": power_log(minC, minC / (6 * minN)), "minima": minima},
        lowestRaw={"parameters": power_raw(lowC, lowN), "tokens": power_raw(lowC, lowD),
                   "lossOfParameters": power_raw(lowN, lowL), "lossOfTokens": power_raw(lowD, lowL)},
        lowestLog={"parameters": power_log(lowC, lowN), "tokens": power_log(lowC, lowD)},
        frontier=frontier(minC, minL),
    )


if __name__ == "__main__":
    main()
