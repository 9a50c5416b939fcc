"""Does the build stop at what cannot be shown, and does the look at the site see what a reader would?

    python tools/site/test_site.py"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import check
from browser import browser, has_browser # found where check found them

HERE = Path(__file__).parent
PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
CONTENTS = """| question | notebooks |
|-|-|
| Where to begin? | [One](01_one.ipynb) · [Page](page.html) |"""
EXPORTS = """#| export
def double(
    x:int, # A number
):
    "Twice"
    return 2*x"""
TEXT = """## A Heading

::: {.callout-note}
Noted: $x^2$
:::

See [here](#A-Heading)."""
INDEX = ['# Small\n\n> A site', CONTENTS]
ONE = ['# One\n\n> A page', '#| default_exp one', EXPORTS, TEXT, '#| fig-alt: A dot\ndraw()']


def cell(text):
    "Markdown, or code where the text looks like it; a cell that draws has a picture"
    code = text.startswith('#|') or text.endswith('()')
    picture = dict(output_type='display_data', data={'image/png': PICTURE}, metadata={})
    outputs = dict(outputs=[picture] if 'draw()' in text else [], execution_count=None) if code else {}
    return dict(cell_type='code' if code else 'markdown', source=text, metadata={}, **outputs)


def project(root, index=(), one=()):
    "A small project, with further cells on its two pages"
    nbs = root/'nbs'
    for folder in (nbs/'images', nbs/'figures', root/'nogs_nb'): folder.mkdir(parents=True)
    shutil.copy(HERE.parent.parent/'pyproject.toml', root)
    (root/'CHANGELOG.md').write_text('# Changelog\n')
    (nbs/'page.html').write_text('<title>A page of its own</title>As it is')
    for name, cells in (('index', [*INDEX, *index]), ('01_one', [*ONE, *one])):
        metadata = dict(kernelspec=dict(name='python3', language='python', display_name='Python 3'))
        notebook = dict(cells=[cell(o) for o in cells], metadata=metadata, nbformat=4, nbformat_minor=5)
        (nbs/f'{name}.ipynb').write_text(json.dumps(notebook))


def built(root, *options):
    "Exit status of the build and what it said"
    command = [sys.executable, HERE/'build.py', '--path', root, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def stops(*said, index=(), one=()):
    "The build of a project with these cells stops, and says all this"
    with tempfile.TemporaryDirectory() as tmp:
        project(Path(tmp), index, one)
        status, text = built(Path(tmp), '--write-readme')
    assert status, f'the site was made in spite of {index or one}'
    for o in said: assert o in text, f'{o!r} is not said in:\n{text}'


def test_whole():
    "A whole site: sources, equations, callouts, alternative texts, a page of its own; and its README"
    with tempfile.TemporaryDirectory() as tmp:
        root = Path(tmp)
        project(root)
        status, text = built(root, '--write-readme')
        assert not status, text
        page = (root/'_docs/one.html').read_text()
        shown = ['# A number', 'return', '<math', 'admonition note', 'alt="A dot"', 'href="#double"',
                 'href="#a-heading"']
        for o in shown: assert o in page, f'{o!r} is not in:\n{page}'
        assert (root/'_docs/page.html').read_text().endswith('As it is')
        assert 'A page of its own' in page
        assert '[One](nbs/01_one.ipynb) · Page (in the docs)' in (root/'README.md').read_text()
        assert not built(root, '--check-readme')[0]
        (root/'README.md').write_text('# Old')
        status, text = built(root, '--check-readme')
        assert status and '-# Old' in text, text


def test_stops():
    "What cannot be shown is named"
    stops('01_one.ipynb', 'division by zero', one=['#| export\n1/0'])
    stops('01_one.ipynb', 'fig-alt', one=['draw()'])
    stops('01_one.ipynb', '![](images/x.png) has no alternative text', one=['![](images/x.png)'])
    stops('README.md links to', 'gone.md', index=['[gone](gone.md)'])
    stops('one.ipynb', r'\nosuch', one=[r'$\nosuch$'])
    stops('one.ipynb', 'nowhere.ipynb', "'no-heading'", 'figures/lost.json',
          one=['[a](nowhere.ipynb) [b](#No-heading) [c](figures/lost.json)'])


def test_look():
    "What a reader would stumble over is seen"
    pages = dict(good='<p>short',
                 wide='<article><div style="width:2000px">wide</div></article>',
                 mute='<img src="good.html" alt="">',
                 loud='<script>console.error("oh")</script>',
                 cut='<article style="overflow:hidden"><div style="width:2000px">cut</div></article>')
    said = dict(wide='scrolls sideways', mute='no alternative text', loud='console', cut='cut: DIV')
    with tempfile.TemporaryDirectory() as tmp:
        for name, body in pages.items():
            head = '<!doctype html><link rel="icon" href="data:,"><body>'
            (Path(tmp)/f'{name}.html').write_text(head + body)
        site, driver = check.served(tmp), browser()
        try: faults = {name: '\n'.join(check.page_faults(driver, f'{site}/{name}.html')) for name in pages}
        finally: driver.quit()
    assert not faults['good'], faults
    for name, word in said.items(): assert word in faults[name], (name, faults[name])


if __name__ == '__main__':
    test_whole()
    test_stops()
    if has_browser(): test_look()
    else: print('SKIPPED: that faults of pages are seen, for want of chromium and chromedriver')
    print('ok')
