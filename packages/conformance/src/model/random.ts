/** Numbers that look random and repeat with the same seed. */
export interface Random {
  /** Returns a whole number from 0 to below `end`. */
  below(end: number): number;
  bytes(count: number): Uint8Array;
}

/** Returns a generator (mulberry32). The same seed and name give the same numbers. */
export function random(seed: number, name: string): Random {
  let state = mix(seed, name);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return (word ^ (word >>> 14)) >>> 0;
  };
  return {
    below: (end) => Math.floor((next() / 0x1_0000_0000) * end),
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  };
}

// Each case has its own numbers, so that they stay the same when another case is left out.
function mix(seed: number, name: string): number {
  let state = seed | 0;
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193);
  return state;
}
