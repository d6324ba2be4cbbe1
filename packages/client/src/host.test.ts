import { afterEach, describe, expect, test, vi } from "vitest";
import { defaultHost, type HostEvent } from "./host.ts";
import { record } from "./testing/fake-host.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

class FakeDocument extends EventTarget {
  visibilityState = "visible";
}

/** Makes this a page. Returns its document and what dispatches an event on its window. */
function becomePage() {
  const window = new EventTarget();
  const document = new FakeDocument();
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("document", document);
  return { document, fire: (type: string) => window.dispatchEvent(new Event(type)) };
}

function watched() {
  let off = () => {};
  const events = record<HostEvent>((listener) => {
    off = defaultHost.watch?.(listener) ?? off;
  });
  return { events, off };
}

describe("in a page", () => {
  test("tells what the network and the page do", () => {
    const { document, fire } = becomePage();
    const { events } = watched();
    for (const type of ["offline", "online", "pagehide", "pageshow"]) fire(type);
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    document.dispatchEvent(new Event("resume"));
    expect(events).toEqual(["offline", "online", "pagehide", "pageshow", "hidden", "visible", "visible"]);
  });

  test("tells nothing more once it was told to stop", () => {
    const { document, fire } = becomePage();
    const { events, off } = watched();
    off();
    fire("online");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(events).toEqual([]);
  });

  test("knows whether it is hidden, and whether it is offline", () => {
    const { document } = becomePage();
    expect([defaultHost.isHidden?.(), defaultHost.isOnline?.()]).toEqual([false, true]);
    document.visibilityState = "hidden";
    vi.stubGlobal("navigator", { onLine: false });
    expect([defaultHost.isHidden?.(), defaultHost.isOnline?.()]).toEqual([true, false]);
  });
});

test("where there is no page, nothing is hidden, offline or to be watched", () => {
  vi.stubGlobal("addEventListener", undefined);
  vi.stubGlobal("document", undefined);
  vi.stubGlobal("navigator", undefined);
  const { off } = watched();
  off();
  expect([defaultHost.isHidden?.(), defaultHost.isOnline?.()]).toEqual([false, true]);
});

test("its clock is the time of day of the beginning, and what has passed since", () => {
  vi.stubGlobal("performance", { timeOrigin: 1_000, now: () => 7 });
  expect(defaultHost.now()).toBe(1_007);
});

test("its date is the time of day", () => {
  vi.useFakeTimers({ now: 81_234 });
  expect(defaultHost.date()).toBe(81_234);
});

test("its WebSocket is looked up in the runtime on each access", () => {
  class Late {}
  vi.stubGlobal("WebSocket", Late);
  expect(defaultHost.WebSocket).toBe(Late);
  vi.stubGlobal("WebSocket", undefined);
  expect(defaultHost.WebSocket).toBeUndefined();
});

test("a timer runs once, and not if it was cancelled", () => {
  vi.useFakeTimers();
  const ran: string[] = [];
  defaultHost.after(10, () => ran.push("kept"));
  const cancel = defaultHost.after(10, () => ran.push("cancelled"));
  cancel();
  vi.advanceTimersByTime(9);
  expect(ran).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(ran).toEqual(["kept"]);
});

test("a time too long for a timer does not run out at once", () => {
  vi.useFakeTimers();
  const ran: string[] = [];
  defaultHost.after(2 ** 40, () => ran.push("too early"));
  vi.advanceTimersByTime(1_000_000);
  expect(ran).toEqual([]);
});
