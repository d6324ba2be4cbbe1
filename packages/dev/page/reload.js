// `pnpm dev` adds this to the page; a build never has it. It loads the page again when the page's build or its server
// has other code than before.
const address = new URL(import.meta.url).searchParams.get("events") ?? "";
const events = new EventSource(address);
/** @type {string | undefined} */
let loaded;

events.onmessage = ({ data }) => {
  loaded ??= data;
  if (data !== loaded) void reload();
};

// A browser on another machine cannot reach the events, so it stops asking. If one came before, `pnpm dev` has ended, and
// the browser asks again by itself until it is back.
events.onerror = () => {
  if (loaded === undefined) events.close();
};

// A server that cannot start right now would leave nothing but the browser's own error.
async function reload() {
  events.close();
  const isThere = await fetch("./").then(
    ({ ok }) => ok,
    () => false,
  );
  if (isThere) location.reload();
  else setTimeout(reload, retryMs);
}

const retryMs = 1_000;
