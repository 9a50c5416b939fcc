"Does think.html compute what the library computes, and work in a browser? `python tools/think/check.py`"
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
import torch
from fastcore.test import expect_fail, test_eq
from safetensors.torch import save_file
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from nogs_nb.checks import as_float
from nogs_nb.epe import expected_posterior_entropy
from nogs_nb.files import quiet
from nogs_nb.fovea import GlimpseGrid
from nogs_nb.glimpse_network import GlimpsePosterior
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser import WIDTHS, at_width, browser, has_browser
from make import MOST_BYTES, QUESTIONS, build, given_posterior, page

def in_page(chromium, script):
    "What a script gives, arrays as lists, NaN as None"
    as_list = '(key, value) => ArrayBuffer.isView(value) ? [...value] : value'
    return json.loads(chromium.execute_script(f'return JSON.stringify((() => {{ {script} }})(), {as_list})'))

def numbers(values):
    "Numbers of the page as a tensor"
    return torch.tensor([float('nan') if v is None else v for v in values])

def check_numbers(chromium, play, a, task, face, looked):
    "One step: posterior, weights, map and best place"
    asked = f'{a}, {face}, {looked}'
    p, step = in_page(chromium, f'return [search.posterior({asked}), search.step({asked})]')
    image, grid = as_float(play.images[face]), play.posterior.grid
    avp, locations = play.posterior.for_task(task, play.table), grid.locations[looked]
    completion = play.completer.complete(image, locations, len(play.bank))
    weights = torch.zeros(len(play.bank)).index_add(0, completion.positions, completion.weights)
    epe = expected_posterior_entropy(avp, completion, locations, grid.locations, grid.glimpse_size)
    epe[looked] = torch.nan
    known = ~epe.isnan()
    map = numbers(step['map'])
    test_eq(map.isnan(), epe.isnan())
    own = avp.prefix_log_probs(image[None], locations[None])[0, -1].exp()
    return dict(weights=(numbers(step['weights']) - weights).abs().max().item(),
                map=(map - epe)[known].abs().max().item(),
                posterior=(numbers(p) - own).abs().max().item())

def check_search(chromium, play, a, task, face):
    "A whole game of the search: the library's places, and its maps"
    T, own = play.posterior.config['n_glimpses'], play.search(task, play.images[face])
    script = '''const looked = [], maps = [];
        while (looked.length < %d) {
          const step = search.step(%d, %d, looked);
          looked.push(step.best);
          maps.push(step.map);
        }
        return [looked, maps]'''
    looked, maps = in_page(chromium, script % (T, a, face))
    test_eq(play.posterior.grid.locations[looked], own.locations)
    maps = torch.stack([numbers(map) for map in maps])
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
    "The same step from pixels, without a half-precision table: is the best place the same, how far is it?"
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
        at_width(chromium, width, mobile=width < 500)
        chromium.get(file.as_uri())
        before = in_page(chromium, 'return [...state.step.map]')
        board = chromium.find_element(By.ID, 'board')
        board.click()
        test_eq(*in_page(chromium, 'return [state.looked, [search.around(23.5, 23.5)]]'))
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
        now = in_page(chromium, 'return [state.face, state.task, state.looked]')
        test_eq(now, [1, len(QUESTIONS) - 1, []])
    errors = [entry for entry in chromium.get_log('browser') if entry['level'] in ('SEVERE', 'WARNING')]
    assert not errors, f'the console says {errors}'

def check_without_scripts(chromium, file):
    "With scripts off the page says what it would show, and has a still picture with words for it"
    chromium.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', dict(value=True))
    chromium.get(file.as_uri())
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
    says = "other.safetensors: format 'nogs_nb.GlimpsePosterior/1'; expected"
    expect_fail(lambda: given_posterior(other), says)
    text = folder/'text.safetensors'
    text.write_text('no tensors')
    expect_fail(lambda: given_posterior(text), 'text.safetensors')
    asked, square = dict.fromkeys(QUESTIONS, 2), GlimpseGrid(48, 12, 3)
    strange = [('tasks', dict(Smiling=2), square, 3, 'expected two classes of each'),
               ('grey', asked, square, 1, 'expected 3 channels'),
               ('wide', asked, GlimpseGrid((48, 64), 12, 3), 3, 'expected 3 channels of square'),
               ('oblong', asked, GlimpseGrid(48, (12, 8), 3), 3, 'expected squares')]
    for name, tasks, grid, channels, says in strange:
        file = folder/f'{name}.safetensors'
        GlimpsePosterior(tasks, grid, channels, channels=(4, 4, 4), d=4, width=4, hidden=4).save(file)
        expect_fail(lambda: given_posterior(file), f'{name}.safetensors: .*{says}')
    expect_fail(lambda: page({}, '', 'page.html'), 'expected an address with one {}')

def check_time(chromium):
    "Milliseconds of one map: on the clock, which others' work may lengthen, and of the processor"
    chromium.execute_cdp_cmd('Performance.enable', dict(timeDomain='threadTicks'))
    def busy():
        metrics = chromium.execute_cdp_cmd('Performance.getMetrics', {})['metrics']
        return 1e3*next(m['value'] for m in metrics if m['name'] == 'TaskDuration')
    script = '''const start = performance.now();
        for (let face = 0; face < 8; face++) search.step(0, face, [180, 185]);
        return performance.now() - start'''
    in_page(chromium, script) # compiled now
    before = busy()
    clock, processor = in_page(chromium, script)/8, (busy() - before)/8
    assert processor < 500, f'one map takes {processor:.0f} ms of the processor'
    return dict(clock=round(clock), processor=round(processor))

def check_all(folder, cache, full, chromium):
    "Everything; what was measured"
    quiet()
    play, networks = build(folder, cache=cache or folder/'cache', quick=not full)
    file, apart, games = folder/'think.html', [], []
    assert file.stat().st_size <= MOST_BYTES
    check_refusals(folder)
    at_width(chromium, WIDTHS[0])
    chromium.get(file.as_uri())
    generator = torch.Generator().manual_seed(0)
    for a, task in enumerate(QUESTIONS):
        for face in (2*a, 2*a + 1):
            looked = torch.randperm(len(play.posterior.grid), generator=generator)[:4].tolist()
            for t in range(len(looked) + 1):
                check_network(chromium, networks[task], play, a, face, looked[:t])
            for t in (1, 4): apart.append(check_numbers(chromium, play, a, task, face, looked[:t]))
            near = [180, 181, 199] # three that overlap
            apart.append(check_numbers(chromium, play, a, task, face, near))
        games.append(check_search(chromium, play, a, task, 10 + a))
    in_float32 = [check_float32(chromium, play, 0, 'Smiling', face, [180, 185]) for face in (20, 21)]
    worst = {name: max(o.get(name, 0) for o in apart) for name in ('weights', 'posterior', 'map')}
    assert max(worst['weights'], worst['map'], *games) < 1e-5 and worst['posterior'] < 1e-3, (worst, games)
    assert all(o['regret'] < 1e-4 for o in in_float32), in_float32
    check_page(chromium, file)
    check_without_scripts(chromium, file)
    chromium.get(file.as_uri())
    return dict(bytes=file.stat().st_size, apart=worst, games=max(games), float32=in_float32,
                ms_a_map=check_time(chromium))

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--full', action='store_true', help='train as for the site')
    parser.add_argument('--cache', type=Path, help='folder of what was trained; without it, all is made now')
    asked = vars(parser.parse_args())
    if not has_browser():
        print('SKIPPED: no chromium and chromedriver on PATH, so think.html was not tried in a browser')
        sys.exit()
    start, chromium = time.time(), browser()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = check_all(Path(folder), chromium=chromium, **asked)
        print(json.dumps(found, indent=1))
    finally: chromium.quit()
    print(f'think.html computes what the library computes, {time.time() - start:.0f} s')
