"""Quantiles of Student's t, chi-square and F, sample quantiles, and non-negative least squares -> test/reference/distributions.json

    python3 scripts/reference/distributions.py > test/reference/distributions.json
"""
import numpy as np
from scipy.optimize import nnls
from scipy.stats import chi2, f, t

from shared import emit

DEGREES = [1, 2, 3, 5, 10, 30, 100, 1000]
VALUES = [3.5, -1.0, 2.25, 8.0, 0.5, 2.0, 13.0]
P = [0, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 1]
COLUMNS = np.stack([np.ones(6), [2.0, 1.5, 1.2, 1.0, 0.8, 0.7], [0.5, 0.7, 1.1, 1.6, 2.4, 3.7]], 1)
TARGETS = {
    "interior": [3.9, 3.4, 3.3, 3.5, 3.7, 4.6],
    "oneAtBound": [1.2, 1.6, 1.9, 2.1, 2.2, 2.3],  # falls with the second column: its coefficient would be negative
    "twoAtBound": [2.1, 1.4, 1.3, 0.9, 0.9, 0.6],
    "allAtBound": [-1.0, -2.0, -1.0, -3.0, -1.0, -2.0],
}


def nnls_case(name, y):
    x, norm = nnls(COLUMNS, np.array(y))
    return {"name": name, "y": y, "x": x, "residualNorm": norm, "gram": COLUMNS.T @ COLUMNS, "columnsTimesY": COLUMNS.T @ y,
            "unconstrained": np.linalg.lstsq(COLUMNS, np.array(y), rcond=None)[0]}


emit(
    "distributions.py",
    student=[{"p": p, "df": n, "quantile": float(t.ppf(p, n))} for p in (0.9, 0.95, 0.975, 0.995) for n in DEGREES],
    chiSquare95=[{"df": n, "quantile": float(chi2.ppf(0.95, n))} for n in DEGREES],
    f95=[{"df1": m, "df2": n, "quantile": float(f.ppf(0.95, m, n))} for m in (1, 2) for n in DEGREES],
    quantiles={"values": VALUES, "at": [{"p": p, "quantile": float(np.quantile(VALUES, p))} for p in P]},
    nnls={"columns": COLUMNS, "cases": [nnls_case(*case) for case in TARGETS.items()]},
)
