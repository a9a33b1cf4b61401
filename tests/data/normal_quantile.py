"""Fits the 32 pieces of the normal quantile's body in f32, as core/src/math/normal_quantile.rs has them.

    python normal_quantile.py

Prints the rows of the table, and the largest error of each piece in units in the last place over a sample of its numbers, ends
included, with every operation rounded as the code does. Needs NumPy and SciPy, whose quantile is the reference.
"""

import numpy as np
from scipy.special import ndtri

f32 = np.float32
PIECES = 32
FIRST_EXPONENT = -9
T = 0.125 * np.cos((np.arange(200) + 0.5) * np.pi / 200)


def bits(x):
    return int(f32(x).view(np.uint32))


def of_bits(word):
    return np.uint32(word & 0xFFFFFFFF).view(f32)


def fitted(weight, rest, goal, degrees):
    """Coefficients of these degrees with the least largest relative error, by weights that are raised where it is large."""
    powers = np.stack([T**degree for degree in degrees], 1)
    share = np.ones_like(T)
    for _ in range(60):
        w = share**0.5 * weight
        found = np.linalg.lstsq(powers * w[:, None], (goal - rest) * w, rcond=None)[0]
        error = np.abs((powers @ found + rest - goal) * weight)
        share *= error / error.max() + 1e-3
        share /= share.sum()
    return found


def sample(piece):
    """Numbers of a piece, their places, distances from a half and quantiles."""
    ends = np.arange(2000)
    offsets = np.unique(np.concatenate([np.arange(0, 1 << 21, 61), ends, (1 << 21) - 1 - ends])).astype(np.uint32)
    first = ((127 + FIRST_EXPONENT + piece // 4) << 23) + ((piece % 4) << 21)
    p = (np.uint32(first) + offsets).view(f32)
    place = ((p.view(np.uint32) & 0x1FFFFF) | 0x3F800000).astype(np.uint32).view(f32) - f32(1.125)
    z = -ndtri(p.astype(np.float64))
    return place, f32(0.5) - p, z, np.spacing(z.astype(f32))


def error(coefficients, place, q, z, ulp):
    s = coefficients[-1]
    for c in coefficients[-2::-1]:
        s = (s * place + c).astype(f32)
    return (np.abs((q * s).astype(f32) - z) / ulp).max()


def fit(piece):
    """The best row of those next to the fit, and its error."""
    scale = 2.0 ** (FIRST_EXPONENT + piece // 4)
    p = scale * (1 + (piece % 4) / 4 + T + 0.125)
    goal = -ndtri(p) / (0.5 - p)
    weight, numbers, best = 1 / goal, sample(piece), None
    fourth = bits(fitted(weight, 0 * T, goal, range(5))[4])
    for low in (fourth >> 16) + (fourth >> 15 & 1) + np.arange(-3, 4):
        a4 = of_bits(int(low) << 16)
        rest = float(a4) * T**4
        third = fitted(weight, rest, goal, range(4))[3]
        for step in (-1, 0, 1):
            word = ((bits(third) >> 16) + step) << 16 | int(low)
            a3 = of_bits(word)
            if abs(float(a3) - third) > abs(third) / 64:
                continue
            with_third = rest + float(a3) * T**3
            a2 = f32(fitted(weight, with_third, goal, range(3))[2])
            with_second = with_third + float(a2) * T**2
            first = bits(fitted(weight, with_second, goal, range(2))[1])
            for a1 in (of_bits(first + step) for step in range(-2, 3)):
                zeroth = bits(fitted(weight, with_second + float(a1) * T, goal, [0])[0])
                for a0 in (of_bits(zeroth + step) for step in (-1, 0, 1)):
                    found = error([a0, a1, a2, a3, a4], *numbers)
                    if best is None or found < best[0]:
                        best = found, (a0, a1, a2, a3)
    return best


for piece in range(PIECES):
    ulp, row = fit(piece)
    print(f"[{', '.join(np.format_float_positional(x, unique=True, trim='0') for x in row)}],  // {ulp:.2f}", flush=True)
