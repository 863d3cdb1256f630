# SPDX-License-Identifier: Apache-2.0
"""From heat and affinity maps to people, and how well they fit the truth; plain numpy."""

import numpy as np

from targets import HEAT, LIMBS, STRIDE

ENLARGE = 4  # maps are enlarged by repetition before peaks are sought
PEAK, LIMB_SCORE, LIMB_POINTS, SAMPLES = 0.05, 0.05, 6, 10
MIN_JOINTS, MIN_SCORE = 4, 0.3


def _smooth(maps):
    """Gaussian smoothing of HxWxC along both axes: 25 taps, three sigma each side."""
    taps = np.exp(-0.5 * (np.arange(-12, 13) / 4.0) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    for axis in (0, 1):
        padding = [(12, 12) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(maps, padding, mode="edge")
        length = maps.shape[axis]
        maps = sum(t * np.take(padded, range(k, k + length), axis) for k, t in enumerate(taps))
    return maps


def find_peaks(heat):
    """Peaks of each of the 18 joints: lists of (x, y, score); x and y in enlarged cells."""
    enlarged = heat[..., :18].repeat(ENLARGE, 0).repeat(ENLARGE, 1)
    smooth = _smooth(enlarged)
    wide = np.pad(smooth, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    h, w = smooth.shape[:2]
    best = smooth > PEAK
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if (dx, dy) != (0, 0):  # of equal neighbours the last one is the peak
                other = wide[1 + dy:1 + dy + h, 1 + dx:1 + dx + w]
                best &= smooth > other if (dy, dx) > (0, 0) else smooth >= other
    peaks = []
    for joint in range(18):
        rows, columns = np.nonzero(best[..., joint])
        peaks.append([(x, y, float(smooth[y, x, joint])) for y, x in zip(rows, columns, strict=True)])
    return peaks


def _limb_candidates(paf, a_peaks, b_peaks, height):
    """Possible limbs between two joints' peaks, best first: (score, index of a, index of b)."""
    found = []
    for i, (ax, ay, _) in enumerate(a_peaks):
        for k, (bx, by, _) in enumerate(b_peaks):
            dx, dy = bx - ax, by - ay
            length = float(np.hypot(dx, dy))
            if length < 1e-6:
                continue
            t = np.arange(SAMPLES) / (SAMPLES - 1)
            columns = np.rint(ax + t * dx).astype(int) // ENLARGE
            rows = np.rint(ay + t * dy).astype(int) // ENLARGE
            values = (paf[rows, columns] * (dx / length, dy / length)).sum(1)
            score = values.mean() + min(0.5 * height / length - 1, 0)
            if (values > LIMB_SCORE).sum() > LIMB_POINTS and score > 0:
                found.append((float(score), i, k))
    return sorted(found, reverse=True)


def decode(maps):
    """People in maps HxWx57: a list of 18x3 arrays (x, y in pixels of the picture, score; 0 where there is none)."""
    peaks = find_peaks(maps[..., :HEAT])
    height = maps.shape[0] * ENLARGE
    people = []  # each: joint -> peak index, and the sum of scores
    for a, b, px, py in LIMBS:
        used_a, used_b = set(), set()
        paf = maps[..., [HEAT + px, HEAT + py]]
        for score, i, k in _limb_candidates(paf, peaks[a], peaks[b], height):
            if i not in used_a and k not in used_b:
                used_a.add(i)
                used_b.add(k)
                _attach(people, peaks, (a, i), (b, k), score)
    return [_as_array(person["joints"], peaks) for person in people
            if len(person["joints"]) >= MIN_JOINTS and person["score"] / len(person["joints"]) >= MIN_SCORE]


def _attach(people, peaks, first, second, score):
    """Adds a limb to the person that owns one of its ends, joins two people, or starts another."""
    (a, i), (b, k) = first, second
    owners = [p for p in people if p["joints"].get(a) == i or p["joints"].get(b) == k]
    if len(owners) == 1:
        person = owners[0]
        for joint, index in (first, second):
            if person["joints"].get(joint) != index:
                person["joints"][joint] = index
                person["score"] += peaks[joint][index][2]
        person["score"] += score
    elif len(owners) >= 2:
        one, two = owners[:2]
        if not one["joints"].keys() & two["joints"].keys():
            one["joints"].update(two["joints"])
            one["score"] += two["score"] + score
            people[:] = [p for p in people if p is not two]
    else:
        people.append({"joints": {a: i, b: k}, "score": peaks[a][i][2] + peaks[b][k][2] + score})


def _as_array(joints, peaks):
    person = np.zeros((18, 3), np.float32)
    for joint, index in joints.items():
        x, y, score = peaks[joint][index]
        person[joint] = ((x + 0.5) * STRIDE / ENLARGE, (y + 0.5) * STRIDE / ENLARGE, score)
    return person


def _joint_box(joints, seen):
    points = joints[seen, :2]
    return (*points.min(0), *points.max(0)) if len(points) else (0, 0, 0, 0)


def _overlap(a, b):
    """Intersection over union of two boxes."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)]
    return w * h / (areas[0] + areas[1] - w * h)


def score_picture(found, truth):
    """(right joints, visible joints) for each of the 18, two integer arrays.

    found: people from `decode`; truth: (joints 18x3 with visible as 1 or 0, box) of each person. A joint is right
    within a tenth of the larger side of its person's box; people are paired by the overlap of their joints' boxes,
    best first.
    """
    right, total = np.zeros(18, int), np.zeros(18, int)
    pairs = []
    for t, (joints, _) in enumerate(truth):
        seen = joints[:, 2] > 0
        total += seen
        for f, person in enumerate(found):
            overlap = _overlap(_joint_box(joints, seen), _joint_box(person, person[:, 2] > 0))
            if overlap > 0:
                pairs.append((overlap, t, f))
    free_t, free_f = set(range(len(truth))), set(range(len(found)))
    for _, t, f in sorted(pairs, reverse=True):
        if t in free_t and f in free_f:
            free_t.remove(t)
            free_f.remove(f)
            (joints, box), person = truth[t], found[f]
            reach = 0.1 * max(box[2] - box[0], box[3] - box[1])
            near = np.hypot(*(joints[:, :2] - person[:, :2]).T) <= reach
            right += near & (joints[:, 2] > 0) & (person[:, 2] > 0)
    return right, total
