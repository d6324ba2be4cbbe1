// Parses a load as a person writes it: `conns=5000 rate=1000/s size=300 fanout=20`. Pure.

/** The load that a server is asked to bear. */
export interface LoadOrder {
  conns: number;
  /** Messages published per second, over all rooms. */
  rate: number;
  /** The size of a message's text, in bytes. */
  size: number;
  /** How many clients get each message. */
  fanout: number;
}

const defaults: LoadOrder = { conns: 1_000, rate: 1_000, size: 300, fanout: 20 };

// A text of rosetta.v1.json has at most 4,096 characters, and nine of them are the message's number.
const bounds: Record<keyof LoadOrder, readonly [least: number, most: number]> = {
  conns: [2, 25_000],
  rate: [1, 100_000],
  size: [16, 4_096],
  fanout: [1, 10_000],
};

/** Parses a load. Returns a string that says what is wrong if it is not valid. */
export function readLoad(text: string | undefined): LoadOrder | undefined | string {
  if (text === undefined) return undefined;
  const order = { ...defaults };
  for (const part of text.split(/[\s,]+/).filter((each) => each !== "")) {
    const [, name = "", value] = /^(\w+)=(\d+)(?:\/s)?$/.exec(part) ?? [];
    if (!isPart(name))
      return `--load: "${part}" cannot be used; expected ${Object.keys(bounds).join("=…, ")}=…`;
    const [least, most] = bounds[name];
    const number = Number(value);
    if (number < least || number > most) {
      return `--load: ${name}=${value} cannot be used: a number from ${least} to ${most}`;
    }
    order[name] = number;
  }
  if (order.fanout < order.conns) return order;
  return `--load: ${order.fanout} listeners and one who speaks need more than ${order.conns} connections`;
}

function isPart(name: string): name is keyof LoadOrder {
  return Object.hasOwn(bounds, name);
}
