# SPDX-License-Identifier: Apache-2.0
"""Draws the training log as an SVG picture: the last stage's loss and the share of right joints over the images."""

import argparse
import csv
import math
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 300, 52, 18, 52, 40


def read_log(path):
    """([(images, loss, stages)], [(images, share)]) from the log."""
    losses, shares = [], []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if row[0] == "loss":
                losses.append((int(row[2]), float(row[5]), int(row[8])))
            elif row[0] == "validation":
                shares.append((int(row[2]), float(row[5])))
    return losses, shares


def _line(points, colour):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _text(x, y, words, anchor="middle", colour="#444"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


def draw(losses, shares):
    """The picture's SVG text."""
    last = max(images for images, *_ in losses + shares)
    top, low = max(v for _, v, _ in losses), min(v for _, v, _ in losses)
    span = math.log(top / low)

    def x(images):
        return LEFT + (WIDTH - LEFT - RIGHT) * images / last

    def at(part):
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - part)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="11">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for k in range(6):
        y = at(k / 5)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{low * math.exp(span * k / 5):.2f}", "end", "#1f6feb"))
        parts.append(_text(WIDTH - RIGHT + 6, y + 4, f"{k / 5:.1f}", "start", "#c2410c"))
        parts.append(_text(x(last * k / 5), HEIGHT - BOTTOM + 16, f"{last * k / 5:,.0f}"))
    grown = next((images for images, _, stages in losses if stages > losses[0][2]), None)
    if grown:
        parts.append(f'<line x1="{x(grown):.1f}" y1="{TOP}" x2="{x(grown):.1f}" y2="{HEIGHT - BOTTOM}" '
                     'stroke="#999" stroke-dasharray="4 3"/>')
        parts.append(_text(x(grown) + 4, TOP + 10, "six stages", "start"))
    parts.append(_line([(x(i), at(math.log(v / low) / span)) for i, v, _ in losses], "#1f6feb"))
    parts.append(_line([(x(i), at(v)) for i, v in shares], "#c2410c"))
    parts += [f'<circle cx="{x(i):.1f}" cy="{at(v):.1f}" r="3" fill="#c2410c"/>' for i, v in shares]
    parts.append(_text(WIDTH / 2, HEIGHT - 8, "rendered images seen"))
    parts.append(_text(LEFT, 12, "loss of the last stage (logarithmic)", "start", "#1f6feb"))
    parts.append(_text(WIDTH - RIGHT, 12, "PCK@0.1 of 100 validation pictures", "end", "#c2410c"))
    return "\n".join([*parts, "</svg>", ""])


def main():
    """Command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, default=here / "training_log.csv")
    parser.add_argument("--out", type=Path, default=here / "training_curve.svg")
    a = parser.parse_args()
    a.out.write_text(draw(*read_log(a.log)), encoding="utf-8")


if __name__ == "__main__":
    main()
