"""What the reference scripts share: rows in, JSON out, the fits that several of them make. Not run by itself.

N parameters, D tokens, C FLOPs, L loss. Every fit ends with a polish to the true minimum, because the numbers pin a test.
"""
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy loads; threads only slow such small products down

import csv
import datetime
import json
import platform
import sys

import numpy as np
import scipy
from scipy.optimize import curve_fit, nnls

DELTA = 1e-3  # of the Huber loss
ORDER = ["lnA", "lnB", "lnE", "alpha", "beta"]  # of a parameter vector of the Huber objective


# ---- rows in, JSON out

def read_runs(path, drop_highest=0):
    """N, D, C, L from a JSON array of {parameters, tokens, flops, loss} or from the CSV of the Chinchilla runs (D = C / 6N)."""
    with open(path) as file:
        if path.endswith(".json"):
            rows = json.load(file)
            rows = [(r["parameters"], r["tokens"], r["flops"], r["loss"]) for r in rows]
            N, D, C, L = np.array(rows, float).T
        else:
            rows = [(r["Model Size"], r["Training FLOP"], r["loss"]) for r in csv.DictReader(file)]
            N, C, L = np.array(rows, float).T
            D = C / (6 * N)
    keep = np.sort(np.argsort(L, kind="stable")[: len(L) - drop_highest])
    return N[keep], D[keep], C[keep], L[keep]


def emit(script, **numbers):
    """Prints the numbers as JSON below a header that says what made them. repr of a double is exact, so nothing is rounded."""
    header = {
        "made_by": f"scripts/reference/{script}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "date": datetime.date.today().isoformat(),
    }
    json.dump({**header, **numbers}, sys.stdout, indent=1, allow_nan=False, default=lambda x: x.tolist())
    print()


# ---- the surface L = E + A/N^alpha + B/D^beta

def surface_loss(law, N, D):
    return law["E"] + law["A"] * N ** -law["alpha"] + law["B"] * D ** -law["beta"]


def optimum(law):
    """N* = k C^a and D* = k C^a of a surface."""
    s = law["alpha"] + law["beta"]
    G = (law["alpha"] * law["A"] / (law["beta"] * law["B"])) ** (1 / s)
    a, b = law["beta"] / s, law["alpha"] / s
    return {"parameters": power(G / 6 ** a, a), "tokens": power(1 / (G * 6 ** b), b)}


def columns(N, D, alpha, beta):
    """The columns that E, A, B multiply, scaled to about 1 so that the problem is well conditioned, and their scales."""
    n, d = np.exp(np.log(N).mean()), np.exp(np.log(D).mean())
    return np.stack([np.ones_like(N), (N / n) ** -alpha, (D / d) ** -beta], 1), np.array([1, n ** alpha, d ** beta])


def variable_projection(N, D, L, grid=np.linspace(0.05, 0.95, 32)):
    """Squared error on L: E, A, B by nnls inside a grid over (alpha, beta), then Gauss-Newton on (alpha, beta) alone."""
    rss = [(nnls(columns(N, D, a, b)[0], L)[1], a, b) for a in grid for b in grid]
    start = np.array(min(rss)[1:])
    logs = np.stack([np.log(N / np.exp(np.log(N).mean())), np.log(D / np.exp(np.log(D).mean()))], 1)

    def residual_and_jacobian(x):
        phi, _ = columns(N, D, *x)
        Q, _ = np.linalg.qr(phi)
        c = np.linalg.lstsq(phi, L, rcond=None)[0]
        slopes = -logs * phi[:, 1:] * c[1:]  # d(phi c) / d(alpha, beta) at fixed c; Kaufman: project it as well
        return phi @ c - L, slopes - Q @ (Q.T @ slopes)

    alpha, beta = gauss_newton(residual_and_jacobian, start)
    phi, scale = columns(N, D, alpha, beta)
    c, norm = nnls(phi, L)
    E, A, B = c * scale
    law = {"E": E, "A": A, "B": B, "alpha": alpha, "beta": beta}
    return {**law, "rss": norm ** 2, "optimum": optimum(law)}


def gauss_newton(residual_and_jacobian, x, steps=200):
    """The minimum of |r|^2 from a near start: halved steps while the squares fall, full steps when rounding hides the fall."""
    r, J = residual_and_jacobian(x)
    for _ in range(steps):
        step = -np.linalg.lstsq(J, r, rcond=None)[0]
        while np.sum(residual_and_jacobian(x + step)[0] ** 2) > np.sum(r ** 2) and np.max(np.abs(step / x)) > 1e-9:
            step /= 2
        if np.max(np.abs(step / x)) < 1e-15:
            break
        x = x + step
        r, J = residual_and_jacobian(x)
    return x


# ---- approach 3: Huber loss of the log loss

def lse(x, lnN, lnD):
    """ln of the predicted loss, and the shares of its three terms (its gradient in lnA, lnB, lnE), overflow-free."""
    a, b, e, alpha, beta = x
    terms = np.stack([a - alpha * lnN, b - beta * lnD, np.full_like(lnN, e)])
    top = terms.max(0)
    weights = np.exp(terms - top)
    total = weights.sum(0)
    return top + np.log(total), weights / total


def huber_objective(x, lnN, lnD, lnL, hessian=False):
    """The SUM of Huber_1e-3 (LSE - ln L) at x (in ORDER) and its gradient; with `hessian`, also the second derivative."""
    value, p = lse(x, lnN, lnD)
    r = value - lnL
    size = np.abs(r)
    f = np.sum(np.where(size <= DELTA, 0.5 * r * r, DELTA * (size - 0.5 * DELTA)))
    psi = np.clip(r, -DELTA, DELTA)
    J = np.stack([p[0], p[1], p[2], -p[0] * lnN, -p[1] * lnD])
    if not hessian:
        return f, J @ psi
    terms = np.zeros((3, 5, len(lnN)))  # the derivatives of the three terms
    terms[0, 0] = terms[1, 1] = terms[2, 2] = 1
    terms[0, 3], terms[1, 4] = -lnN, -lnD
    inside = (J * (size <= DELTA)) @ J.T
    curvature = np.einsum("tin,tjn,tn->ij", terms, terms, p * psi) - (J * psi) @ J.T
    return f, J @ psi, inside + curvature


def huber_polish(x, lnN, lnD, lnL, steps=300):
    """Newton to the minimum near x, damped as in Levenberg's method, in centred logs (which only re-labels lnA and lnB)."""
    n, d = lnN.mean(), lnD.mean()
    y = x - np.array([x[3] * n, x[4] * d, 0, 0, 0])
    damping = 1e-6
    for _ in range(steps):
        f, g, H = huber_objective(y, lnN - n, lnD - d, lnL, hessian=True)
        while True:
            damped = H + damping * np.eye(5)
            positive = np.linalg.eigvalsh(damped)[0] > 0
            step = -np.linalg.solve(damped, g) if positive else None
            if positive and (damping > 1e6 or huber_objective(y + step, lnN - n, lnD - d, lnL)[0] <= f * (1 + 1e-15)):
                break
            damping = max(damping * 10, 1e-12)
        y = y + step
        damping = damping / 10 if damping > 1e-12 else 0
        if np.max(np.abs(step)) < 1e-15:
            break
    return y + np.array([y[3] * n, y[4] * d, 0, 0, 0])


def huber_law(x):
    """The surface that a parameter vector in ORDER stands for."""
    return {"E": np.exp(x[2]), "A": np.exp(x[0]), "B": np.exp(x[1]), "alpha": x[3], "beta": x[4]}


def huber_starts(count=4500):
    """The 4,500 starts of approach 3 (in ORDER), or `count` evenly spaced ones, as src/fit/huber.ts picks them."""
    half = np.arange(0, 2.5, 0.5)
    five = np.arange(0, 30, 5.0)
    grid = np.stack(np.meshgrid(five, five, half - 1, half, half, indexing="ij"), -1).reshape(-1, 5)
    count = min(count, len(grid))
    return grid[((np.arange(count) + 0.5) * len(grid) / count).astype(int)]


# ---- IsoFLOP profiles

def power(k, a):
    return {"coefficient": k, "exponent": a}


def power_raw(x, y):
    """y = k x^a by least squares on raw y (curve_fit). x is divided by its geometric mean, or k and a are hardly separable."""
    x0 = np.exp(np.log(x).mean())
    slope, level = np.polyfit(np.log(x / x0), np.log(y), 1)
    (k, a), _ = curve_fit(
        lambda t, k, a: k * t ** a, x / x0, y, p0=[np.exp(level), slope],
        jac=lambda t, k, a: np.stack([t ** a, k * t ** a * np.log(t)], 1), ftol=1e-15, xtol=1e-15, gtol=1e-15)
    k, a = gauss_newton(lambda q: (q[0] * (x / x0) ** q[1] - y, np.stack(
        [(x / x0) ** q[1], q[0] * (x / x0) ** q[1] * np.log(x / x0)], 1)), np.array([k, a]))
    return power(k * x0 ** -a, a)


def power_log(x, y):
    """y = k x^a by least squares on ln y."""
    a, level = np.polyfit(np.log(x), np.log(y), 1)
    return power(np.exp(level), a)


def lowest_runs(N, D, C, L):
    """C, N, D, L of the lowest run of each budget, budgets ascending."""
    rows = [min(np.flatnonzero(C == c), key=lambda i: L[i]) for c in np.unique(C)]
    return C[rows], N[rows], D[rows], L[rows]


def parabola_minima(N, C, L):
    """Per budget: the minimum of a parabola in ln N (np.polyfit, degree 2; ln N centred, which changes only the rounding)."""
    minima = []
    for c in np.unique(C):
        lnN = np.log(N[C == c])
        middle = lnN.mean()
        c2, c1, c0 = np.polyfit(lnN - middle, L[C == c], 2)
        minima.append({
            "flops": c, "parameters": np.exp(middle - c1 / (2 * c2)), "loss": c0 - c1 * c1 / (4 * c2), "curvature": 2 * c2})
    return minima


def predict(laws, C):
    """N and D of a pair of power laws at C."""
    return {q: laws[q]["coefficient"] * C ** laws[q]["exponent"] for q in ("parameters", "tokens")}
