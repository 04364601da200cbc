"""Variable projection in scipy, timed: a grid over (alpha, beta) with E, A, B >= 0 inside, then scipy's least_squares.

    python3 scripts/reference/varpro.py [FILE] [--drop K] [--repeats R]

FILE is a JSON array of {parameters, tokens, flops, loss} or the CSV of the Chinchilla runs (with --drop 5); without it the rows of
known_law.py are used. Prints JSON {seconds, secondsBatched, secondsCoarse, ...}, the least over the repeats after one warm-up
(whatever else a machine does only adds to them):

- seconds: scipy.optimize.nnls at each of 32 x 32 grid points, the powers of N and D computed once per exponent;
- secondsBatched: the strongest version we found for that grid. All 1,024 normal equations are parts of one Gram matrix of the 65 columns;
  numpy solves them in one call, and nnls is called only where that solution is negative and could still win;
- secondsCoarse: the same on isoflop's own grid, 12 x 12.
"""
import argparse
import time

from shared import emit, read_runs  # first: it sets the number of BLAS threads
import numpy as np
from scipy.optimize import least_squares, nnls

from known_law import known_runs

GRID = np.linspace(0.05, 0.95, 32)
COARSE = 0.03 * 2 ** (np.arange(12) / 2)


def centred(N, D):
    """ln N and ln D about their means, and the means."""
    logs = np.stack([np.log(N), np.log(D)], 1)
    return logs - logs.mean(0), logs.mean(0)


def grid_by_nnls(logs, L):
    u, v = np.exp(-np.outer(GRID, logs[:, 0])), np.exp(-np.outer(GRID, logs[:, 1]))
    phi = np.ones((len(L), 3))
    best = (np.inf, 0, 0)
    for i, alpha in enumerate(GRID):
        phi[:, 1] = u[i]
        for j, beta in enumerate(GRID):
            phi[:, 2] = v[j]
            best = min(best, (nnls(phi, L)[1], alpha, beta))
    return best[1:]


def grid_batched(logs, L, grid=GRID):
    n = len(grid)
    y = L - L.mean()  # E is free, so this takes nothing away and saves digits in y'y - g'c
    columns = np.concatenate([np.ones((1, len(L))), np.exp(-np.outer(grid, logs[:, 0])), np.exp(-np.outer(grid, logs[:, 1]))])
    gram, right = columns @ columns.T, columns @ y
    i, j = (k.ravel() for k in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    index = np.stack([np.zeros(n * n, int), 1 + i, 1 + n + j], 1)
    g = right[index]
    c = np.linalg.solve(gram[index[:, :, None], index[:, None, :]], g[:, :, None])[:, :, 0]
    rss = y @ y - np.sum(g * c, 1)  # without bounds: at most the bounded minimum
    negative = (c[:, 0] + L.mean() < 0) | (c[:, 1] < 0) | (c[:, 2] < 0)
    best = rss[~negative].min(initial=np.inf)
    for k in np.flatnonzero(negative & (rss < best)):
        rss[k] = nnls(columns[index[k]].T, L)[1] ** 2
        negative[k] = False
        best = min(best, rss[k])
    k = np.argmin(np.where(negative, np.inf, rss))
    return grid[i[k]], grid[j[k]]


def refine(logs, L, start):
    """least_squares on the projected residual, with Kaufman's Jacobian."""
    def parts(x):
        phi = np.ones((len(L), 3))
        phi[:, 1:] = np.exp(-x * logs)
        Q, R = np.linalg.qr(phi)
        c = np.linalg.solve(R, Q.T @ L)
        return phi, Q, c

    def residual(x):
        phi, _, c = parts(x)
        return phi @ c - L

    def jacobian(x):
        phi, Q, c = parts(x)
        slopes = -logs * phi[:, 1:] * c[1:]
        return slopes - Q @ (Q.T @ slopes)

    end = least_squares(residual, start, jacobian, method="lm", ftol=1e-12, xtol=1e-12, gtol=1e-12)
    return end.x, parts(end.x)[2], 2 * end.cost


def fit(N, D, L, grid):
    logs, means = centred(N, D)
    (alpha, beta), c, rss = refine(logs, L, grid(logs, L))
    A, B = c[1:] * np.exp([alpha * means[0], beta * means[1]])
    return {"E": c[0], "A": A, "B": B, "alpha": alpha, "beta": beta, "rss": rss}


def timed(run, repeats):
    """The result, and the least seconds of a run."""
    result, seconds = run(), []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return result, min(seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?")
    parser.add_argument("--drop", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=20)
    args = parser.parse_args()
    N, D, _, L = read_runs(args.file, args.drop) if args.file else known_runs()
    parameters, seconds = timed(lambda: fit(N, D, L, grid_by_nnls), args.repeats)
    batched, seconds_batched = timed(lambda: fit(N, D, L, grid_batched), args.repeats)
    coarse, seconds_coarse = timed(lambda: fit(N, D, L, lambda *rows: grid_batched(*rows, COARSE)), args.repeats)
    emit("varpro.py", rows=len(L), repeats=args.repeats, seconds=seconds, secondsBatched=seconds_batched, secondsCoarse=seconds_coarse,
         parameters=parameters, parametersBatched=batched, parametersCoarse=coarse)


if __name__ == "__main__":
    main()
