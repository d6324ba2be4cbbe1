// The frames of /echo: what the client sent, and what must come of it.
import { type Frame, FrameDecoder, MessageAssembler, Opcode } from "@rosetta/conformance";
import { defaultLimits } from "@rosetta/protocol";

/** The frames of a server. Throws what breaks RFC 6455, the bytes of an HTTP answer among it. */
export function decodeFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  try {
    for (const frame of new FrameDecoder({ masked: false }).push(bytes)) frames.push(frame);
  } catch (error) {
    throw new Error(
      `behind a 101 came no frame (${(error as Error).message}): ${JSON.stringify(bytes.toString("latin1", 0, 80))}`,
    );
  }
  return frames;
}

/** What a conversation with /echo has come to. */
export interface EchoState {
  /** The message or pong that must come next. */
  owed: string | undefined;
  /** Whether the client closed or broke a rule: then the end must come. */
  isOver: boolean;
}

/** Compares what came with what was sent. Throws what must not have come. */
export function compareEcho(sent: Buffer, frames: readonly Frame[]): EchoState {
  const { expected, isOver, isBroken } = expectedOf(sent);
  const came = frames.flatMap(describer());
  // Behind a rule that was broken, a server that did not mind it goes on.
  const judged = isOver ? came.slice(0, expected.length) : came;
  const wrong = judged.findIndex((each, index) => each !== expected[index]);
  if (wrong >= 0) throw new Error(`/echo sent ${came[wrong]}, expected ${expected[wrong] ?? "nothing more"}`);
  const isClosed = frames.some(({ opcode }) => opcode === Opcode.Close);
  if (isClosed && !isOver && !isBroken) throw new Error("/echo closed, though no rule was broken");
  // Nor is anything owed there but the end: what was under way is lost.
  const owed = isOver ? undefined : expected[came.length];
  return { owed: owed && `the ${owed} of /echo`, isOver };
}

interface Expected {
  /** What /echo sends for the frames, as `text hello`. */
  expected: string[];
  isOver: boolean;
  /** Whether the bytes end in a frame that is not whole: its head may have broken a rule already. */
  isBroken: boolean;
}

function expectedOf(bytes: Buffer): Expected {
  const expected: string[] = [];
  const decoder = new FrameDecoder({ masked: true, maxPayload: defaultLimits.messageBytes });
  const describe = describer(Opcode.Ping);
  try {
    for (const frame of decoder.push(bytes)) {
      const said = describe(frame);
      if (frame.opcode === Opcode.Close || said[0] === "text stop")
        return { expected, isOver: true, isBroken: true };
      expected.push(...said);
    }
    return { expected, isOver: false, isBroken: decoder.pending > 0 };
  } catch {
    return { expected, isOver: true, isBroken: true };
  }
}

// Messages in words, and pongs: those that came, or those that the pings of a client ask for.
function describer(pongFor: number = Opcode.Pong): (frame: Frame) => string[] {
  const assembler = new MessageAssembler();
  return (frame) => {
    const message = assembler.push(frame);
    if (frame.opcode === pongFor) return [`pong ${hex(frame.payload)}`];
    if (!message) return [];
    return [message.kind === "text" ? `text ${message.text}` : `binary ${hex(message.data)}`];
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
