# SPDX-License-Identifier: Apache-2.0
"""Draws one figure: each part into the picture, and its number into a map that tells who covers whom."""

import math

import figure as fig

HEAD, TORSO = 0, 1
PARTS = 10  # head, torso, right and left upper arm, forearm, right and left thigh, shin

# The parts that may show at a joint; any other part of the same figure there hides it.
OWNERS = {
    fig.NOSE: (0,), fig.R_EYE: (0,), fig.L_EYE: (0,), fig.R_EAR: (0,), fig.L_EAR: (0,), fig.NECK: (0, 1),
    fig.R_SHOULDER: (1, 2), fig.R_ELBOW: (2, 3), fig.R_WRIST: (3,),
    fig.L_SHOULDER: (1, 4), fig.L_ELBOW: (4, 5), fig.L_WRIST: (5,),
    fig.R_HIP: (1, 6, 8), fig.R_KNEE: (1, 6, 7), fig.R_ANKLE: (7,),
    fig.L_HIP: (1, 6, 8), fig.L_KNEE: (1, 8, 9), fig.L_ANKLE: (9,),
}

SKIN = ((255, 219, 190), (241, 194, 160), (224, 172, 125), (198, 134, 92), (141, 85, 54), (92, 58, 40), (66, 42, 32))
HAIR = ((30, 24, 20), (60, 40, 25), (110, 70, 35), (190, 150, 80), (150, 60, 30), (170, 170, 170), (235, 225, 200))


def shade(colour, factor):
    """The colour made darker (below 1) or lighter (above 1)."""
    return tuple(max(0, min(255, int(c * factor))) for c in colour)


def random_colour(rng):
    """Any colour, more often a greyish one than a glaring one."""
    red, green, blue, grey, mix = rng.random(5).tolist()
    return tuple(int(12 + 232 * ((1 - mix) * c + mix * grey)) for c in (red, green, blue))


def capsule(a, ra, b, rb):
    """Outline of two discs and the band between them; points in pixels."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    d = math.hypot(dx, dy)
    if d <= abs(ra - rb) + 1e-6:
        centre, r = (a, ra) if ra > rb else (b, rb)
        return [(centre[0] + r * math.cos(t * 0.5236), centre[1] + r * math.sin(t * 0.5236)) for t in range(12)]
    along, half = math.atan2(dy, dx), math.acos((ra - rb) / d)
    back = [along + half + (2 * math.pi - 2 * half) * t / 5 for t in range(6)]
    ahead = [along - half + 2 * half * t / 5 for t in range(6)]
    return ([(a[0] + ra * math.cos(t), a[1] + ra * math.sin(t)) for t in back]
            + [(b[0] + rb * math.cos(t), b[1] + rb * math.sin(t)) for t in ahead])


def disc(centre, r, n=12):
    """Outline of a disc."""
    step = 2 * math.pi / n
    return [(centre[0] + r * math.cos(step * t), centre[1] + r * math.sin(step * t)) for t in range(n)]


def hull(points):
    """Convex hull of the points (monotone chain)."""
    points = sorted(points)
    chains = []
    for order in (points, points[::-1]):
        chain = []
        for x, y in order:
            while len(chain) > 1 and ((chain[-1][0] - chain[-2][0]) * (y - chain[-2][1])
                                      <= (chain[-1][1] - chain[-2][1]) * (x - chain[-2][0])):
                chain.pop()
            chain.append((x, y))
        chains.append(chain[:-1])
    return chains[0] + chains[1]


class Clothes:
    """Colours and cuts of one figure's clothes."""

    def __init__(self, rng):
        self.skin = shade(SKIN[rng.integers(len(SKIN))], rng.uniform(0.9, 1.1))
        self.hair = shade(HAIR[rng.integers(len(HAIR))], rng.uniform(0.8, 1.2))
        self.hair_cut = rng.choice(("bald", "short", "long", "cap"), p=(0.1, 0.5, 0.28, 0.12))
        self.top, self.bottom, self.shoe, self.second = (random_colour(rng) for _ in range(4))
        self.sleeve = rng.choice(("none", "short", "long"), p=(0.15, 0.45, 0.4))
        self.cut = rng.choice(("trousers", "shorts", "skirt", "dress"), p=(0.55, 0.2, 0.12, 0.13))
        if self.cut == "dress":
            self.bottom = self.top
        self.pattern = rng.choice(("plain", "stripes", "dots", "split"), p=(0.5, 0.22, 0.13, 0.15))
        self.outline = rng.random() < 0.2
        self.lit_from = rng.uniform(-0.5, 0.5)


class Painter:
    """Draws one figure through `canvas` (see render.Canvas), `number` is its place in the map of parts.

    scale: pixels of the canvas for a length of 1; origin: where the middle of the hips lies, in canvas pixels.
    """

    def __init__(self, canvas, figure, clothes, number, scale, origin):
        self.canvas, self.figure, self.clothes, self.scale = canvas, figure, clothes, scale
        self.base = 1 + number * PARTS
        self.flat = [(origin[0] + scale * p[0], origin[1] - scale * p[1]) for p in figure.points]
        self.origin = origin
        self.extent = []

    def project(self, point):
        """Canvas pixels of a point of the figure."""
        return (self.origin[0] + self.scale * point[0], self.origin[1] - self.scale * point[1])

    def shape(self, outline, colour, part):
        """One opaque piece of a part."""
        self.extent += outline
        edge = shade(colour, 0.45) if self.clothes.outline else None
        self.canvas.polygon(outline, colour, self.base + part, edge)

    def limb(self, a, ra, b, rb, colour, part):
        """A limb with a lit and a shaded side."""
        ra, rb = ra * self.scale, rb * self.scale
        self.shape(capsule(a, ra, b, rb), colour, part)
        shift = self.clothes.lit_from
        lit = capsule((a[0] + shift * ra, a[1]), 0.5 * ra, (b[0] + shift * rb, b[1]), 0.5 * rb)
        self.canvas.tint(lit, (255, 255, 255, 38))

    def draw(self):
        """Draws the parts from the farthest to the nearest."""
        p, jobs = self.figure.points, []
        trunk_z = (p[fig.NECK][2] + p[fig.R_HIP][2] + p[fig.L_HIP][2]) / 3
        jobs.append((trunk_z, self._torso))
        jobs.append((self.figure.head[2] + 0.03, self._head))
        for side, shoulder, hip, part in ((-1, fig.R_SHOULDER, fig.R_HIP, 2), (1, fig.L_SHOULDER, fig.L_HIP, 4)):
            z_elbow, z_wrist = p[shoulder + 1][2], p[shoulder + 2][2]
            jobs.append(((p[shoulder][2] + z_elbow) / 2, self._upper_arm, shoulder, part))
            jobs.append(((z_elbow + z_wrist) / 2 + 0.004, self._forearm, shoulder, part + 1, side))
            z_knee, z_ankle = p[hip + 1][2], p[hip + 2][2]
            jobs.append(((p[hip][2] + z_knee) / 2 - 0.03, self._thigh, hip, part + 4))
            jobs.append(((z_knee + z_ankle) / 2 - 0.035, self._shin, hip, part + 5, side))
        if self.clothes.cut in ("skirt", "dress"):
            jobs.append((max(p[fig.R_KNEE][2], p[fig.L_KNEE][2], trunk_z) + 0.01, self._skirt))
        for _, job, *arguments in sorted(jobs, key=lambda job: job[0]):
            job(*arguments)

    def _torso(self):
        s, flat, scale, cloth = self.figure.sizes, self.flat, self.scale, self.clothes
        neck, chin = flat[fig.NECK], self.project(self.figure.head)
        self.limb(neck, s["r_arm"] * 1.05, chin, s["r_arm"], shade(cloth.skin, 0.88), TORSO)
        shoulders, hips = (flat[fig.R_SHOULDER], flat[fig.L_SHOULDER]), (flat[fig.R_HIP], flat[fig.L_HIP])
        r_top, r_low = 0.55 * s["r_torso"] * scale, 0.75 * s["r_torso"] * scale
        middle = ((neck[0] + hips[0][0] + hips[1][0]) / 3, (neck[1] + hips[0][1] + hips[1][1]) / 3)
        points = disc(middle, s["r_torso"] * scale)
        for a, b in zip(shoulders, hips, strict=True):
            points += disc(a, r_top, 8) + disc(b, r_low, 8)
        self.shape(hull(points), cloth.top, TORSO)
        self._pattern(shoulders, hips, r_top)

    def _pattern(self, shoulders, hips, reach):
        """Stripes, dots or another colour below, between the shoulders and the hips."""
        second, kind = self.clothes.second, self.clothes.pattern
        if kind == "plain":
            return

        def at(u, v):  # across from right to left, and down
            return tuple((1 - v) * ((1 - u) * shoulders[0][i] + u * shoulders[1][i])
                         + v * ((1 - u) * hips[0][i] + u * hips[1][i]) for i in (0, 1))

        if kind == "split":
            self.canvas.polygon([at(0, 0.5), at(1, 0.5), at(1, 1), at(0, 1)], second, self.base + TORSO)
        for row in range(1, 6):
            if kind == "stripes":
                self.canvas.line([at(0, row / 6), at(1, row / 6)], second, reach / 2)
            elif kind == "dots":
                for u in (0.15, 0.5, 0.85):
                    self.canvas.tint(disc(at(u, row / 6), reach / 4, 6), second)

    def _upper_arm(self, shoulder, part):
        s, cloth = self.figure.sizes, self.clothes
        a, b = self.flat[shoulder], self.flat[shoulder + 1]
        colour = cloth.skin if cloth.sleeve != "long" else shade(cloth.top, 0.93)
        self.limb(a, s["r_arm"] * 1.15, b, s["r_arm"] * 0.95, colour, part)
        if cloth.sleeve == "short":
            cuff = (0.45 * a[0] + 0.55 * b[0], 0.45 * a[1] + 0.55 * b[1])
            self.limb(a, s["r_arm"] * 1.35, cuff, s["r_arm"] * 1.25, shade(cloth.top, 0.93), part)

    def _forearm(self, shoulder, part, side):
        s, cloth = self.figure.sizes, self.clothes
        a, b = self.flat[shoulder + 1], self.flat[shoulder + 2]
        colour = shade(cloth.top, 0.9) if cloth.sleeve == "long" else shade(cloth.skin, 0.96)
        self.limb(b, s["r_arm"] * 0.8, self.project(self.figure.hands[side]), s["r_arm"] * 0.75, cloth.skin, part)
        self.limb(a, s["r_arm"] * 0.95, b, s["r_arm"] * 0.75, colour, part)

    def _thigh(self, hip, part):
        s, cloth = self.figure.sizes, self.clothes
        colour = cloth.bottom if cloth.cut in ("trousers", "shorts") else cloth.skin
        self.limb(self.flat[hip], s["r_leg"] * 1.2, self.flat[hip + 1], s["r_leg"] * 0.9, colour, part)

    def _shin(self, hip, part, side):
        s, cloth = self.figure.sizes, self.clothes
        knee, ankle = self.flat[hip + 1], self.flat[hip + 2]
        self.limb(ankle, s["r_leg"] * 0.65, self.project(self.figure.feet[side]), s["r_leg"] * 0.5, cloth.shoe, part)
        colour = shade(cloth.bottom, 0.92) if cloth.cut == "trousers" else shade(cloth.skin, 0.95)
        self.limb(knee, s["r_leg"] * 0.88, ankle, s["r_leg"] * 0.6, colour, part)

    def _skirt(self):
        s, flat = self.figure.sizes, self.flat
        points = []
        for hip in (fig.R_HIP, fig.L_HIP):
            hem = tuple(0.25 * flat[hip][i] + 0.75 * flat[hip + 1][i] for i in (0, 1))
            points += disc(flat[hip], 0.8 * s["r_torso"] * self.scale, 8)
            points += disc(hem, 1.35 * s["r_leg"] * self.scale, 8)
        self.shape(hull(points), shade(self.clothes.bottom, 0.97), TORSO)

    def _head(self):
        figure, cloth, scale = self.figure, self.clothes, self.scale
        high = figure.sizes["head"] * scale
        wide = high * figure.sizes["head_wide"]
        centre, frame = self.project(figure.head), figure.head_frame
        up = (frame[0, 1] * high, -frame[1, 1] * high)
        crown = (centre[0] + 0.3 * up[0], centre[1] + 0.3 * up[1])
        chin = (centre[0] - 0.35 * up[0], centre[1] - 0.35 * up[1])
        back = (-frame[0, 2] * wide, frame[1, 2] * wide)  # where the back of the head lies
        if cloth.hair_cut == "long":
            fall = 0.05 + 0.5 * max(0.0, -frame[2, 2])  # over the shoulders when seen from behind
            low = (chin[0] + 0.3 * back[0] - fall * up[0], chin[1] + 0.3 * back[1] - fall * up[1])
            self.shape(capsule((crown[0] + 0.2 * back[0], crown[1]), 1.1 * wide, low, 1.0 * wide), cloth.hair, HEAD)
        self.shape(capsule(crown, wide, chin, 0.72 * wide), cloth.skin, HEAD)
        covered = cloth.hair_cut == "long"
        for ear in (fig.R_EAR, fig.L_EAR):
            if figure.faces[ear] and not covered:
                self.shape(disc(self.flat[ear], 0.24 * wide, 8), shade(cloth.skin, 0.85), HEAD)
        self._hair(crown, centre, wide, back, up)
        self._face(wide)

    def _hair(self, crown, centre, wide, back, up):
        """Hair or a cap over the crown, lower the more of the back of the head is seen."""
        if self.clothes.hair_cut == "bald":
            return
        ahead = self.figure.head_frame[2, 2]
        front, behind, aside = max(0.0, ahead), max(0.0, -ahead), 1 - abs(ahead)
        lift = 0.5 * front - 0.3 * behind
        top = (crown[0] + 0.3 * up[0] + 0.1 * back[0], crown[1] + 0.3 * up[1] + 0.1 * back[1])
        nape = (centre[0] + 0.5 * back[0] + lift * up[0], centre[1] + 0.5 * back[1] + lift * up[1])
        colour = self.clothes.second if self.clothes.hair_cut == "cap" else self.clothes.hair
        self.shape(capsule(top, 0.85 * wide, nape, (0.3 + 0.6 * behind + 0.25 * aside) * wide), colour, HEAD)

    def _face(self, wide):
        """Eyes, nose and mouth, as far as the head turns them to the viewer."""
        faces, flat, cloth, part = self.figure.faces, self.flat, self.clothes, self.base + HEAD
        for eye in (fig.R_EYE, fig.L_EYE):
            if faces[eye]:
                self.canvas.polygon(disc(flat[eye], 0.20 * wide, 8), (245, 245, 245), part)
                self.canvas.polygon(disc(flat[eye], 0.12 * wide, 6), (35, 30, 30), part)
        if faces[fig.NOSE]:
            self.shape(disc(flat[fig.NOSE], 0.16 * wide, 8), shade(cloth.skin, 0.78), HEAD)
            if self.figure.head_frame[2, 2] > 0.3:
                frame = self.figure.head_frame
                mouth = [self.project(self.figure.head + frame @ (0.01 * x, -0.036, 0.055)) for x in (-1.8, 1.8)]
                self.canvas.line(mouth, (150, 60, 60), max(1.5, 0.12 * wide))
