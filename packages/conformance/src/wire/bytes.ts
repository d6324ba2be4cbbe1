// Bytes: from text and digits, joined and cut, compared, and in words.

const encoder = new TextEncoder();

/** Returns the UTF-8 of a text. Bytes are returned unchanged. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Parses bytes from `48 65 6c` or `48656c`. */
export function unhex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/[\da-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Joins bytes. A single part is not copied. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Cuts bytes into parts of at most `size`. */
export function split(data: Uint8Array, size: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(data.length / size));
  return Array.from({ length: count }, (_, index) => data.subarray(index * size, (index + 1) * size));
}

/** Returns whether two sequences of bytes are equal. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Returns bytes as `48 65 6c`. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Describes a payload by its text, or by its first bytes if it has none. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "empty";
  const size = `${bytes.length.toLocaleString("en")} ${bytes.length === 1 ? "byte" : "bytes"}`;
  const start = bytes.subarray(0, 40);
  const more = bytes.length > start.length ? " …" : "";
  const text = new TextDecoder().decode(start, { stream: true });
  const printable = text.length > 0 && !/[\p{Cc}\uFFFD]/u.test(text);
  return printable
    ? `${size} ${JSON.stringify(text)}${more}`
    : `${size} ${hex(start.subarray(0, 24))}${more}`;
}
