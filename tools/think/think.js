// The page around the search: what is drawn, and what clicks, keys and buttons do.
'use strict';

const $ = id => document.getElementById(id);
const search = new Search(JSON.parse($('data').textContent));
const VIEWS = {map: 'Map', imagined: 'Imagined', seen: 'Nothing', face: 'The face'};
const PLAYERS = {you: 'You', search: 'Search', network: 'Network', chance: 'Chance'};
const N_CHANCE = 200; // random games whose mean is chance
const state = {
  task: 0, face: 0, looked: [], by: [], view: 'map', cursor: null, step: null, tally: [], watching: false,
};
const SIDE = $('face').width, PIXEL = SIDE/search.size;

// ---- small helpers
const percent = p => p > .995 ? '>99 %' : p < .005 ? '<1 %' : `${Math.round(100*p)} %`;
const nats = x => x < .005 ? '< 0.01 nats' : `${x.toFixed(2)} nats`;
const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const task = () => search.tasks[state.task];
const done = () => state.looked.length === search.T;
const truth = (t = state.task) => search.tasks[t].labels[state.face];

function element(tag, properties = {}, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

function picture(pixels, start = 0) { // RGB of an image as a small canvas
  const canvas = element('canvas', {width: search.size, height: search.size});
  const context = canvas.getContext('2d'), image = context.createImageData(search.size, search.size);
  for (let i = 0; i < search.size**2; i++) {
    for (let c = 0; c < 3; c++) image.data[4*i + c] = pixels[start + 3*i + c];
    image.data[4*i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

const faceStart = face => 3*face*search.size**2;

// ---- colours of the map: dark where a look is worth little, bright where it is worth most
const RAMP = [[23, 24, 48], [44, 58, 112], [40, 110, 140], [78, 168, 140], [190, 205, 110], [252, 226, 140]];

function colour(worth) {
  const x = Math.min(Math.max(worth, 0), 1)*(RAMP.length - 1), i = Math.min(Math.floor(x), RAMP.length - 2);
  return RAMP[i].map((c, k) => c + (x - i)*(RAMP[i + 1][k] - c));
}

function span(map) { // least and largest known value
  const known = map.filter(v => !Number.isNaN(v));
  return [Math.min(...known), Math.max(...known)];
}

// Neighbours of x among offsets, and how far it is from the first to the second
function between(offsets, x) {
  let i = 0;
  while (i < offsets.length - 2 && offsets[i + 1] <= x) i++;
  const j = Math.min(i + 1, offsets.length - 1);
  return [i, j, j === i ? 0 : Math.min(Math.max((x - offsets[i])/(offsets[j] - offsets[i]), 0), 1)];
}

function heat(map) { // a pixel has the colour of looking with its middle there
  const [least, largest] = span(map), half = (search.glimpse - 1)/2, columns = search.cols.length, rgb = [];
  const worth = Float64Array.from(map, v => Number.isNaN(v) ? 0 : (largest - v)/(largest - least || 1));
  for (let row = 0; row < search.size; row++) for (let col = 0; col < search.size; col++) {
    const [r0, r1, dr] = between(search.rows, row - half), [c0, c1, dc] = between(search.cols, col - half);
    const at = (r, c) => worth[r*columns + c];
    const value = (1 - dr)*((1 - dc)*at(r0, c0) + dc*at(r0, c1)) + dr*((1 - dc)*at(r1, c0) + dc*at(r1, c1));
    rgb.push(...colour(value));
  }
  return picture(rgb);
}

// ---- the board
function drawFace() {
  const context = $('face').getContext('2d'), whole = picture(search.faces.pixels, faceStart(state.face));
  context.fillStyle = '#2a2e38';
  context.fillRect(0, 0, SIDE, SIDE);
  const draw = (image, smooth) => {
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, SIDE, SIDE);
  };
  if (state.view === 'map' && state.step) {
    draw(picture(grey(search.meanImage(state.weights))), true);
    context.globalAlpha = .66;
    draw(heat(state.step.map), true);
    context.globalAlpha = 1;
  }
  if (state.view === 'imagined') draw(picture(search.meanImage(state.weights)), true);
  if (state.view === 'face' || done()) {
    draw(whole, false);
    context.fillStyle = 'rgba(20, 22, 28, .55)';
    if (done() && state.view !== 'face') context.fillRect(0, 0, SIDE, SIDE);
  }
  drawGlimpses(context, whole, state.looked, state.by);
}

function grey(rgb) { // from black to white, whatever the contrast
  const y = Array.from({length: rgb.length/3}, (_, i) => .3*rgb[3*i] + .59*rgb[3*i + 1] + .11*rgb[3*i + 2]);
  const least = Math.min(...y), largest = Math.max(...y);
  return y.flatMap(v => Array(3).fill(255*(v - least)/(largest - least || 1)));
}

function drawGlimpses(context, whole, looked, by) {
  const k = context.canvas.width/search.size, g = search.glimpse, line = Math.max(k/4, 2);
  context.imageSmoothingEnabled = false;
  for (const l of looked) {
    const [row, col] = search.places[l];
    context.drawImage(whole, col, row, g, g, col*k, row*k, g*k, g*k);
  }
  looked.forEach((l, t) => {
    const [row, col] = search.places[l], badge = Math.max(2.6*k, 13);
    context.lineWidth = line;
    context.strokeStyle = 'rgba(255, 255, 255, .95)';
    context.strokeRect(col*k + line/2, row*k + line/2, g*k - line, g*k - line);
    context.fillStyle = {you: '#22577a', search: '#b3541e', network: '#6b4fa0', chance: '#5d6068'}[by[t]];
    context.fillRect(col*k, row*k, badge, badge);
    context.fillStyle = '#fff';
    context.font = `600 ${badge*.72}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(t + 1, col*k + badge/2, row*k + badge*.54);
  });
}

function drawCursor() {
  const context = $('over').getContext('2d');
  context.clearRect(0, 0, SIDE, SIDE);
  $('here').textContent = '';
  if (state.cursor === null || done()) return;
  const [row, col] = search.places[state.cursor], side = search.glimpse*PIXEL;
  context.setLineDash([16, 10]);
  for (const [ink, width] of [['rgba(0, 0, 0, .6)', 8], ['#fff', 4]]) {
    context.lineWidth = width;
    context.strokeStyle = ink;
    context.strokeRect(col*PIXEL, row*PIXEL, side, side);
  }
  const value = state.step.map[state.cursor];
  const known = Number.isNaN(value) ? 'looked at already' : `EPE ${value.toFixed(3)} nats`;
  $('here').textContent = state.view === 'map' ? `l = (${row}, ${col}): ${known}` : `l = (${row}, ${col})`;
}

// ---- the cards
function drawPosterior() {
  const p = state.history.at(-1);
  $('posterior').replaceChildren(...task().classes.map((name, k) => {
    const fill = element('div', {className: 'fill'});
    fill.style.width = `${100*p[k]}%`;
    return element('div', {className: 'bar'},
      element('span', {textContent: name, className: done() && k === truth() ? 'true' : ''}),
      element('div', {className: 'track'}, fill), element('b', {textContent: percent(p[k])}));
  }));
  const t = state.looked.length, h = nats(entropy(p));
  if (done()) {
    const answer = task().classes[truth()];
    $('said').textContent =
      `After ${t} looks H[g] is ${h}. It is: ${answer}, to which g gives ${percent(p[truth()])}.`;
  } else {
    const when = t ? `After look ${t} of ${search.T}` : 'Before the first look';
    const least = nats(state.step.map[state.step.best]);
    $('said').textContent =
      `${when} H[g] is ${h}. On the completions, the best next look leaves ${least}: EPE(l) at its least.`;
  }
}

function drawCompletions() {
  const heavier = (a, b) => state.weights[b] - state.weights[a] || a - b;
  const order = [...state.weights.keys()].sort(heavier).slice(0, 8);
  $('completions').replaceChildren(...order.map(i => {
    const canvas = picture(search.bank.pixels, faceStart(i));
    canvas.setAttribute('role', 'img');
    const weight = (100*state.weights[i]).toFixed(1);
    canvas.setAttribute('aria-label', `a face of the bank with weight ${weight} percent`);
    return element('figure', {}, canvas, element('figcaption', {textContent: `${weight} %`}));
  }));
  const n = search.bank.n, ess = effectiveSampleSize(state.weights).toFixed(0);
  $('ess').textContent = state.looked.length ?
    'The eight faces of the bank that agree best with what was seen. ' +
    `The ${n} weights are worth ${ess} equal ones (effective sample size).` :
    `Nothing was seen: all ${n} faces of the bank are equally likely. Eight of them.`;
}

function drawChart(games) {
  const W = $('chart').clientWidth, H = 210, left = 44, right = 14, top = 26, bottom = 34;
  const most = Math.log(task().classes.length);
  const x = t => left + t*(W - left - right)/search.T, y = h => top + (1 - h/most)*(H - top - bottom);
  const parts = ['<text x="0" y="12">H[g], nats</text>'];
  for (const h of [0, .2, .4, .6]) {
    parts.push(`<line class="axis" x1="${left}" x2="${W - right}" y1="${y(h)}" y2="${y(h)}"/>`);
    parts.push(`<text x="${left - 8}" y="${y(h) + 4}" text-anchor="end">${h}</text>`);
  }
  for (let t = 0; t <= search.T; t++) {
    parts.push(`<text x="${x(t)}" y="${H - 14}" text-anchor="middle">${t || 't = 0'}</text>`);
  }
  for (const [player, {entropies}] of Object.entries(games).reverse()) {
    const ink = inkOf(player), points = entropies.map((h, t) => `${x(t).toFixed(1)},${y(h).toFixed(1)}`);
    const dashes = player === 'chance' ? 'stroke-dasharray="2 6"' : '';
    parts.push(`<path d="M${points.join('L')}" stroke="${ink}" ${dashes}/>`);
    for (const point of points) {
      const [a, b] = point.split(',');
      parts.push(`<circle cx="${a}" cy="${b}" r="4" fill="${ink}"/>`);
    }
  }
  const rounded = entropies => entropies.map(h => h.toFixed(2)).join(', ');
  const line = ([player, game]) => `${PLAYERS[player]}: ${rounded(game.entropies)}`;
  const told = Object.entries(games).map(line);
  const label = `Entropy of the posterior in nats after 0 to ${search.T} looks. ${told.join('. ')}`;
  $('chart').innerHTML =
    `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${label}">${parts.join('')}</svg>`;
}

const inkOf = player => style(player === 'you' ? '--you' : `--by-${player}`);

// ---- playing against the search
// A whole game: places, entropies, probability of the truth
function play(choose, t = state.task, face = state.face) {
  const looked = [];
  while (looked.length < search.T) looked.push(choose(looked));
  return judged(looked, t, face);
}

function judged(looked, t = state.task, face = state.face) {
  const p = [...looked, null].map((_, n) => search.posterior(t, face, looked.slice(0, n)));
  return {looked, entropies: p.map(entropy), right: p.at(-1)[search.tasks[t].labels[face]]};
}

function randomPlace(looked) {
  let l;
  do l = Math.floor(Math.random()*search.L); while (looked.includes(l));
  return l;
}

function chance() { // the mean of many random games; the places of the first
  const games = Array.from({length: N_CHANCE}, () => play(randomPlace));
  const mean = f => games.reduce((sum, game) => sum + f(game), 0)/games.length;
  const entropies = games[0].entropies.map((_, t) => mean(g => g.entropies[t]));
  return {looked: games[0].looked, entropies, right: mean(g => g.right)};
}

function compare() {
  const {task: t, face} = state;
  const games = {
    you: judged(state.looked),
    search: play(looked => search.step(t, face, looked).best),
    network: play(looked => search.networkLooks(t, face, looked)),
    chance: chance()
  };
  state.tally.push(Object.fromEntries(Object.entries(games).map(([player, game]) => [player, game.right])));
  return games;
}

function drawScore() {
  $('scoreTitle').textContent = done() ? 'You and the others, on the same face' : 'Entropy after each look';
  drawChart(done() ? state.games : {you: {entropies: state.history.map(entropy)}});
  if (!done()) return $('score').replaceChildren();
  const whole = picture(search.faces.pixels, faceStart(state.face));
  const players = Object.entries(state.games).map(([player, game]) => {
    const canvas = element('canvas', {width: 192, height: 192}), context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.drawImage(whole, 0, 0, 192, 192);
    context.fillStyle = 'rgba(20, 22, 28, .6)';
    context.fillRect(0, 0, 192, 192);
    drawGlimpses(context, whole, game.looked, player === 'you' ? state.by : game.looked.map(() => player));
    canvas.setAttribute('role', 'img');
    const where = game.looked.map(l => `(${search.places[l]})`).join(', ');
    canvas.setAttribute('aria-label', `where ${PLAYERS[player]} looked: ${where}`);
    const name = element('strong', {textContent: PLAYERS[player]});
    name.style.color = inkOf(player);
    return element('div', {className: 'player'}, name, canvas,
                   element('p', {textContent: `truth ${percent(game.right)}`}),
      element('p', {textContent: `H[g] ${nats(game.entropies.at(-1))}`}));
  });
  const n = state.tally.length, total = player => state.tally.reduce((sum, row) => sum + row[player], 0);
  const told = ([player, name]) => `${name.toLowerCase()} ${percent(total(player)/n)}`;
  const played = n === 1 ? 'one face' : `${n} faces`, who = Object.entries(PLAYERS).map(told).join(', ');
  const all = `Probability of the truth on the ${played} played: ${who}. ` +
    `Chance is the mean of ${N_CHANCE} random games; one of them is shown.`;
  $('score').replaceChildren(...players, element('p', {className: 'all', textContent: all}));
}

// ---- the game
function think() { // everything that follows from where was looked
  state.history = judgedPrefixes();
  state.step = done() ? null : search.step(state.task, state.face, state.looked);
  state.weights = state.step ? state.step.weights : search.weights(state.face, state.looked);
  state.games = done() ? compare() : null;
  draw();
}

const posteriorAfter = t => search.posterior(state.task, state.face, state.looked.slice(0, t));
const judgedPrefixes = () => [...state.looked, null].map((_, t) => posteriorAfter(t));

function draw() {
  drawFace();
  drawCursor();
  drawPosterior();
  drawCompletions();
  drawScore();
  $('board').classList.toggle('done', done());
  for (const id of ['search', 'network', 'chance']) $(id).disabled = done() || state.watching;
  $('watch').textContent = state.watching ? 'Stop watching' : 'Watch a whole game';
  $('restart').disabled = !state.looked.length;
  const scale = document.querySelector('.scale');
  scale.classList.toggle('off', state.view !== 'map' || done());
  if (!state.step) return;
  const [least, largest] = span(state.step.map);
  $('worst').textContent = `EPE ${largest.toFixed(2)}: worth little`;
  $('best').textContent = `${least.toFixed(2)}: worth most`;
}

function look(l, by = 'you') {
  if (done()) return;
  if (state.looked.includes(l)) {
    $('here').textContent = 'You have looked there: choose another place.';
    return;
  }
  state.looked.push(l);
  state.by.push(by);
  think();
}

function restart(change = {}) {
  Object.assign(state, change, {looked: [], by: [], watching: false});
  clearTimeout(state.timer);
  think();
}

const players = {
  search: () => state.step.best,
  network: () => search.networkLooks(state.task, state.face, state.looked),
  chance: () => randomPlace(state.looked)
};

function watch() {
  if (state.watching) { clearTimeout(state.timer); state.watching = false; return draw(); }
  if (done()) restart();
  state.watching = true;
  draw();
  const next = () => {
    look(players.search(), 'search');
    state.watching = !done();
    if (state.watching) state.timer = setTimeout(next, 1400);
    else draw();
  };
  state.timer = setTimeout(next, 900);
}

// ---- clicks and keys
function placeAt(event) {
  const box = $('board').getBoundingClientRect();
  const pixel = (x, start, length) => (x - start)/length*search.size - .5;
  return search.around(pixel(event.clientY, box.top, box.height), pixel(event.clientX, box.left, box.width));
}

function moveTo(l) {
  state.cursor = l;
  drawCursor();
}

function keys(event) {
  const moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
  const n = search.cols.length, l = state.cursor ?? search.around((search.size - 1)/2, (search.size - 1)/2);
  if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); moveTo(l); return look(l); }
  if (!moves[event.key]) return;
  event.preventDefault();
  const clamp = (x, most) => Math.min(Math.max(x, 0), most), [down, right] = moves[event.key];
  moveTo(clamp(Math.floor(l/n) + down, search.rows.length - 1)*n + clamp(l % n + right, n - 1));
}

function choice(id, names, checked, change) {
  names.forEach(([value, name]) => {
    const input = element('input', {type: 'radio', name: id, value, checked: value === checked});
    input.addEventListener('change', () => change(value));
    $(id).append(element('label', {}, input, element('span', {textContent: name})));
  });
}

function begin() {
  choice('tasks', search.tasks.map(({question}, i) => [i, question]), 0, value => restart({task: value}));
  choice('views', Object.entries(VIEWS), 'map', value => { state.view = value; draw(); });
  const colours = RAMP.map(c => `rgb(${c})`).join(', ');
  document.querySelector('.ramp').style.background = `linear-gradient(90deg, ${colours})`;
  $('board').addEventListener('click', event => { moveTo(placeAt(event)); look(placeAt(event)); });
  $('board').addEventListener('pointermove', event => {
    if (event.pointerType === 'mouse') moveTo(placeAt(event));
  });
  $('board').addEventListener('pointerleave', () => moveTo(null));
  $('board').addEventListener('keydown', keys);
  for (const by of Object.keys(players)) $(by).addEventListener('click', () => look(players[by](), by));
  $('watch').addEventListener('click', watch);
  $('restart').addEventListener('click', () => restart());
  $('next').addEventListener('click', () => restart({face: (state.face + 1) % search.faces.n}));
  addEventListener('resize', drawScore);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  $('app').hidden = false;
  think();
}

begin();
