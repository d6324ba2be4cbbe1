// The page: one room. Whatever comes from other people is set as text, never as HTML.
import "./jitless.ts";
import { Client, type RequestError } from "@rosetta/client";

const room = new URLSearchParams(location.search).get("room") ?? "lobby";
const mostLines = 500;

const client = new Client(new URL("ws", location.href).href.replace(/^http/, "ws"));

client.on("state", (state) => {
  const seconds = "delayMs" in state ? Math.ceil(state.delayMs / 1_000) : 0;
  element("state").textContent = seconds > 0 ? `${state.name}, next attempt within ${seconds} s` : state.name;
});

// The subscription is a wish: the client resumes it on every new connection, from the last event it has seen.
client.subscribe(
  `room/${room}`,
  ({ from = "somebody", data }) => {
    if (data.kind === "chat") add(`${from === client.welcome?.member ? "you" : from}: ${data.text}`);
  },
  ({ recovered, error }) => {
    if (error) add(`This room is closed to you: ${error.message}`, "notice");
    if (recovered === false) add("Some messages from the time without a connection are lost.", "notice");
  },
);

client.subscribe(`presence/${room}`, ({ data }) => {
  if (data.kind === "presence") element("present").textContent = `${data.count} here`;
});

element("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = (event.target as HTMLFormElement).elements.namedItem("text") as HTMLInputElement;
  const text = field.value;
  field.value = "";
  // Sent again after a lost connection, but never said twice.
  client.publish(`room/${room}`, text).catch((error: RequestError) => {
    add(`Not sent (${error.message}): ${text}`, "notice");
  });
});

element("room").textContent = room;
client.open();

function add(text: string, kind = "line"): void {
  const lines = element("lines");
  const line = document.createElement("li");
  line.className = kind;
  line.textContent = text;
  lines.append(line);
  if (lines.childElementCount > mostLines) lines.firstElementChild?.remove();
  line.scrollIntoView({ block: "nearest" });
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}
