import { endpoints } from "@rosetta/protocol";
import { html, type TemplateResult } from "lit";
import { isStack, type ServerEntry, socketUrl } from "../shared/servers.ts";
import type { ConnectionPair } from "../wire/page-connections.ts";
import type { WireRecorder } from "../wire/recorder.ts";

/** The things that a panel is handed. */
export interface PanelContext {
  pair: ConnectionPair;
  /** All servers of this run. */
  servers: ServerEntry[];
  /** Where connections of a panel's own are recorded, too. */
  wire: WireRecorder;
  /** The topic that the address names. */
  topic: string | undefined;
  /** Bytes of the largest message the server takes, once it said so. */
  messageBytes: number | undefined;
}

interface PanelEntry {
  /** Loads the panel's code, when it is shown first. */
  load(): Promise<unknown>;
  show(context: PanelContext): TemplateResult;
  /** Which of the page's own connections the panel is about. Default: none, it makes its own. */
  uses?: string;
}

/** Every panel of the page, by the name that a lesson gives it. */
export const panels = {
  connection: {
    uses: endpoints.application,
    load: () => import("./connection/panel.ts"),
    show: ({ pair: { client, server } }) =>
      html`<rosetta-connection .client=${client} address=${socketUrl(server)}></rosetta-connection>`,
  },
  echo: {
    uses: endpoints.echo,
    load: () => import("./echo/panel.ts"),
    show: ({ pair, messageBytes }) =>
      html`<rosetta-echo .echo=${pair.echo} .messageBytes=${messageBytes}></rosetta-echo>`,
  },
  chat: {
    uses: endpoints.application,
    load: () => import("./chat/panel.ts"),
    show: ({ pair: { client, server }, wire, topic }) =>
      html`<rosetta-chat .client=${client} .server=${server} .wire=${wire} begin=${topic ?? ""}></rosetta-chat>`,
  },
  feed: {
    uses: endpoints.application,
    load: () => import("./feed/panel.ts"),
    show: ({ pair, topic }) =>
      html`<rosetta-feed .client=${pair.client} begin=${topic ?? ""}></rosetta-feed>`,
  },
  job: {
    uses: endpoints.application,
    load: () => import("./job/panel.ts"),
    show: ({ pair }) => html`<rosetta-job .client=${pair.client}></rosetta-job>`,
  },
  "server-log": {
    uses: endpoints.application,
    load: () => import("./server-log/panel.ts"),
    show: ({ pair }) => html`<rosetta-server-log .client=${pair.client}></rosetta-server-log>`,
  },
  hello: {
    uses: endpoints.echo,
    load: () => import("./echo/panel.ts"),
    show: ({ pair }) => html`<rosetta-echo .echo=${pair.echo} parts="text"></rosetta-echo>`,
  },
  door: {
    load: () => import("./door/panel.ts"),
    show: ({ pair, servers }) =>
      html`<rosetta-door .server=${pair.server} .servers=${servers}></rosetta-door>`,
  },
  goodbye: {
    load: () => import("./goodbye/panel.ts"),
    show: ({ pair: { server }, wire, messageBytes }) =>
      html`<rosetta-goodbye .server=${server} .wire=${wire} .messageBytes=${messageBytes}></rosetta-goodbye>`,
  },
  gap: {
    load: () => import("./gap/panel.ts"),
    show: ({ pair: { server }, wire, topic }) =>
      html`<rosetta-gap .server=${server} .wire=${wire} begin=${topic ?? ""}></rosetta-gap>`,
  },
  attempts: {
    uses: endpoints.application,
    load: () => import("./attempts/panel.ts"),
    show: ({ pair: { client } }) => html`<rosetta-attempts .client=${client}></rosetta-attempts>`,
  },
  latency: {
    uses: endpoints.application,
    load: () => import("./latency/panel.ts"),
    show: ({ pair: { client, server }, wire }) =>
      html`<rosetta-latency .client=${client} .server=${server} .wire=${wire}></rosetta-latency>`,
  },
  transports: {
    load: () => import("./transports/panel.ts"),
    show: ({ pair: { client, server }, wire, topic }) =>
      html`<rosetta-transports .client=${client} .server=${server} .wire=${wire} begin=${topic ?? ""}></rosetta-transports>`,
  },
  language: {
    load: () => import("./language/panel.ts"),
    show: ({ pair: { server }, wire }) =>
      html`<rosetta-language .server=${server} .wire=${wire}></rosetta-language>`,
  },
  crowd: {
    load: () => import("./crowd/panel.ts"),
    // Ten clients of one server: the one address of all servers would spread them.
    show: ({ pair, servers, wire }) => {
      const server = [pair.server, ...servers].find(isStack) ?? pair.server;
      return html`<rosetta-crowd .server=${server} .wire=${wire}></rosetta-crowd>`;
    },
  },
  cluster: {
    load: () => import("./cluster/panel.ts"),
    show: ({ pair: { server }, servers, wire }) =>
      html`<rosetta-cluster .server=${server} .servers=${servers} .wire=${wire}></rosetta-cluster>`,
  },
  handshake: {
    load: () => import("./handshake/panel.ts"),
    show: ({ pair: { server }, wire }) =>
      html`<rosetta-handshake .server=${server} .wire=${wire}></rosetta-handshake>`,
  },
  flood: {
    load: () => import("./flood/panel.ts"),
    show: ({ pair: { client, server }, wire }) =>
      html`<rosetta-flood .client=${client} .server=${server} .wire=${wire}></rosetta-flood>`,
  },
  tokens: {
    load: () => import("./tokens/panel.ts"),
    show: ({ pair: { server }, wire, topic }) =>
      html`<rosetta-tokens .server=${server} .wire=${wire} begin=${topic ?? ""}></rosetta-tokens>`,
  },
  frames: {
    load: () => import("./frames/panel.ts"),
    show: ({ pair, wire, messageBytes }) =>
      html`<rosetta-frames .server=${pair.server} .wire=${wire} .messageBytes=${messageBytes}></rosetta-frames>`,
  },
} as const satisfies Record<string, PanelEntry>;

export type PanelName = keyof typeof panels;

/** Returns whether a connection belongs to a panel: one of its own, or one of the page's that it uses. */
export function isOf(name: PanelName, path: string, connection: string): boolean {
  const { uses }: PanelEntry = panels[name];
  return connection === "" ? path === uses : connection.split(" ")[0] === `rosetta-${name}`;
}
