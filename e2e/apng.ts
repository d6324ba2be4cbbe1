// Makes an animated picture of screenshots: APNG, a PNG with more frames (PNG, third edition, §4.9 and §11.3.6). A browser
// without it shows the first frame. Further frames keep only the pixels that changed; the rest is transparent.
import { crc32, deflateSync, inflateSync } from "node:zlib";

/** Pixels from top to bottom, each as red, green and blue. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A picture of the animation, and how long it stays (ms). */
export interface AnimationFrame {
  pixels: Pixels;
  ms: number;
}

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const signature = Buffer.from("89504e470d0a1a0a", "hex");
const bytesPerPixel = 3;
const bytesPerTransparentPixel = 4;

/** Decodes a PNG as Chromium writes screenshots: 8 bits each of red, green and blue, not interlaced. */
export function decodePng(png: Buffer): Pixels {
  const chunks = [...chunksOf(png)];
  const header = chunks.find(({ type }) => type === "IHDR")?.data ?? Buffer.alloc(13);
  const [width, height, bits, colour] = [
    header.readUInt32BE(0),
    header.readUInt32BE(4),
    header[8],
    header[9],
  ];
  if (bits !== 8 || colour !== 2)
    throw new Error(`expected 8 bits of RGB, not ${bits} of colour type ${colour}`);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  return { width, height, data: unfilter(inflateSync(packed), width * bytesPerPixel) };
}

/** Encodes an animation that begins again at its end. All frames have the same size. */
export function encodeApng(frames: readonly AnimationFrame[]): Buffer {
  const [first] = frames;
  if (!first) throw new Error("an animation has at least one frame");
  const { width, height } = first.pixels;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits of red, green, blue and opacity.
  header.set([8, 6, 0, 0, 0], 8);
  let sequence = 0;
  const parts = frames.flatMap(({ pixels, ms }, index) => {
    const before = frames[index - 1]?.pixels;
    const changed = before ? changeBetween(before, pixels) : { x: 0, y: 0, width, height };
    const control = chunk("fcTL", controlOf(sequence++, changed, ms));
    const data = compress(partOf(pixels, changed, before), changed.width * bytesPerTransparentPixel);
    if (index === 0) return [control, chunk("IDAT", data)];
    return [control, chunk("fdAT", Buffer.concat([uint32(sequence++), data]))];
  });
  const animation = Buffer.concat([uint32(frames.length), uint32(0)]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("acTL", animation), ...parts, chunk("IEND")]);
}

/** Returns the smallest rectangle outside of which two pictures are equal. Without a difference it has one pixel. */
export function changeBetween(before: Pixels, after: Pixels): Rectangle {
  const { width, height } = after;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let at = 0; at < after.data.length; at++) {
    if (before.data[at] === after.data[at]) continue;
    const pixel = Math.floor(at / bytesPerPixel);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  if (right === -1) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Returns a part of a picture, in which the pixels that were the same before are transparent. */
function partOf({ width, data }: Pixels, part: Rectangle, before: Pixels | undefined): Buffer {
  const out = Buffer.alloc(part.width * part.height * bytesPerTransparentPixel);
  let to = 0;
  for (let y = part.y; y < part.y + part.height; y++) {
    for (let x = part.x; x < part.x + part.width; x++, to += bytesPerTransparentPixel) {
      const at = (y * width + x) * bytesPerPixel;
      const [red = 0, green = 0, blue = 0] = data.subarray(at, at + bytesPerPixel);
      const old = before?.data;
      if (old && old[at] === red && old[at + 1] === green && old[at + 2] === blue) continue;
      out.set([red, green, blue, 255], to);
    }
  }
  return out;
}

// As it is, or each row as the difference to the one above: whichever is smaller.
function compress(pixels: Buffer, stride: number): Buffer {
  const [plain, up] = [0, 2].map((kind) => deflateSync(filter(pixels, stride, kind), { level: 9 }));
  return plain && up && plain.length < up.length ? plain : (up ?? Buffer.alloc(0));
}

function filter(pixels: Buffer, stride: number, kind: number): Buffer {
  const out = Buffer.alloc(pixels.length + pixels.length / stride);
  for (let from = 0, to = 0; from < pixels.length; from += stride) {
    out[to++] = kind;
    for (let at = from; at < from + stride; at++)
      out[to++] = (pixels[at] ?? 0) - (kind === 2 ? (pixels[at - stride] ?? 0) : 0);
  }
  return out;
}

// The five filters of PNG, §9.2.
function unfilter(bytes: Uint8Array, stride: number): Uint8Array {
  const rows = bytes.length / (stride + 1);
  const out = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (stride + 1)] ?? 0;
    for (let column = 0; column < stride; column++) {
      const at = row * stride + column;
      const left = column < bytesPerPixel ? 0 : (out[at - bytesPerPixel] ?? 0);
      const up = out[at - stride] ?? 0;
      const corner = column < bytesPerPixel ? 0 : (out[at - stride - bytesPerPixel] ?? 0);
      out[at] = (bytes[row * (stride + 1) + 1 + column] ?? 0) + guessOf(kind, left, up, corner);
    }
  }
  return out;
}

function guessOf(kind: number, left: number, up: number, corner: number): number {
  if (kind === 0) return 0;
  if (kind === 1) return left;
  if (kind === 2) return up;
  return kind === 3 ? (left + up) >> 1 : paeth(left, up, corner);
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((each) => Math.abs(guess - each)) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function controlOf(sequence: number, { x, y, width, height }: Rectangle, ms: number): Buffer {
  const control = Buffer.alloc(26);
  for (const [index, value] of [sequence, width, height, x, y].entries())
    control.writeUInt32BE(value, 4 * index);
  control.writeUInt16BE(ms, 20);
  control.writeUInt16BE(1000, 22);
  // It stays (dispose: none), and the old pixels show through (blend: over).
  control.set([0, 1], 24);
  return control;
}

function* chunksOf(png: Buffer): Generator<{ type: string; data: Buffer }> {
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const content = Buffer.concat([Buffer.from(type, "latin1"), data]);
  return Buffer.concat([uint32(data.length), content, uint32(crc32(content))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
