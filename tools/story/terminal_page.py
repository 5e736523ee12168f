"""A page that looks like a terminal: what tmux shows, with its colours, as HTML."""
import html
import re
import subprocess

# The sixteen colours that SGR names, dark background.
COLORS = ["#2e3436", "#ef5350", "#66bb6a", "#ffca28", "#42a5f5", "#ab47bc", "#26c6da", "#e0e0e0",
          "#757575", "#ff8a80", "#b9f6ca", "#ffe57f", "#82b1ff", "#ea80fc", "#84ffff", "#ffffff"]
BACKGROUND, FOREGROUND = "#15191e", "#d5d9de"
PAGE = """<!doctype html><meta charset="utf-8"><html data-ready><style>
body {{ margin: 0; background: {background}; }}
pre {{ margin: 0; padding: 14px 16px; font: 14px/1.35 "DejaVu Sans Mono", monospace; color: {foreground}; display: inline-block; }}
</style><pre>{content}</pre></html>"""


def extended(code):
    """The 256 colours of xterm."""
    if code < 16:
        return COLORS[code]
    if code >= 232:
        return "#{0:02x}{0:02x}{0:02x}".format(8 + 10 * (code - 232))
    steps = [0, 95, 135, 175, 215, 255]
    code -= 16
    return "#{:02x}{:02x}{:02x}".format(steps[code // 36], steps[code // 6 % 6], steps[code % 6])


class Style:
    """What SGR sequences (ECMA-48) have set."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.color = self.background = None
        self.bold = self.dim = self.reverse = self.underline = False

    def apply(self, codes):
        codes = list(codes) or [0]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code in (1, 2, 4, 7):
                setattr(self, {1: "bold", 2: "dim", 4: "underline", 7: "reverse"}[code], True)
            elif code == 22:
                self.bold = self.dim = False
            elif code in (24, 27):
                setattr(self, {24: "underline", 27: "reverse"}[code], False)
            elif code in (38, 48) and codes[:1] == [5]:
                setattr(self, "color" if code == 38 else "background", extended(codes[1]))
                del codes[:2]
            elif code in (39, 49):
                setattr(self, "color" if code == 39 else "background", None)
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.color = COLORS[code - 30 if code < 90 else code - 82]
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.background = COLORS[code - 40 if code < 100 else code - 92]

    def css(self):
        color, background = self.color or FOREGROUND, self.background
        if self.reverse:
            color, background = background or BACKGROUND, color
        return (f"color:{color};" + (f"background:{background};" if background else "") + "font-weight:bold;" * self.bold
                + "opacity:.6;" * self.dim + "text-decoration:underline;" * self.underline)


def page_of(tmux):
    """`tmux`: the command, with its socket."""
    text = subprocess.run([*tmux, "capture-pane", "-e", "-p"], check=True, capture_output=True, text=True).stdout.rstrip("\n")
    style, parts = Style(), []
    for piece in re.split(r"(\x1b\[[0-9;]*m)", text):
        if piece.startswith("\x1b["):
            style.apply(int(code or 0) for code in piece[2:-1].split(";"))
        elif piece:
            parts.append(f'<span style="{style.css()}">{html.escape(piece)}</span>')
    return PAGE.format(background=BACKGROUND, foreground=FOREGROUND, content="".join(parts))
