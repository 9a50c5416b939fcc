"Make think.html, a page on which the search runs in the browser: `python tools/think/make.py OUT`"
import argparse
import base64
import html
import io
import json
from dataclasses import dataclass
from pathlib import Path
import matplotlib.pyplot as plt
import torch
from nogs_nb import __version__
from nogs_nb.attention import HardAttention
from nogs_nb.bank import ImageBank
from nogs_nb.boed import near_optimal_sequence, near_optimal_sequences, show_search
from nogs_nb.checks import as_float
from nogs_nb.completion import BankCompleter
from nogs_nb.drawn import DrawnFaces
from nogs_nb.files import fingerprint, make_folder, write_atomic
from nogs_nb.fovea import GlimpseGrid
from nogs_nb.glimpse_network import GlimpsePosterior, load_glimpse_posterior
from nogs_nb.glimpse_posterior import TaskHead
from nogs_nb.glimpse_table import GlimpseTable, place_vectors
from nogs_nb.glimpse_training import train_in_rounds
from nogs_nb.roles import check_disjoint
from nogs_nb.training import PartialSupervision, Reinforce, attention_dls, attention_learner, fit_iterations

HERE = Path(__file__).resolve().parent
HOW = Path(__file__).read_text() # trained otherwise is kept under another name
CACHE = HERE.parents[1]/'results'/'think'
QUESTIONS = dict(Smiling=('Is the face smiling?', ['not smiling', 'smiling']),
                 Eyeglasses=('Does it wear glasses?', ['no glasses', 'glasses']),
                 Male=('Is it a man or a woman?', ['woman', 'man']))
N_BANK, N_FACES, TARGET_ESS, MOST_BYTES = 192, 24, .1, 8e6
NOTEBOOKS = 'index', 'glimpse_network', 'completion', 'glimpse_table', 'epe', 'boed', 'attention', 'drawn'
# The roles of the drawn faces, by the number of the first: no face has two of them
FIRST = dict(train=0, tuning=100_000, bank=200_000, faces=300_000, network=400_000, network_tuning=500_000)

@dataclass(frozen=True)
class Effort:
    "How much is trained"
    n_train:int = 12_000 # Faces for the posterior
    epochs:tuple = (6, 6) # Its rounds
    n_network:int = 3000 # Faces for each network
    n_supervised:int = 60 # Those of them with a near-optimal sequence
    iterations:int = 500 # Batches for each network

QUICK = Effort(1500, (2, 1), 400, 16, 40)

def faces_of(role, n, size):
    "The faces of a role: DrawnFaces and their pixels (n, 3, size, size) uint8"
    faces = DrawnFaces(n, size, start=FIRST[role])
    return faces, faces.uint8(progress=False)

def labels_of(faces):
    "A column a question, (n, A) int64"
    return torch.stack([faces.label(task) for task in QUESTIONS], 1)

def train_posterior(effort, cache):
    "The glimpse posterior of the page, from the cache where the same was made before"
    file = cache/f'posterior-{fingerprint(__version__, HOW, str(effort))}.safetensors'
    if file.exists(): return load_glimpse_posterior(file)
    torch.manual_seed(0)
    posterior = GlimpsePosterior(dict.fromkeys(QUESTIONS, 2), GlimpseGrid(48, 12, 19), n_glimpses=5,
                                 channels=(16, 32, 64), d=64, width=24, hidden=16)
    (train, x), (tuning, x_tuning) = faces_of('train', effort.n_train, 48), faces_of('tuning', 400, 48)
    train_in_rounds(posterior, x, labels_of(train), train.ids, (x_tuning, labels_of(tuning), tuning.ids),
                    epochs=effort.epochs, draws=2)
    posterior.save(file)
    return posterior

def given_posterior(file):
    "A posterior from a file, after checking that it can judge these questions on drawn faces"
    posterior = load_glimpse_posterior(file)
    rows, cols = posterior.grid.image_size
    if rows != cols or rows < 24 or posterior.config['in_channels'] != 3:
        raise ValueError(f'{file}: it reads {posterior.config["in_channels"]} channels of {rows}x{cols} '
                         'pixels; expected 3 channels of square images of at least 24, as faces are drawn')
    g = posterior.grid.glimpse_size
    if g[0] != g[1]: raise ValueError(f'{file}: it reads glimpses of {g} pixels; expected squares')
    known = {task: k for task, k in posterior.tasks.items() if task in QUESTIONS}
    if known != dict.fromkeys(QUESTIONS, 2):
        raise ValueError(f'{file}: it judges {posterior.tasks}; expected two classes of each of '
                         f'{list(QUESTIONS)}')
    return posterior

@dataclass
class Play:
    "Posterior, bank and faces of a page"
    posterior:GlimpsePosterior
    bank:ImageBank
    table:GlimpseTable # Of the bank
    completer:BankCompleter
    faces:DrawnFaces
    images:torch.Tensor # (n, 3, H, W) uint8, of the faces

    def search(self,
        task:str, # One of `QUESTIONS`
        image, # (3, H, W) uint8 or float
    ): # A `NearOptimalSequence`
        "What the library finds for an image, with the page's settings"
        p = self.posterior
        return near_optimal_sequence(image, p.for_task(task, self.table), self.completer, p.grid,
                                     p.config['n_glimpses'], len(self.bank), revisit=False)

def make_play(
    posterior:GlimpsePosterior, # Of `train_posterior` or `given_posterior`
    cache:Path, # Where the table of the bank is kept
)->Play:
    "Everything that the page is made of but the networks"
    size = posterior.grid.image_size[0]
    (of_bank, x), (faces, images) = faces_of('bank', N_BANK, size), faces_of('faces', N_FACES, size)
    check_disjoint({'posterior training': posterior.info.get('ids'), 'bank': of_bank.ids, 'faces': faces.ids})
    bank = ImageBank.from_tensor(x, of_bank.ids)
    folder = cache/f'table-{fingerprint(posterior.fingerprint(), bank.fingerprint())}'
    table = GlimpseTable.create(folder, posterior, bank, fill=True)
    completer = BankCompleter(bank, posterior.grid.glimpse_size, n_candidates=N_BANK, target_ess=TARGET_ESS,
                              mirror=False)
    return Play(posterior, bank, table, completer, faces, images)

def train_network(play, task, effort, cache):
    "A hard-attention network of one task, some of whose training faces have near-optimal sequences"
    posterior = play.posterior
    key = fingerprint(__version__, HOW, posterior.fingerprint(), play.bank.fingerprint(), task, str(effort))
    file = cache/f'network-{task}-{key}.safetensors'
    if file.exists(): return HardAttention.load(file)
    grid, T = posterior.grid, posterior.config['n_glimpses']
    faces, x = faces_of('network', effort.n_network, grid.image_size[0])
    tuning, x_tuning = faces_of('network_tuning', 400, grid.image_size[0])
    n, avp = effort.n_supervised, posterior.for_task(task, play.table)
    sequences = near_optimal_sequences(x[:n], faces.ids[:n], avp, play.completer, grid, cache/'sequences', T,
                                       64, revisit=False)
    dls = attention_dls(x, faces.label(task), (x_tuning, tuning.label(task)), 2, faces.ids, sequences,
                        n_supervised=8)
    network = lambda: HardAttention(grid, 2, T, hidden=32, channels=None, glimpse_hidden=32)
    learn = attention_learner(dls, network, [Reinforce(), PartialSupervision()], lr=1e-3, seed=0)
    fit_iterations(learn, effort.iterations, validate_every=100)
    learn.model.load_state_dict(learn.best.weights)
    learn.model.save(file, task=task)
    return learn.model.eval()

def packed(x):
    "A tensor as JSON can hold it"
    kind = {torch.uint8: 'uint8', torch.float16: 'float16', torch.float32: 'float32'}[x.dtype]
    data = x.detach().contiguous().numpy().tobytes()
    return dict(type=kind, shape=list(x.shape), data=base64.b64encode(data).decode())

def packed_head(head):
    "A `TaskHead`"
    return {name: packed(getattr(head, name)) for name in ('offset', 'first', 'bias', 'second', 'prior')}

@torch.no_grad()
def packed_network(net):
    "A `HardAttention`: its norm as a scale and a shift a step, its places as a row of features each"
    _, see, _, features, norm = net.glimpse_net
    scale = norm.weight*(norm.var + norm.eps).rsqrt()
    inner, _, outer = net.location_net
    parts = dict(state=net.state, see=see.weight, see_bias=see.bias, features=features.weight, scale=scale,
                 shift=norm.bias - norm.mean*scale, where=net.location_embedding(), gru_in=net.cell.weight_ih,
                 gru_in_bias=net.cell.bias_ih, gru_state=net.cell.weight_hh, gru_state_bias=net.cell.bias_hh,
                 locate_in=inner.weight, locate_in_bias=inner.bias, locate_out=outer.weight,
                 locate_out_bias=outer.bias)
    return {name: packed(x) for name, x in parts.items()}

def payload(
    play:Play, # Posterior, bank and faces
    networks:dict, # Task -> `HardAttention`
)->dict:
    "All that the page computes with, as JSON can hold it"
    posterior, grid = play.posterior, play.posterior.grid
    T = posterior.config['n_glimpses']
    mean, std = (networks[next(iter(QUESTIONS))].config[name] for name in ('mean', 'std'))
    settings = dict(size=grid.image_size[0], glimpse=grid.glimpse_size[0], rows=grid.rows, cols=grid.cols,
                    T=T, width=posterior.config['width'], targetEss=TARGET_ESS, networkMean=mean,
                    networkStd=std)
    of_faces = torch.stack([place_vectors(posterior, image, grid.locations) for image in play.images])
    pixels = lambda x: packed(x.permute(0, 2, 3, 1))
    tasks = [dict(name=task, question=question, classes=classes, labels=play.faces.label(task).tolist(),
                  heads=[packed_head(TaskHead(posterior, task, t)) for t in range(T + 1)],
                  network=packed_network(networks[task]))
             for task, (question, classes) in QUESTIONS.items()]
    return dict(settings=settings, tasks=tasks,
                bank=dict(pixels=pixels(play.bank[:]), table=packed(play.table.rows(range(len(play.bank))))),
                faces=dict(pixels=pixels(play.images), table=packed(of_faces.half())))

def still(play):
    "The search on one face, as the library draws it: a PNG, base64"
    image = as_float(play.images[0])
    figure, file = show_search(image, play.search('Smiling', image), play.posterior.grid), io.BytesIO()
    figure.savefig(file, format='png')
    plt.close(figure)
    return base64.b64encode(file.getvalue()).decode()

def page(
    data:dict, # Of `payload`
    picture:str, # Of `still`
    links:str='{}.html', # Address of a notebook's page, relative to this one; {} is its name
)->str:
    "The page as HTML, everything inside it"
    if links.count('{}') != 1:
        raise ValueError(f'links is {links!r}; expected an address with one {{}} for the name')
    text = (HERE/'think.html').read_text()
    parts = dict(STYLE=(HERE/'think.css').read_text(), SEARCH=(HERE/'search.js').read_text(),
                 PAGE=(HERE/'think.js').read_text(), DATA=json.dumps(data), STILL=picture,
                 T=data['settings']['T'], N_BANK=N_BANK, N_FACES=N_FACES)
    for name in NOTEBOOKS:
        parts[f'LINK_{name}'] = html.escape(links.format(name))
    for name, part in parts.items(): text = text.replace(f'<!--{name}-->', str(part))
    size, s = len(text.encode()), data['settings']
    if size > MOST_BYTES:
        raise ValueError(f'the page would have {size/1e6:.1f} MB, at most {MOST_BYTES/1e6:.0f} are wanted: '
                         f'take a posterior of a coarser grid than {len(s["rows"])}x{len(s["cols"])} or of '
                         f'less width than {s["width"]}')
    return text

def build(
    out, # Folder to write think.html to
    posterior=None, # File of a glimpse posterior; None: train one
    cache=CACHE, # Folder of what was trained, to be found again
    links:str='{}.html', # Address of a notebook's page
    quick:bool=False, # Train little, for tests
): # The `Play` and the networks that the page was made of
    "Write think.html"
    cache, effort = make_folder(cache), QUICK if quick else Effort()
    play = make_play(given_posterior(posterior) if posterior else train_posterior(effort, cache), cache)
    networks = {task: train_network(play, task, effort, cache) for task in QUESTIONS}
    text = page(payload(play, networks), still(play), links)
    write_atomic(make_folder(out)/'think.html', text.encode())
    return play, networks

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', help='folder to write think.html to')
    parser.add_argument('--posterior', help='file of a glimpse posterior; without it, one is trained')
    parser.add_argument('--cache', default=CACHE, help='folder of what was trained')
    parser.add_argument('--links', default='{}.html', help="address of a notebook's page; {} is its name")
    parser.add_argument('--quick', action='store_true', help='train little, for tests')
    asked = vars(parser.parse_args())
    build(**asked)
    file = Path(asked['out'])/'think.html'
    print(f'{file}: {file.stat().st_size/1e6:.2f} MB')
