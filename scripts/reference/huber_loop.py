"""Approach 3 as scipy users run it, timed: scipy.optimize.minimize(method="L-BFGS-B") from each of the 4,500 starts.

    python3 scripts/reference/huber_loop.py [FILE] [--starts K] [--drop K] [--workers W] [--plain | --published]

FILE is a JSON array of {parameters, tokens, flops, loss} or the CSV of the Chinchilla runs (with --drop 5); without it the rows of
known_law.py are used. --starts K runs K evenly spaced starts. Prints JSON {starts, seconds, objective, parameters, ...}.

The default is the strongest version we found: one matrix product for the terms, one for the analytic gradient, no BLAS threads, and
the objective divided by delta, so that scipy's stopping rule sees numbers near 1. --plain leaves that division out: on Chinchilla's
240 rows 12 s instead of 18 s, but 8 % of the starts end at the minimum instead of 23 %. Tried without gain: centred logs, tighter
tolerances, BFGS. --published is how published replications run the grid: numerical gradient, no scaling, default tolerances.
shareAtBest counts the starts that end within one part in a million of the best objective. Subsets only roughly stand for all starts.
"""
import argparse
import multiprocessing
import time

from shared import DELTA, ORDER, emit, huber_law, huber_starts, read_runs  # first: it sets the number of BLAS threads
import numpy as np
from scipy.optimize import minimize

from known_law import known_runs


class Approach3:
    """The objective on some rows, callable in a worker process."""

    def __init__(self, N, D, L, mode):
        n, one, zero = len(L), np.ones(len(L)), np.zeros(len(L))
        rows = [[one, zero, zero, -np.log(N), zero], [zero, one, zero, zero, -np.log(D)], [zero, zero, one, zero, zero]]
        self.M = np.concatenate([np.stack(row, 1) for row in rows])  # [3 n, 5]: all terms of the LSE are M x
        self.shape, self.lnL, self.mode = (3, n), np.log(L), mode

    def residual(self, x):
        """LSE - ln L, that cut at -delta and delta (the slope of Huber's loss), and the weights of the terms with their sum."""
        terms = (self.M @ x).reshape(self.shape)
        top = terms.max(0)
        weights = np.exp(terms - top)
        total = weights.sum(0)
        r = top + np.log(total) - self.lnL
        return r, np.minimum(np.maximum(r, -DELTA), DELTA), weights, total

    def value(self, x):
        r, psi, _, _ = self.residual(x)
        return psi @ (r - 0.5 * psi)  # r^2 / 2 inside delta, delta (|r| - delta / 2) outside

    def value_and_gradient(self, x):
        r, psi, weights, total = self.residual(x)
        return psi @ (r - 0.5 * psi), (weights * (psi / total)).ravel() @ self.M

    def scaled(self, x):
        f, g = self.value_and_gradient(x)
        return f / DELTA, g / DELTA

    def run(self, start):
        if self.mode == "published":
            end = minimize(self.value, start, method="L-BFGS-B")
        else:
            end = minimize(self.value_and_gradient if self.mode == "plain" else self.scaled, start, method="L-BFGS-B", jac=True)
        return (self.value(end.x), end.nfev, *end.x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?")
    parser.add_argument("--starts", type=int, default=4500)
    parser.add_argument("--drop", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--plain", dest="mode", action="store_const", const="plain", default="scaled")
    mode.add_argument("--published", dest="mode", action="store_const", const="published")
    args = parser.parse_args()

    N, D, _, L = read_runs(args.file, args.drop) if args.file else known_runs()
    task, starts = Approach3(N, D, L, args.mode), huber_starts(args.starts)

    began = time.perf_counter()
    if args.workers > 1:
        with multiprocessing.Pool(args.workers) as pool:
            ends = pool.map(task.run, starts, chunksize=8)
    else:
        ends = [task.run(start) for start in starts]
    seconds = time.perf_counter() - began

    objectives = np.array([end[0] for end in ends])
    best = np.array(min(ends)[2:])
    emit(
        "huber_loop.py",
        rows=len(L), starts=len(starts), workers=args.workers, mode=args.mode, seconds=seconds,
        evaluations=sum(end[1] for end in ends),
        shareAtBest=np.mean(objectives < objectives.min() * (1 + 1e-6)),
        objective=objectives.min(), parameters={**huber_law(best), **dict(zip(ORDER, map(float, best)))},
    )


if __name__ == "__main__":
    main()
