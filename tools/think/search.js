// The search of nogs_nb in plain JavaScript: the numbers of `near_optimal_sequence` with a glimpse posterior
// (notebooks 04b, 04c, 05a, 05c and 05d) from the tables that make.py has put into the page.
'use strict';

const HALF = Float32Array.from({length: 65536}, (_, bits) => { // float16 -> number
  const sign = bits >> 15 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign*Infinity;
  return exponent ? sign*2**(exponent - 25)*(1024 + fraction) : sign*2**-24*fraction;
});

/** A packed tensor {type, shape, data: base64} as a typed array, rows first. */
function unpack({type, data}) {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
  if (type === 'uint8') return bytes;
  if (type === 'float32') return Float64Array.from(new Float32Array(bytes.buffer));
  if (type === 'float16') return Float32Array.from(new Uint16Array(bytes.buffer), bits => HALF[bits]);
  throw new Error(`a tensor of type ${type}; expected uint8, float16 or float32`);
}

/** Shannon entropy in nats of probabilities (Eq. 1). */
function entropy(p) {
  let h = 0;
  for (let k = 0; k < p.length; k++) if (p[k] > 0) h -= p[k]*Math.log(p[k]);
  return h;
}

/** W x + b of a packed layer. */
function linear(W, b, x, n = b.length) {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b ? b[i] : 0;
    for (let k = 0; k < x.length; k++) sum += W[i*x.length + k]*x[k];
    y[i] = sum;
  }
  return y;
}

const relu = x => x.map(v => Math.max(v, 0));

/** How many equally weighted things the weights are worth. */
function effectiveSampleSize(w) {
  let sum = 0, squares = 0;
  for (const x of w) { sum += x; squares += x*x; }
  return sum*sum/squares;
}

/** exp(-(d - min d)/v): the Gaussian relaxation of the likelihood. */
function relaxedWeights(d, v) {
  const least = d.reduce((a, b) => Math.min(a, b));
  return d.map(x => Math.exp(-(x - least)/v));
}

/** The v = 2 sigma^2 at which the weights have the wanted effective sample size, by bisection. */
function matchEss(d, target) {
  const least = d.reduce((a, b) => Math.min(a, b));
  const largest = d.reduce((a, b) => Math.max(a, b)) - least;
  if (largest === 0) return 1;
  let low = Math.log(largest) - 16, high = Math.log(largest) + 12;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high)/2;
    if (effectiveSampleSize(relaxedWeights(d, Math.exp(middle))) < target) low = middle;
    else high = middle;
  }
  return Math.exp(high);
}

/** The smallest value after rounding to 1e-5; the first of equals; NaN counts as nothing. */
function firstMinimum(map) {
  let best = -1, least = Infinity;
  map.forEach((value, l) => {
    const rounded = Math.round(value*1e5);
    if (rounded < least) { least = rounded; best = l; }
  });
  return best;
}

class Search {
  constructor(data) {
    Object.assign(this, data.settings); // size, glimpse, rows, cols, T, width, hidden, targetEss
    this.places = this.rows.flatMap(row => this.cols.map(col => [row, col])); // grid.locations
    this.L = this.places.length;
    const images = o => ({n: o.pixels.shape[0], pixels: unpack(o.pixels), table: unpack(o.table)});
    this.bank = images(data.bank);
    this.faces = images(data.faces);
    this.tasks = data.tasks.map(task => ({
      ...task,
      heads: task.heads.map(head => unpackAll(head)), // after 0, 1, ..., T glimpses
      network: unpackAll(task.network)
    }));
  }

  /** How many glimpses hold each pixel. */
  holders(looked) {
    const count = new Uint8Array(this.size*this.size);
    for (const l of looked) this.eachPixel(l, pixel => count[pixel]++);
    return count;
  }

  eachPixel(l, visit) {
    const [row, col] = this.places[l];
    for (let r = row; r < row + this.glimpse; r++)
      for (let c = col; c < col + this.glimpse; c++) visit(r*this.size + c);
  }

  /** Weights of distinct glimpses, so that each pixel counts once (`pixel_shares`). */
  shares(looked) {
    const count = this.holders(looked);
    return looked.map(l => {
      let sum = 0;
      this.eachPixel(l, pixel => { sum += 1/count[pixel]; });
      return sum/this.glimpse**2;
    });
  }

  /** Squared distances of the bank's images to the face on the pixels seen; pixels in [0, 1]. */
  distances(face, looked) {
    const n = 3*this.size**2, count = this.holders(looked), d = new Float64Array(this.bank.n);
    const seen = [...count.keys()].filter(pixel => count[pixel]);
    for (let i = 0; i < d.length; i++) {
      let sum = 0;
      for (const pixel of seen) for (let c = 0; c < 3; c++) {
        const differ = this.bank.pixels[i*n + 3*pixel + c] - this.faces.pixels[face*n + 3*pixel + c];
        sum += differ*differ;
      }
      d[i] = sum/255**2;
    }
    return d;
  }

  /** Weights of the completions (`BankCompleter.complete`, all images of the bank compared exactly). */
  weights(face, looked) {
    const n = this.bank.n;
    if (!looked.length) return new Float64Array(n).fill(1/n);
    const d = this.distances(face, looked);
    const target = Math.min(Math.max(this.targetEss*n, 4), n);
    const w = relaxedWeights(d, matchEss(d, target));
    const total = w.reduce((a, b) => a + b);
    return w.map(x => x/total);
  }

  /** Probabilities p of a task's head (`TaskHead`) for a sum of vectors plus its offset; x changes, too. */
  judge(head, x, p) {
    const {first, bias, second, prior} = head, width = x.length, K = p.length, n = bias.length;
    for (let j = 0; j < width; j++) if (x[j] < 0) x[j] = 0;
    for (let k = 0; k < K; k++) p[k] = prior[k];
    for (let i = 0, at = 0; i < n; i++) {
      let h = bias[i];
      for (let j = 0; j < width; j++, at++) h += first[at]*x[j];
      if (h > 0) for (let k = 0; k < K; k++) p[k] += second[k*n + i]*h;
    }
    let largest = -Infinity, total = 0;
    for (let k = 0; k < K; k++) largest = Math.max(largest, p[k]);
    for (let k = 0; k < K; k++) total += p[k] = Math.exp(p[k] - largest);
    for (let k = 0; k < K; k++) p[k] /= total;
    return p;
  }

  /** Offset plus the weighted sum of an image's vectors at the places looked at, into x. */
  sum(table, image, looked, shares, offset, x) {
    const width = this.width;
    for (let j = 0; j < width; j++) x[j] = offset[j];
    for (let i = 0; i < looked.length; i++) {
      const at = (image*this.L + looked[i])*width, share = shares[i];
      for (let j = 0; j < width; j++) x[j] += share*table[at + j];
    }
    return x;
  }

  /** g(theta | what was seen of the face). */
  posterior(task, face, looked) {
    const head = this.tasks[task].heads[looked.length];
    const x = new Float64Array(this.width);
    this.sum(this.faces.table, face, looked, this.shares(looked), head.offset, x);
    return this.judge(head, x, new Float64Array(head.prior.length));
  }

  /** One step: weights of the completions, expected posterior entropy of each place (Eq. 6), best place. */
  step(task, face, looked) {
    const weights = this.weights(face, looked), head = this.tasks[task].heads[looked.length + 1];
    const map = new Float64Array(this.L), x = new Float64Array(this.width);
    const p = new Float64Array(head.prior.length);
    const candidates = [...map.keys()].filter(l => !looked.includes(l));
    const shares = candidates.map(l => this.shares([...looked, l]));
    const pairs = candidates.map(l => [...looked, l]);
    for (let n = 0; n < weights.length; n++)
      for (let i = 0; i < candidates.length; i++) {
        this.sum(this.bank.table, n, pairs[i], shares[i], head.offset, x);
        map[candidates[i]] += weights[n]*entropy(this.judge(head, x, p));
      }
    for (const l of looked) map[l] = NaN;
    return {weights, map, best: firstMinimum(map)};
  }

  /** Where the trained network looks next: its most probable place among those not looked at yet. */
  networkLooks(task, face, looked) {
    const net = this.tasks[task].network;
    let h = Float64Array.from(net.state);
    looked.forEach((l, t) => { h = this.networkStep(net, h, face, l, t); });
    const inner = relu(linear(net.locate_in, net.locate_in_bias, h));
    const scores = linear(net.locate_out, net.locate_out_bias, inner);
    for (const l of looked) scores[l] = -Infinity;
    return scores.indexOf(Math.max(...scores));
  }

  /** h_t from h_{t-1} and a glimpse (`HardAttention`, Figure 1). */
  networkStep(net, h, face, l, t) {
    const n = h.length, where = net.where.subarray(l*n, (l + 1)*n);
    const what = linear(net.see, net.see_bias, this.glimpsePixels(face, l));
    const features = linear(net.features, null, relu(what), n);
    const x = features.map((v, i) => Math.max(v*net.scale[t*n + i] + net.shift[t*n + i] + where[i], 0));
    const a = linear(net.gru_in, net.gru_in_bias, x), b = linear(net.gru_state, net.gru_state_bias, h);
    const sigmoid = v => 1/(1 + Math.exp(-v));
    return h.map((old, i) => {
      const reset = sigmoid(a[i] + b[i]), keep = sigmoid(a[n + i] + b[n + i]);
      return (1 - keep)*Math.tanh(a[2*n + i] + reset*b[2*n + i]) + keep*old;
    });
  }

  /** A glimpse as the network gets it: channels first, normalised. */
  glimpsePixels(face, l) {
    const pixels = [];
    for (let c = 0; c < 3; c++) this.eachPixel(l, pixel => {
      const value = this.faces.pixels[3*(face*this.size**2 + pixel) + c]/255;
      pixels.push((value - this.networkMean)/this.networkStd);
    });
    return pixels;
  }

  /** The weighted mean of the completions, RGB in 0..255. */
  meanImage(weights) {
    const n = 3*this.size**2, mean = new Float64Array(n);
    weights.forEach((w, i) => { for (let j = 0; j < n; j++) mean[j] += w*this.bank.pixels[i*n + j]; });
    return mean;
  }

  /** The place whose glimpse has its middle nearest to a point in pixels (`GlimpseGrid.around`). */
  around(row, col) {
    const nearest = (offsets, x) => offsets.reduce((best, o, i) =>
      Math.abs(o - x) < Math.abs(offsets[best] - x) ? i : best, 0);
    const half = (this.glimpse - 1)/2;
    return nearest(this.rows, row - half)*this.cols.length + nearest(this.cols, col - half);
  }
}

function unpackAll(tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, unpack(tensor)]));
}
