// The frames of /echo: what the client sent, and what the server must send back.
import { type Frame, FrameDecoder, MessageAssembler, Opcode } from "@rosetta/conformance";
import { defaultLimits } from "@rosetta/protocol";

/** Reads the frames of a server. Throws for anything that breaks RFC 6455, such as the bytes of an HTTP answer. */
export function decodeFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  try {
    for (const frame of new FrameDecoder({ masked: false }).push(bytes)) frames.push(frame);
  } catch (error) {
    throw new Error(
      `no valid frame followed the 101 (${(error as Error).message}): ${JSON.stringify(bytes.toString("latin1", 0, 80))}`,
    );
  }
  return frames;
}

/** How a conversation with /echo stands. */
export interface EchoState {
  /** The message or pong that must come next. */
  owed: string | undefined;
  /** Whether the client closed or broke a rule, so that the connection must end. */
  isOver: boolean;
}

/** Compares what came with what was sent. Throws if something came that must not. */
export function compareEcho(sent: Buffer, frames: readonly Frame[]): EchoState {
  const { expected, isOver, isBroken } = expectedOf(sent);
  const came = frames.flatMap(describer());
  // A server that has not noticed the broken rule yet may go on for a while.
  const judged = isOver ? came.slice(0, expected.length) : came;
  const wrong = judged.findIndex((each, index) => each !== expected[index]);
  if (wrong >= 0) throw new Error(`/echo sent ${came[wrong]}, expected ${expected[wrong] ?? "nothing more"}`);
  const isClosed = frames.some(({ opcode }) => opcode === Opcode.Close);
  if (isClosed && !isOver && !isBroken) throw new Error("/echo closed, although no rule was broken");
  // After the end only the close is owed: messages still under way may be lost.
  const owed = isOver ? undefined : expected[came.length];
  return { owed: owed && `the ${owed} of /echo`, isOver };
}

interface Expected {
  /** The messages that /echo sends back, such as `text hello`. */
  expected: string[];
  isOver: boolean;
  /** Whether the bytes end within a frame: its header may already break a rule. */
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

// Describes messages and pongs in words. With `Opcode.Ping` it describes the pongs that the client's pings ask for.
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
