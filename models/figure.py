# SPDX-License-Identifier: Apache-2.0
"""A jointed figure in three dimensions: proportions, poses within joint limits, and where its joints are.

Axes: x to the right of the picture, y up, z towards the viewer; lengths are fractions of the standing height.
A figure whose yaw is 0 faces the viewer, so its left side lies at +x.
"""

import math

import numpy as np

NOSE, NECK = 0, 1
R_SHOULDER, R_ELBOW, R_WRIST, L_SHOULDER, L_ELBOW, L_WRIST = 2, 3, 4, 5, 6, 7
R_HIP, R_KNEE, R_ANKLE, L_HIP, L_KNEE, L_ANKLE = 8, 9, 10, 11, 12, 13
R_EYE, L_EYE, R_EAR, L_EAR = 14, 15, 16, 17
JOINTS = 18

POSES = ("stand", "walk", "arms_up", "wave", "hips", "sit", "bend", "run", "tee", "crouch", "loose")
_POSE_WEIGHTS = np.array([0.15, 0.13, 0.09, 0.08, 0.08, 0.10, 0.07, 0.08, 0.05, 0.05, 0.12])


def rot_x(degrees):
    """Rotation about x, 3x3."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def rot_y(degrees):
    """Rotation about y, 3x3."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def rot_z(degrees):
    """Rotation about z, 3x3."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def body_sizes(rng):
    """Lengths and radii of one body, as fractions of the height of a standing adult of the same scale."""
    child = rng.random() < 0.15

    def j(spread=0.07):
        return 1 + rng.uniform(-spread, spread)

    girth = rng.uniform(0.82, 1.3)
    sizes = {
        "torso": 0.30 * j(), "shoulder": 0.108 * j(0.12), "hip": 0.058 * j(0.15), "upper_arm": 0.165 * j(),
        "forearm": 0.145 * j(), "hand": 0.045 * j(), "thigh": 0.24 * j(), "shin": 0.235 * j(), "foot": 0.085 * j(),
        "neck": 0.045 * j(), "head": 0.078 * j(0.1), "head_wide": 0.80 * j(0.08),
        "r_arm": 0.028 * girth * j(), "r_leg": 0.045 * girth * j(), "r_torso": 0.062 * girth * j(),
    }
    if child:
        for name in ("thigh", "shin", "upper_arm", "forearm"):
            sizes[name] *= 0.8
        sizes["head"] *= 1.2
    return sizes


def _arm_angles(rng, pose, side):
    """(flexion, abduction, twist, elbow) in degrees of one arm; all 0 hangs straight down."""
    u = rng.uniform
    if pose == "arms_up":
        return (u(-15, 25), u(125, 175), u(-40, 40), u(0, 60))
    if pose == "wave" and side > 0:
        return (u(-10, 40), u(70, 130), u(-30, 30), u(40, 120))
    if pose == "hips":
        return (u(-25, 5), u(30, 55), u(-100, -60), u(70, 105))
    if pose == "tee":
        return (u(-10, 15), u(70, 105), u(-60, 60), u(0, 25))
    if pose == "run":
        return (u(-45, 50), u(5, 25), u(-20, 10), u(60, 110))
    if pose == "loose":
        return (u(-40, 130), u(5, 110), u(-80, 40), u(0, 120))
    if pose in ("sit", "crouch"):
        return (u(0, 60), u(3, 25), u(-50, 10), u(10, 90))
    if pose == "walk":
        return (u(-32, 32), u(4, 16), u(-20, 10), u(5, 45))
    return (u(-15, 25), u(4, 22), u(-30, 20), u(0, 35))


def _leg_angles(rng, pose, side):
    """(flexion, abduction, knee) in degrees of one leg."""
    u = rng.uniform
    if pose == "sit":
        return (u(70, 95), u(2, 18), u(65, 105))
    if pose == "crouch":
        return (u(60, 110), u(5, 30), u(80, 130))
    if pose == "walk":
        return (u(8, 30), u(0, 6), u(0, 30)) if side > 0 else (u(-25, 0), u(0, 6), u(5, 45))
    if pose == "run":
        return (u(30, 75), u(0, 8), u(30, 95)) if side > 0 else (u(-30, 0), u(0, 8), u(20, 80))
    if pose == "loose":
        return (u(-20, 60), u(0, 32), u(0, 70))
    if pose in ("arms_up", "tee"):
        return (u(-8, 15), u(2, 28), u(0, 20))
    return (u(-6, 10), u(1, 14), u(0, 12))


def _limb(start, frame, first, second, bend):
    """Middle and end point of a two-part limb that hangs along -y of `frame`; `bend` turns its second part about x."""
    middle = start + frame @ np.array([0, -first, 0])
    end_frame = frame @ rot_x(bend)
    return middle, middle + end_frame @ np.array([0, -second, 0]), end_frame


def _facing(rng):
    """Yaw in degrees: mostly towards the viewer, sometimes from the side or from behind."""
    kind = rng.random()
    if kind < 0.55:
        return rng.normal(0, 25)
    if kind < 0.85:
        return rng.choice((-1, 1)) * rng.uniform(45, 110)
    return 180 + rng.normal(0, 30)


class Figure:
    """Joints of one posed figure.

    points: 18x3, fractions of the standing height, the middle of the hips at the origin.
    hands, feet: tips, by side (-1 right, +1 left). faces: 18 booleans, whether the head turns this joint to the viewer.
    """

    def __init__(self, rng):
        self.sizes = body_sizes(rng)
        self.pose = POSES[rng.choice(len(POSES), p=_POSE_WEIGHTS)]
        self.points = np.zeros((JOINTS, 3))
        self.hands, self.feet, self.faces = {}, {}, np.ones(JOINTS, bool)
        camera = rot_x(rng.uniform(-4, 16)) @ rot_z(rng.normal(0, 3))
        pelvis = camera @ rot_y(_facing(rng)) @ rot_x(rng.uniform(-4, 8))
        lean = rng.uniform(25, 65) if self.pose == "bend" else rng.uniform(-6, 14)
        trunk = pelvis @ rot_y(rng.normal(0, 8)) @ rot_x(lean) @ rot_z(rng.normal(0, 7))
        self._place_trunk(pelvis, trunk)
        front = 1 if rng.random() < 0.5 else -1
        for side in (-1, 1):
            self._place_arm(rng, trunk, side, front)
            self._place_leg(rng, pelvis, side, front)
        self._place_head(rng, trunk, lean)

    def _place_trunk(self, pelvis, trunk):
        s, p = self.sizes, self.points
        p[NECK] = trunk @ np.array([0, s["torso"], 0])
        p[R_SHOULDER] = p[NECK] + trunk @ np.array([-s["shoulder"], -0.012, 0])
        p[L_SHOULDER] = p[NECK] + trunk @ np.array([s["shoulder"], -0.012, 0])
        p[R_HIP] = pelvis @ np.array([-s["hip"], 0, 0])
        p[L_HIP] = pelvis @ np.array([s["hip"], 0, 0])

    def _place_arm(self, rng, trunk, side, front):
        s, p = self.sizes, self.points
        flexion, abduction, twist, elbow = _arm_angles(rng, self.pose, side * front)
        if self.pose in ("walk", "run"):  # arms swing against the legs
            flexion = -side * front * abs(flexion)
        shoulder = R_SHOULDER if side < 0 else L_SHOULDER
        frame = trunk @ rot_x(-flexion) @ rot_z(side * abduction) @ rot_y(side * twist)
        p[shoulder + 1], p[shoulder + 2], end = _limb(p[shoulder], frame, s["upper_arm"], s["forearm"], -elbow)
        self.hands[side] = p[shoulder + 2] + end @ np.array([0, -s["hand"], 0])

    def _place_leg(self, rng, pelvis, side, front):
        s, p = self.sizes, self.points
        flexion, abduction, knee = _leg_angles(rng, self.pose, side * front)
        hip = R_HIP if side < 0 else L_HIP
        frame = pelvis @ rot_x(-flexion) @ rot_z(side * abduction)
        p[hip + 1], p[hip + 2], end = _limb(p[hip], frame, s["thigh"], s["shin"], knee)
        self.feet[side] = p[hip + 2] + end @ np.array([side * 0.01, -0.03, s["foot"]])

    def _place_head(self, rng, trunk, lean):
        s, p = self.sizes, self.points
        nod = rng.normal(0, 8) - 0.6 * (lean if lean > 20 else 0)
        head = trunk @ rot_y(float(np.clip(rng.normal(0, 22), -65, 65))) @ rot_x(nod) @ rot_z(rng.normal(0, 5))
        high, wide = s["head"], s["head"] * s["head_wide"]
        self.head_frame = head
        self.head = p[NECK] + trunk @ np.array([0, s["neck"], 0.01]) + head @ np.array([0, high, 0.012])
        spots = {NOSE: (0, -0.08, 1.08), R_EYE: (-0.40, 0.16, 0.86), L_EYE: (0.40, 0.16, 0.86),
                 R_EAR: (-1.0, 0.0, -0.05), L_EAR: (1.0, 0.0, -0.05)}
        for joint, (x, y, z) in spots.items():
            p[joint] = self.head + head @ np.array([x * wide, y * high, z * wide])
        ahead, aside = head[2, 2], head[2, 0]
        self.faces[NOSE] = ahead > -0.12
        self.faces[R_EYE] = 0.86 * ahead - 0.40 * aside > 0.05
        self.faces[L_EYE] = 0.86 * ahead + 0.40 * aside > 0.05
        self.faces[R_EAR] = -aside > -0.35
        self.faces[L_EAR] = aside > -0.35
