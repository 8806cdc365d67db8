// SHA-256 where the browser has none: `crypto.subtle` needs HTTPS, and a photo is sent without it, too (FIPS 180-4).
const rotate = (word, by) => (word >>> by) | (word << (32 - by));

/** The first 32 bits behind the point of the roots of the first 64 primes. */
function constants(root, count) {
  const found = [];
  for (let n = 2; found.length < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) found.push(((n ** (1 / root)) % 1) * 2 ** 32 | 0);
  }
  return found;
}

const K = constants(3, 64);

/** Hex of the hash of an ArrayBuffer. */
export function sha256(data) {
  const size = data.byteLength;
  const whole = new DataView(new ArrayBuffer(((size + 72) >> 6) << 6));
  new Uint8Array(whole.buffer).set(new Uint8Array(data));
  whole.setUint8(size, 0x80);
  whole.setUint32(whole.byteLength - 8, Math.floor(size / 2 ** 29));
  whole.setUint32(whole.byteLength - 4, size << 3);
  const hash = constants(2, 8);
  const w = new Int32Array(64);
  for (let block = 0; block < whole.byteLength; block += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = whole.getInt32(block + 4 * i);
      else {
        const [a, b] = [w[i - 15], w[i - 2]];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10));
      }
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
      const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (hash[i] = (hash[i] + word) | 0));
  }
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
