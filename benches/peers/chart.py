"""Charts as SVG, with nothing but text."""
import math
from xml.sax.saxutils import escape

BAR, GAP, LEFT, WIDTH = 16, 26, 130, 560
OURS, OTHER, TEXT = "#d9480f", "#868e96", "#495057"


def chart(groups, title):
    """Horizontal bars on a logarithmic scale: `groups` has speeds in Gelem/s by name, by case."""
    speeds = [speed for group in groups.values() for speed in group.values()]
    low, high = 10 ** math.floor(math.log10(min(speeds))), 10 ** math.ceil(math.log10(max(speeds)))

    def across(speed):
        return LEFT + WIDTH * math.log10(speed / low) / math.log10(high / low)

    parts, y = [text(LEFT, 18, f"Billions of elements a second, logarithmic. {title}", 13)], 34
    top = y
    for case, group in groups.items():
        y += GAP
        parts.append(text(LEFT, y - 6, case, 13, weight="bold"))
        for name, speed in sorted(group.items(), key=lambda item: -item[1]):
            colour = OURS if name == "ours" else OTHER
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{across(speed) - LEFT:.1f}" height="{BAR - 3}" fill="{colour}"/>')
            parts.append(text(LEFT - 6, y + 11, name, 12, anchor="end"))
            parts.append(text(across(speed) + 5, y + 11, f"{speed:.3g}", 12))
            y += BAR
    grid = low
    while grid <= high:
        x = across(grid)
        parts.insert(0, f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{y}" stroke="#dee2e6"/>')
        parts.append(text(x, y + 16, f"{grid:g}", 12, anchor="middle"))
        grid *= 10
    size = f'width="{LEFT + WIDTH + 60}" height="{y + 26}"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">\n{background}\n' + "\n".join(parts) + "\n</svg>\n"


COLOURS = ("#868e96", "#d9480f", "#1864ab")


def curves(panels, title, highest):
    """Losses over steps, side by side: `panels` has, by its title and by name, one list of (step, loss) for each seed."""
    width, height, left, top = 330, 220, 46, 60
    parts = [text(left, 18, title, 13)]
    for number, (panel, names) in enumerate(panels.items()):
        x0 = left + number * (width + 60)
        last = max(step for runs in names.values() for run in runs for step, _ in run)
        parts.append(text(x0, 44, panel, 13, weight="bold"))
        for loss in range(highest + 1):
            y = top + height * (1 - loss / highest)
            parts.append(f'<line x1="{x0}" y1="{y:.1f}" x2="{x0 + width}" y2="{y:.1f}" stroke="#dee2e6"/>')
            parts.append(text(x0 - 6, y + 4, f"{loss}", 12, anchor="end"))
        for step in (0, last):
            parts.append(text(x0 + width * step / last, top + height + 18, f"{step}", 12, anchor="middle"))
        parts.append(text(x0 + width / 2, top + height + 18, "step", 12, anchor="middle"))
        for place, (name, runs) in enumerate(names.items()):
            colour = COLOURS[place % len(COLOURS)]
            for run in runs:
                points = " ".join(
                    f"{x0 + width * step / last:.1f},{top + height * (1 - min(loss, highest) / highest):.1f}"
                    for step, loss in run if loss == loss
                )
                parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-opacity="0.7"/>')
            y = top + height + 38 + 16 * place
            parts.append(f'<rect x="{x0}" y="{y - 9}" width="14" height="9" fill="{colour}"/>')
            parts.append(text(x0 + 20, y, name, 12))
    rows = max(len(names) for names in panels.values())
    size = f'width="{left + len(panels) * (width + 60)}" height="{top + height + 44 + 16 * rows}"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">\n{background}\n' + "\n".join(parts) + "\n</svg>\n"


def text(x, y, content, size, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{TEXT}">'
            f"{escape(content)}</text>")
