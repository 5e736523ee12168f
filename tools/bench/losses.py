"""What a capture says it lost: the summary that sslsniff writes to standard error when it ends."""
import re

LINE = re.compile(r"^(\d+) (?:events?(?:, \d+ bytes?)? lost\b|runs? of capture programs missed)", re.MULTILINE)


def lost_events(path):
    """Events, and runs that the kernel passed over. Fails where the summary does not say."""
    counts = LINE.findall(path.read_text(errors="replace"))
    if not counts:
        raise RuntimeError(f"{path}: no summary that tells what was lost")
    return sum(map(int, counts))
