# SPDX-License-Identifier: Apache-2.0
"""Renders pictures of people together with the truth about their joints.

Sample i of a split depends on (seed, split, i) and the size alone. Run `python models/render.py --help`.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

import figure as fig
from draw import OWNERS, PARTS, Clothes, Painter, disc, random_colour

SPLITS = {"train": 0, "validation": 1, "test": 2, "calibration": 3}
OVERSAMPLING = 2
OBJECT = 250  # number of things in front of people, in the map of parts
HIDDEN, BEHIND_ITSELF, VISIBLE = 0, 1, 2


class Canvas:
    """An enlarged picture and, beside it, the map of which part of which figure shows at each pixel."""

    def __init__(self, background):
        self.image = background
        self.map = Image.new("L", background.size, 0)
        self._paint = ImageDraw.Draw(self.image, "RGBA")
        self._mark = ImageDraw.Draw(self.map)

    def polygon(self, outline, colour, number, edge=None):
        """An opaque polygon that belongs to part `number`."""
        self._paint.polygon(outline, fill=colour, outline=edge)
        self._mark.polygon(outline, fill=number)

    def tint(self, outline, colour):
        """A polygon, translucent where the colour has an alpha, that belongs to nobody new."""
        self._paint.polygon(outline, fill=colour)

    def line(self, points, colour, width):
        """A line that belongs to nobody new."""
        self._paint.line(points, fill=colour, width=max(1, int(width)))


def _background(rng, size):
    """A picture of size x size pixels: a gradient, soft noise, or a wall and a floor; then enlarged."""
    kind = rng.random()
    if kind < 0.35:
        corners = np.array([[random_colour(rng) for _ in range(2)] for _ in range(2)], np.uint8)
        image = Image.fromarray(corners).resize((size, size), Image.Resampling.BILINEAR)
    elif kind < 0.65:
        cells = int(rng.integers(3, 24))
        soft = rng.normal(random_colour(rng), rng.uniform(6, 40), (cells, cells, 3))
        soft = np.clip(soft, 0, 255).astype(np.uint8)
        image = Image.fromarray(soft).resize((size, size), Image.Resampling.BILINEAR)
    else:
        image = Image.new("RGB", (size, size), random_colour(rng))
        horizon = int(size * rng.uniform(0.45, 0.9))
        ImageDraw.Draw(image).rectangle((0, horizon, size, size), fill=random_colour(rng))
    return image.resize((size * OVERSAMPLING, size * OVERSAMPLING), Image.Resampling.NEAREST)


def _clutter(rng, image):
    """Boxes, discs, poles and lines behind the people."""
    side, draw = image.size[0], ImageDraw.Draw(image, "RGBA")
    for _ in range(int(rng.integers(0, 9))):
        kind, colour = rng.random(), random_colour(rng)
        x, y = rng.uniform(0, side, 2)
        w, h = rng.uniform(0.04, 0.4, 2) * side
        if kind < 0.4:
            draw.rectangle((x - w / 2, y - h / 2, x + w / 2, y + h / 2), fill=colour)
        elif kind < 0.6:
            draw.ellipse((x - w / 3, y - h / 3, x + w / 3, y + h / 3), fill=colour)
        elif kind < 0.8:
            lean, width = rng.normal(0, 0.1) * side, int(rng.uniform(0.01, 0.06) * side)
            draw.line((x, 0, x + lean, side), fill=colour, width=width)
        else:
            draw.polygon([(x + w * u, y + h * v) for u, v in rng.uniform(-0.6, 0.6, (4, 2))], fill=colour)


def _obstacles(rng, canvas):
    """Sometimes a pole, a box or a bush in front of the people."""
    side = canvas.image.size[0]
    if rng.random() > 0.22:
        return
    for _ in range(int(rng.integers(1, 3))):
        kind, colour = rng.random(), random_colour(rng)
        x, y = rng.uniform(0, side), rng.uniform(0.4, 1) * side
        if kind < 0.4:
            w = rng.uniform(0.015, 0.05) * side
            shape = [(x - w, 0), (x + w, 0), (x + w, side), (x - w, side)]
        elif kind < 0.75:
            w, h = rng.uniform(0.03, 0.14) * side, rng.uniform(0.04, 0.12) * side
            shape = [(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)]
        else:
            shape = disc((x, y), rng.uniform(0.03, 0.09) * side)
        canvas.polygon(shape, colour, OBJECT)


def _places(rng, count):
    """Where each figure stands: (height, x, y) as fractions of the picture, the farthest figure first."""
    lowest, highest = ((0.5, 0.98), (0.45, 0.85), (0.42, 0.75))[count - 1]
    slots = (np.arange(count) + 0.5) / count + rng.uniform(-0.08, 0.08, count)
    places = []
    for x in slots[rng.permutation(count)]:
        height = math.exp(rng.uniform(math.log(lowest), math.log(highest)))
        if count == 1:
            x = rng.uniform(0.3, 0.7)
        portrait = rng.random() < 0.1
        if portrait:
            height *= rng.uniform(1.3, 1.9)
        room = 0.5 * max(0.0, 1 - height)
        y = 0.53 + (0.35 * height if portrait else rng.uniform(-room, room))
        places.append((height, x, y))
    return places


def _seat(rng, canvas, figure, origin, scale):
    """A stool or a bench under a figure that sits."""
    knee = max(abs(figure.points[fig.R_KNEE][0]), abs(figure.points[fig.L_KNEE][0]), 0.12)
    low = min(figure.points[fig.R_ANKLE][1], figure.points[fig.L_ANKLE][1])
    top, left, right = origin[1] + 0.03 * scale, origin[0] - knee * scale, origin[0] + knee * scale
    floor, colour = origin[1] - low * scale, random_colour(rng)
    canvas.tint([(left, top), (right, top), (right, top + 0.05 * scale), (left, top + 0.05 * scale)], colour)
    for x in (left, right - 0.04 * scale):
        canvas.tint([(x, top), (x + 0.04 * scale, top), (x + 0.04 * scale, floor), (x, floor)], colour)


def _place_figure(rng, canvas, number, place):
    """Draws one figure; gives its painter."""
    side = canvas.image.size[0]
    figure, clothes = fig.Figure(rng), Clothes(rng)
    height, x, y = place
    scale = height * side
    middle = 0.5 * (figure.points[:, 1].max() + figure.points[:, 1].min())
    origin = (x * side, y * side + middle * scale)
    if figure.pose == "sit":
        _seat(rng, canvas, figure, origin, scale)
    elif rng.random() < 0.5:
        foot = origin[1] - scale * min(figure.points[fig.R_ANKLE][1], figure.points[fig.L_ANKLE][1])
        shadow = [(px, foot + 0.3 * (py - foot)) for px, py in disc((origin[0], foot), 0.16 * scale, 16)]
        canvas.tint(shadow, (0, 0, 0, 70))
    painter = Painter(canvas, figure, clothes, number, scale, origin)
    painter.draw()
    return painter


def _truth(painter, number, parts, size):
    """Joints (18x3: x, y in pixels of the final picture, how visible) and box of one figure; parts: the map."""
    joints = np.zeros((fig.JOINTS, 3), np.float32)
    own = range(1 + number * PARTS, 1 + (number + 1) * PARTS)
    for joint, (x, y) in enumerate(painter.flat):
        joints[joint, :2] = x / OVERSAMPLING, y / OVERSAMPLING
        column, row = int(x), int(y)
        if not (0 <= column < parts.shape[1] and 0 <= row < parts.shape[0] and painter.figure.faces[joint]):
            continue
        shown = int(parts[row, column])
        if shown in own:
            joints[joint, 2] = VISIBLE if shown - own[0] in OWNERS[joint] else BEHIND_ITSELF
        elif shown == 0 and joint in (fig.NOSE, fig.R_EAR, fig.L_EAR):
            joints[joint, 2] = VISIBLE  # on the very outline of the head
    extent = np.array(painter.extent) / OVERSAMPLING
    box = np.clip(np.concatenate([extent.min(0), extent.max(0)]), 0, size)
    return joints, box.astype(np.float32)


def _light(rng, image):
    """Uneven light, contrast, colour cast, blur and noise; gives uint8 HxWx3."""
    size = image.size[0]
    if rng.random() < 0.2:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.1)))
    levels = np.arange(256) / 255
    curve = 255 * levels ** rng.uniform(0.75, 1.35) * rng.uniform(0.75, 1.15) + rng.uniform(-15, 20)
    cast = rng.uniform(0.93, 1.07, 3)
    table = np.clip(curve * cast[:, None], 0, 255).astype(np.uint8)
    image = image.point(table.ravel().tolist())
    cells = rng.uniform(165, 255, (3, 3)).astype(np.uint8)
    field = Image.fromarray(cells).resize((size, size), Image.Resampling.BICUBIC)
    image = ImageChops.multiply(image, Image.merge("RGB", (field, field, field)))
    strength = int(rng.integers(1, 16))
    noise = rng.integers(-strength, strength + 1, (size, size, 3), dtype=np.int16)
    noise += np.asarray(image)
    return np.clip(noise, 0, 255, out=noise).astype(np.uint8)


def _attempt(rng, size):
    background = _background(rng, size)
    _clutter(rng, background)
    canvas = Canvas(background)
    count = int(rng.choice((1, 2, 3), p=(0.42, 0.35, 0.23)))
    painters = [_place_figure(rng, canvas, n, place) for n, place in enumerate(_places(rng, count))]
    _obstacles(rng, canvas)
    parts = np.asarray(canvas.map)
    people = [_truth(painter, n, parts, size) for n, painter in enumerate(painters)]
    return canvas, people


def render(seed, split, index, size):
    """One picture, uint8 size x size x 3 in RGB, and its people: a list of (joints 18x3, box of 4), in pixels.

    The third column of the joints is HIDDEN (out of the picture, behind others, turned away), BEHIND_ITSELF or VISIBLE.
    Scenes in which somebody shows fewer than six joints are drawn anew.
    """
    rng = np.random.default_rng((seed, SPLITS[split], index))
    for _ in range(6):
        canvas, people = _attempt(rng, size)
        if all((joints[:, 2] == VISIBLE).sum() >= 6 for joints, _ in people):
            break
    return _light(rng, canvas.image.reduce(OVERSAMPLING)), people


def _write(arguments):
    arguments.out.mkdir(parents=True, exist_ok=True)
    truth = []
    for index in range(arguments.first, arguments.first + arguments.count):
        pixels, people = render(arguments.seed, arguments.split, index, arguments.size)
        name = f"{arguments.split}_{index:05d}.png"
        Image.fromarray(pixels).save(arguments.out / name)
        truth.append({"file": name, "people": [
            {"box": [round(float(v), 2) for v in box],
             "joints": [[round(float(x), 2), round(float(y), 2), int(seen == VISIBLE)] for x, y, seen in joints]}
            for joints, box in people]})
    (arguments.out / "truth.json").write_text(json.dumps(truth) + "\n")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="index of the first picture")
    parser.add_argument("--size", type=int, default=192, help="side of the pictures in pixels")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--out", type=Path, required=True, help="folder for PNG files and truth.json")
    _write(parser.parse_args())


if __name__ == "__main__":
    main()
