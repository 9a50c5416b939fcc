"""Look at the docs site in _docs/ with Chromium, as readers do: in a window, on a phone, by its search.

    python tools/site/check.py

Every page at 1300 and at 390 pixels: it does not scroll sideways, nothing is cut, the console is quiet, every
picture is there and says what it shows. The search finds what a reader would look for. Skips, and says so,
where there is no Chromium."""
import functools
import http.server
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser import WIDTHS, at_width, browser, has_browser

FIND = 'near_optimal_sequence', 'boed.html'

# What a reader would stumble over: a page wider than the window; an element beyond its edge that nothing
# scrolls; a picture that did not load or has no alternative text.
FAULTS = """
const found = [], root = document.documentElement, width = root.clientWidth
if (root.scrollWidth > width) found.push(`scrolls sideways: ${root.scrollWidth} pixels`)
const scrolls = e => { for (; e && e !== document.body; e = e.parentElement) {
    if (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)) return true }
  return false }
for (const e of document.querySelectorAll('article *')) {
  const box = e.getBoundingClientRect()
  if (box.width && box.right > width + 1 && !scrolls(e) && found.length < 5)
    found.push(`cut: ${e.tagName} ${e.textContent.slice(0, 60)} ends at ${Math.round(box.right)}`) }
for (const e of document.images) {
  if (e.complete && !e.naturalWidth) found.push(`no picture at ${e.src}`)
  if (!e.alt) found.push(`no alternative text: ${e.src}`) }
return found
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    "A plain file server that says nothing"
    def log_message(self, *args): pass


def served(folder):
    "Address of a folder, served from now on"
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f'http://127.0.0.1:{server.server_port}'


def page_faults(driver, address):
    "What is wrong with a page, a line each"
    driver.get(address)
    for width in WIDTHS:
        at_width(driver, width)
        yield from (f'at {width} pixels: {fault}' for fault in driver.execute_script(FAULTS))
    said = driver.get_log('browser')
    yield from (f'console: {o["message"]}' for o in said if o['level'] in ('SEVERE', 'WARNING'))


def search_faults(driver, site):
    "Does the search find what it should?"
    word, page = FIND
    links = "return [...document.querySelectorAll('#search-results li a')].map(e => e.href)"
    driver.get(f'{site}/search.html?q={word}')
    for _ in range(100):
        found = driver.execute_script(links)
        if any(page in o for o in found): return
        time.sleep(.1)
    yield f'search for {word}: {page} is not among the {len(found)} pages found'


def main(folder='_docs'):
    "Every page of the site; the exit status says whether all is well"
    pages = sorted(Path(folder).glob('*.html'))
    if not pages: raise SystemExit(f'no pages in {folder}: make them with `python tools/site/build.py`')
    if not has_browser():
        print('SKIPPED: nobody looked at the site, for want of chromium and chromedriver (chromium-driver)')
        return
    site, driver = served(folder), browser()
    try:
        found = {o.name: [*page_faults(driver, f'{site}/{o.name}')] for o in pages}
        found['search.html'] += search_faults(driver, site)
    finally: driver.quit()
    for name, faults in found.items():
        for fault in faults: print(f'{name} {fault}')
    bad = sum(map(bool, found.values()))
    print(f'{len(pages)} pages looked at, {bad} with faults')
    sys.exit(bool(bad))


if __name__ == '__main__': main(*sys.argv[1:])
