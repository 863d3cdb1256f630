# SPDX-License-Identifier: Apache-2.0
"""The maps that the network learns: 19 heat maps, then 38 part affinity maps, at 1/8 of the picture's size."""

import numpy as np

STRIDE = 8
HEAT, PAF = 19, 38
CHANNELS = HEAT + PAF

# Two joints of a limb and where its affinity's x and y lie among the 38 channels.
LIMBS = (
    (1, 2, 12, 13), (1, 5, 20, 21), (2, 3, 14, 15), (3, 4, 16, 17), (5, 6, 22, 23), (6, 7, 24, 25), (1, 8, 0, 1),
    (8, 9, 2, 3), (9, 10, 4, 5), (1, 11, 6, 7), (11, 12, 8, 9), (12, 13, 10, 11), (1, 0, 28, 29), (0, 14, 30, 31),
    (14, 16, 34, 35), (0, 15, 32, 33), (15, 17, 36, 37), (2, 16, 18, 19), (5, 17, 26, 27),
)
_FROM, _TO, _X, _Y = (np.array(column) for column in zip(*LIMBS, strict=True))


def make_maps(people, size, sigma=1.0, width=0.9):
    """Maps of one picture, float32 (size/8) x (size/8) x 57.

    people: list of (joints 18x3 in pixels, box); sigma and width in cells: of the peaks, of half a limb.
    The cell (row, column) stands for the pixel (8 column + 4, 8 row + 4).
    """
    cells = size // STRIDE
    maps = np.zeros((cells, cells, CHANNELS), np.float32)
    axis = np.arange(cells, dtype=np.float32) + 0.5
    count = np.zeros((cells, cells, len(LIMBS)), np.float32)
    paf = np.zeros((cells, cells, PAF), np.float32)
    for joints, _ in people:
        x, y, known = joints[:, 0] / STRIDE, joints[:, 1] / STRIDE, joints[:, 2] > 0
        across = np.exp(-((axis[:, None] - x) ** 2) / (2 * sigma**2)) * known
        down = np.exp(-((axis[:, None] - y) ** 2) / (2 * sigma**2))
        np.maximum(maps[..., :18], down[:, None, :] * across[None, :, :], out=maps[..., :18])
        dx, dy = x[_TO] - x[_FROM], y[_TO] - y[_FROM]
        length = np.sqrt(dx * dx + dy * dy) + 1e-3
        dx, dy = dx / length, dy / length
        px, py = axis[None, :, None] - x[_FROM], axis[:, None, None] - y[_FROM]
        along, aside = px * dx + py * dy, np.abs(px * dy - py * dx)
        on = (along > -0.5) & (along < length + 0.5) & (aside <= width) & known[_FROM] & known[_TO]
        paf[..., _X] += on * dx
        paf[..., _Y] += on * dy
        count += on
    share = 1 / np.maximum(count, 1)
    maps[..., HEAT + _X] = paf[..., _X] * share
    maps[..., HEAT + _Y] = paf[..., _Y] * share
    maps[..., 18] = 1 - maps[..., :18].max(-1)
    return maps
