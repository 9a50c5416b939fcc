"Sphinx's settings of the docs site; what it reads is made by build.py"
import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import SphinxError

from nogs_nb import __version__

project = 'nogs_nb'
version = release = __version__
html_title = f'nogs_nb {version}'
copyright = 'the nogs_nb authors'

extensions = ['myst_nb', 'sphinx_copybutton']
nb_execution_mode = 'off' # the notebooks hold their outputs; nbdev-test is what runs them
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ['amsmath', 'attrs_block', 'attrs_inline', 'colon_fence', 'dollarmath', 'linkify']
myst_heading_anchors = 4
myst_linkify_fuzzy_links = False
suppress_warnings = ['myst.header', 'mystnb.unknown_mime_type']

html_theme = 'furo'
html_static_path = ['site.css', 'favicon.svg']
html_css_files = ['site.css']
html_favicon = 'favicon.svg'
html_copy_source = html_show_sphinx = False
html_theme_options = dict(source_repository='')
pygments_style, pygments_dark_style = 'friendly', 'monokai'
copybutton_selector = 'div:not(.output) > div.highlight > pre'


def write_math(translator, node):
    "An equation as MathML, which browsers draw themselves: the site needs no script and no network for it"
    block = isinstance(node, nodes.math_block)
    markup = convert(node.astext(), display='block' if block else 'inline')
    if left := re.search(r'\\[A-Za-z]+', markup):
        raise SphinxError(f'{node.source}: {left[0]} has no MathML, in {node.astext()}')
    translator.body.append(f'<div class="math">{markup}</div>' if block else markup)
    raise nodes.SkipNode


def setup(app):
    "Have equations written as MathML"
    app.add_html_math_renderer('mathml', (write_math, None), (write_math, None))


html_math_renderer = 'mathml'
