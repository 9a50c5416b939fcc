"Does think.html compute what the library computes, and does it work in a browser? `python tools/think/check.py`"
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
import torch
from fastcore.test import expect_fail, test_close, test_eq
from safetensors.torch import save_file
from nogs_nb.checks import as_float
from nogs_nb.epe import expected_posterior_entropy
from nogs_nb.files import quiet
from nogs_nb.fovea import GlimpseGrid
from nogs_nb.glimpse_network import GlimpsePosterior
from make import MOST_BYTES, QUESTIONS, build, given_posterior, page

WIDTHS = 1300, 390

def browser():
    "Chromium without a window, its console kept; None where there is none"
    program, driver = shutil.which('chromium') or shutil.which('chromium-browser'), shutil.which('chromedriver')
    if not program or not driver: return None
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ('--headless=new', '--no-sandbox', '--disable-gpu'): options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', dict(browser='ALL'))
    return webdriver.Chrome(options, webdriver.ChromeService(driver))

def resize(chromium, width):
    "Give the page this many pixels"
    size = dict(width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
    chromium.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)

def in_page(chromium, script):
    "What a script gives, arrays as lists, NaN as None"
    return json.loads(chromium.execute_script(f'return JSON.stringify((() => {{ {script} }})(), (key, value) => '
                                              'ArrayBuffer.isView(value) ? [...value] : value)'))

def check_numbers(chromium, play, a, task, face, looked):
    "One step: posterior, weights, map and best place"
    found = in_page(chromium, f'return [search.posterior({a}, {face}, {looked}), search.step({a}, {face}, {looked})]')
    image, grid = as_float(play.images[face]), play.posterior.grid
    avp, locations = play.posterior.for_task(task, play.table), grid.locations[looked]
    completion = play.completer.complete(image, locations, len(play.bank))
    weights = torch.zeros(len(play.bank)).index_add(0, completion.positions, completion.weights)
    epe = expected_posterior_entropy(avp, completion, locations, grid.locations, grid.glimpse_size)
    epe[looked] = torch.nan
    known = ~epe.isnan()
    p = torch.tensor(found[0])
    map = torch.tensor([float('nan') if v is None else v for v in found[1]['map']])
    test_eq(map.isnan(), epe.isnan())
    apart = dict(weights=(torch.tensor(found[1]['weights']) - weights).abs().max().item(),
                 map=(map - epe)[known].abs().max().item())
    if looked:
        own = avp.prefix_log_probs(image[None], locations[None])[0, -1].exp()
        apart['posterior'] = (p - own).abs().max().item()
    return apart

def check_search(chromium, play, a, task, face):
    "A whole game of the search: the library's places, and its maps"
    T, own = play.posterior.config['n_glimpses'], play.search(task, play.images[face])
    script = f'const looked = [], maps = []; while (looked.length < {T}) {{ const s = search.step({a}, {face}, looked); ' \
             'looked.push(s.best); maps.push(s.map); } return [looked, maps]'
    looked, maps = in_page(chromium, script)
    test_eq(play.posterior.grid.locations[looked], own.locations)
    maps = torch.tensor([[float('nan') if v is None else v for v in map] for map in maps])
    apart = (maps - own.maps.flatten(1)).abs()
    return apart[~apart.isnan()].max().item()

def check_network(chromium, net, play, a, face, looked):
    "The place that the network prefers after given looks, among the others"
    chosen = in_page(chromium, f'return search.networkLooks({a}, {face}, {looked})')
    T, grid = net.n_glimpses, net.grid
    places = torch.tensor([*looked, *[0]*(T - len(looked))])
    scores = net.rollout(play.images[face][None], grid.locations[places][None]).policy[0, len(looked)]
    scores[looked] = -torch.inf
    test_eq(chosen, int(scores.argmax()))

def check_float32(chromium, play, a, task, face, looked):
    "The same map from the bank's pixels in single precision, without a table: its best place, and how far it is"
    found = in_page(chromium, f'return search.step({a}, {face}, {looked})')
    image, grid = as_float(play.images[face]), play.posterior.grid
    completion = play.completer.complete(image, grid.locations[looked], len(play.bank))
    epe = expected_posterior_entropy(play.posterior.for_task(task), completion, grid.locations[looked],
                                     grid.locations, grid.glimpse_size)
    epe[looked] = torch.inf
    return dict(same=found['best'] == int(epe.argmin()), regret=(epe[found['best']] - epe.min()).item())

def check_page(chromium, file):
    "Clicks, keys, buttons, the width of the page, its console"
    for width in WIDTHS:
        resize(chromium, width)
        chromium.get(file.as_uri())
        before = in_page(chromium, 'return [...state.step.map]')
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys
        board = chromium.find_element(By.ID, 'board')
        board.click()
        test_eq(in_page(chromium, 'return state.looked'), [in_page(chromium, 'return search.around(23.5, 23.5)')])
        after = in_page(chromium, 'return [...state.step.map]')
        assert before != after, 'a click on the face did not change the map'
        board.send_keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ENTER)
        looked = in_page(chromium, 'return state.looked')
        columns = in_page(chromium, 'return search.cols.length')
        test_eq(looked[1], looked[0] - 2*columns + 1)
        board.send_keys(Keys.ENTER) # looked at already
        test_eq(in_page(chromium, 'return state.looked'), looked)
        best = in_page(chromium, 'return state.step.best')
        for button in ('search', 'network', 'chance'): chromium.find_element(By.ID, button).click()
        test_eq(in_page(chromium, 'return [state.looked[2], state.looked.length, state.by]'),
                [best, 5, ['you', 'you', 'search', 'network', 'chance']])
        test_eq(len(chromium.find_elements(By.CSS_SELECTOR, '#score .player')), 4)
        wide = in_page(chromium, 'return [document.documentElement.scrollWidth, innerWidth]')
        assert wide[0] <= width and wide[1] == width, f'at {width} pixels the page is {wide} wide'
        chromium.find_element(By.ID, 'next').click()
        chromium.find_element(By.CSS_SELECTOR, '#tasks label:last-child').click()
        test_eq(in_page(chromium, 'return [state.face, state.task, state.looked]'), [1, len(QUESTIONS) - 1, []])
    errors = [entry for entry in chromium.get_log('browser') if entry['level'] in ('SEVERE', 'WARNING')]
    assert not errors, f'the console says {errors}'

def check_without_scripts(chromium, file):
    "With scripts off the page says what it would show, and has a still picture with words for it"
    chromium.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', dict(value=True))
    chromium.get(file.as_uri())
    from selenium.webdriver.common.by import By
    text = chromium.find_element(By.TAG_NAME, 'body').text
    chromium.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', dict(value=False))
    assert 'needs JavaScript' in text and 'Let the search look' not in text, text[:300]
    source = file.read_text()
    assert source.count('<img') == source.count('alt="') == 1, 'a picture without words for it'

def check_refusals(folder):
    "Posteriors that cannot be on the page are refused by name"
    missing = folder/'missing.safetensors'
    expect_fail(lambda: given_posterior(missing), 'no posterior at .*missing')
    other = folder/'other.safetensors'
    save_file(dict(x=torch.zeros(1)), other, dict(format='nogs_nb.GlimpsePosterior/1'))
    expect_fail(lambda: given_posterior(other), "other.safetensors: format 'nogs_nb.GlimpsePosterior/1'; expected")
    text = folder/'text.safetensors'
    text.write_text('no tensors')
    expect_fail(lambda: given_posterior(text), 'text.safetensors')
    for name, tasks, grid, channels, says in (
            ('tasks', dict(Smiling=2), GlimpseGrid(48, 12, 3), 3, 'expected two classes of each'),
            ('grey', dict.fromkeys(QUESTIONS, 2), GlimpseGrid(48, 12, 3), 1, 'expected 3 channels'),
            ('wide', dict.fromkeys(QUESTIONS, 2), GlimpseGrid((48, 64), 12, 3), 3, 'expected 3 channels of square'),
            ('oblong', dict.fromkeys(QUESTIONS, 2), GlimpseGrid(48, (12, 8), 3), 3, 'expected squares')):
        file = folder/f'{name}.safetensors'
        GlimpsePosterior(tasks, grid, channels, channels=(4, 4, 4), d=4, width=4, hidden=4).save(file)
        expect_fail(lambda: given_posterior(file), f'{name}.safetensors: .*{says}')
    expect_fail(lambda: page({}, '', 'page.html'), 'expected an address with one {}')

def check_all(folder, chromium):
    "Everything; what was measured"
    quiet()
    play, networks = build(folder, cache=folder/'cache', quick=True)
    file, apart, games, in_float32 = folder/'think.html', [], [], []
    assert file.stat().st_size <= MOST_BYTES
    check_refusals(folder)
    resize(chromium, WIDTHS[0])
    chromium.get(file.as_uri())
    generator = torch.Generator().manual_seed(0)
    for a, task in enumerate(QUESTIONS):
        for face in (2*a, 2*a + 1):
            looked = torch.randperm(len(play.posterior.grid), generator=generator)[:4].tolist()
            for t in range(len(looked) + 1): check_network(chromium, networks[task], play, a, face, looked[:t])
            for t in (1, 4): apart.append(check_numbers(chromium, play, a, task, face, looked[:t]))
            near = [180, 181, 199] # three that overlap
            apart.append(check_numbers(chromium, play, a, task, face, near))
        games.append(check_search(chromium, play, a, task, 10 + a))
    in_float32.append(check_float32(chromium, play, 0, 'Smiling', 20, [180, 185]))
    worst = {name: max(o.get(name, 0) for o in apart) for name in ('weights', 'posterior', 'map')}
    assert max(*worst.values(), *games) < 1e-3, (worst, games)
    assert all(o['regret'] < 1e-4 for o in in_float32), in_float32
    check_page(chromium, file)
    check_without_scripts(chromium, file)
    chromium.get(file.as_uri())
    times = in_page(chromium, 'return Array.from({length: 10}, (_, face) => { const start = performance.now(); '
                              'search.step(0, face, [180, 185]); return performance.now() - start; })')
    return dict(bytes=file.stat().st_size, apart=worst, games=max(games), float32=in_float32,
                map_ms=dict(least=min(times), median=sorted(times)[5]))

if __name__ == '__main__':
    start, chromium = time.time(), browser()
    if chromium is None:
        print('SKIPPED: no chromium and chromedriver on PATH, so think.html was not tried in a browser')
        sys.exit()
    try:
        with tempfile.TemporaryDirectory() as folder: print(json.dumps(check_all(Path(folder), chromium), indent=1))
    finally: chromium.quit()
    print(f'think.html computes what the library computes, {time.time() - start:.0f} s')
