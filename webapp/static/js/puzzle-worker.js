// Solves a form's puzzle: for each piece the first number whose SHA-256 begins with enough zero bits. In a
// worker, so that typing stays smooth; written out, since the browser's own SHA-256 is asked and answered
// too slowly for many short texts.
"use strict";

const K = new Uint32Array(64);
const START = new Uint32Array(8);
{
  // The first bits of the roots of the first primes, as the standard has it.
  const isPrime = (n) => { for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false; return true; };
  const bits = (x) => Math.floor((x - Math.floor(x)) * 0x100000000);
  let found = 0;
  for (let n = 2; found < 64; n += 1) {
    if (!isPrime(n)) continue;
    if (found < 8) START[found] = bits(Math.sqrt(n));
    K[found] = bits(Math.cbrt(n));
    found += 1;
  }
}
const words = new Uint32Array(64);

// The first 32 bits of the SHA-256 of a text of at most 55 ASCII letters.
const firstWord = (text) => {
  words.fill(0, 0, 16);
  for (let i = 0; i < text.length; i += 1) words[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8);
  words[text.length >> 2] |= 0x80 << (24 - (text.length & 3) * 8);
  words[15] = text.length * 8;
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  return (a + START[0]) >>> 0;
};

onmessage = (message) => {
  const { seed, pieces, bits } = message.data;
  const numbers = [];
  for (let place = 0; place < pieces; place += 1) {
    let number = 0;
    while (firstWord(`${seed}.${place}.${number}`) >>> (32 - bits)) number += 1;
    numbers.push(number);
  }
  postMessage(numbers.join(","));
};
