"Near-optimal glimpse sequences: the names a person needs first, each imported when it is asked for"
__version__ = "0.0.1"

_where = dict(
    HardAttention='attention', show_prediction='attention', animate_prediction='watch',
    train_on_folder='folder', image_folder='data', GlimpseGrid='fovea',
    GlimpsePosterior='glimpse_posterior', ImageBank='bank', BankCompleter='completion',
    near_optimal_sequence='boed', near_optimal_sequences='boed', SequenceSet='sequences')
__all__ = ['__version__', *_where]


def __getattr__(name):
    "Import the module of a name when it is first asked for, so that `import nogs_nb` itself costs nothing"
    if name not in _where: raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    import warnings
    from importlib import import_module
    from .describe import with_parameters
    with warnings.catch_warnings(): # what libraries say about each other when they are imported
        for library in ('torch', 'fastai'): warnings.filterwarnings('ignore', module=rf'{library}\.')
        module = import_module(f'{__name__}.{_where[name]}')
    value = globals()[name] = with_parameters(getattr(module, name))
    return value


def __dir__(): return sorted({*globals(), *_where})
