"""Pages that sslsniff writes, in Chromium: tools/browser.py for tests."""
import importlib.util
import pathlib

_PATH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "browser.py"
_SPEC = importlib.util.spec_from_file_location("sslsniff_browser", _PATH)
_BROWSER = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_BROWSER)


url_of = _BROWSER.url_of


def browse(test, path, script, **options):
    """What `script`, the body of an async function of `page`, returns once the report at `path` has been read. It fails the test when the
    page does anything that it must not do; SKIPPED where a part is missing."""
    try:
        seen = _BROWSER.browse(path, script, **options)
    except _BROWSER.Unavailable as missing:
        test.skipTest(str(missing))
    for what in ("errors", "console", "dialogs", "requests"):
        test.assertEqual(seen[what], [], what)
    test.assertEqual(seen["pages"], 0)
    return seen["result"]
