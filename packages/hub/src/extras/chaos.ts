import { bounds, type ClientMessage, Close } from "@rosetta/protocol";
import { type Soon, soon } from "../cluster/soon.ts";
import { refuse } from "../requests/caller.ts";
import type { Context } from "../requests/context.ts";

const floodTopic = "room/flood";

/**
 * Causes a failure on request, for lessons and tests. Strangers must not cause any, so set `CHAOS=1` only where there
 * are none.
 */
export function chaos<Ws>(context: Context<Ws>, message: ClientMessage<"chaos">): Soon<void> {
  const { services, session } = context;
  if (!services.settings.chaos) return refuse(session, message.id, "forbidden", "chaos is not allowed here");
  if (message.do === "terminate") return session.terminate();
  if (message.do === "throw") throw new Error("a failure that was ordered");
  if (message.do === "flood") return flood(context, message.id, message.mebibytes ?? 1);
  const code = message.code ?? Close.Normal;
  if (!isSendable(code)) return refuse(session, message.id, "invalid", "code: one that is never sent");
  session.close(code, "as you asked");
}

// Goes through the log and the native topics like any other event, so what is slow here is slow in real use too.
function flood<Ws>({ services, session }: Context<Ws>, id: string, mebibytes: number): Soon<void> {
  return soon(services.topics.open(floodTopic, session.address), (topic) => {
    if ("code" in topic) return refuse(session, id, topic.code, topic.message);
    session.send({ type: "ack", re: id, topic: floodTopic, ...services.log.head(floodTopic) });
    pourInto({ services, session }, mebibytes);
  });
}

function pourInto<Ws>(
  { services, session }: Pick<Context<Ws>, "services" | "session">,
  mebibytes: number,
): void {
  const text = "~".repeat(bounds.text);
  let left = (mebibytes * 1024 * 1024) / bounds.text;
  const pour = (): void => {
    for (let batch = 0; batch < 32 && left > 0; batch++, left--) {
      services.publish(floodTopic, { kind: "chat", text });
    }
    // The flood ends with the connection that asked for it.
    if (left > 0 && session.isOpen && !services.isDraining) services.platform.after(0, pour);
  };
  pour();
}

// RFC 6455 §7.4: 1004, 1005, 1006 and 1015 are reserved; 1016–2999 belong to later versions of the protocol.
function isSendable(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
