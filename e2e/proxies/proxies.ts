// The proxies, and how their files in deploy/ must be changed to run here.

/** How a proxy is started with its file from deploy/. */
export interface ReverseProxy {
  name: string;
  file: string;
  /** Replacements for what the file says about a real site. Every text to replace must be in the file. */
  changes(site: Site): [found: string, instead: string][];
  /** Returns the complete configuration that the program needs. */
  whole(text: string, folder: string): string;
  args(file: string): string[];
  /** Whether it closes an idle connection after `idleMs`. */
  isImpatient: boolean;
  /** Whether it asks another server when one answers 503. Otherwise the first client to ask gets the 503. */
  asksAnother: boolean;
}

/** The setup of a proxy: where it listens, which servers it forwards to, one or two, and its certificate. */
export interface Site {
  port: number;
  servers: readonly number[];
  /** The idle timeout, as the proxies write it: `60s`. */
  idle: string;
  certificate: string;
  key: string;
  both: string;
}

/** The idle timeout that the proxies get here instead of a minute (ms). */
export const idleMs = 2_000;
/** The idle timeout in the files (ms). */
export const usualIdleMs = 60_000;

export const proxies: ReverseProxy[] = [
  {
    name: "nginx",
    file: "nginx.conf",
    changes: ({ port, servers: [one, two], idle, certificate, key }) => [
      ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
      ["server 127.0.0.1:3001", `server 127.0.0.1:${one}`],
      ["# server 127.0.0.1:3002", `${two ? "" : "# "}server 127.0.0.1:${two}`],
      ["/etc/ssl/chat.example.org.pem", certificate],
      ["/etc/ssl/chat.example.org.key", key],
      ["server_name chat.example.org", "server_name localhost"],
      ["proxy_read_timeout 60s", `proxy_read_timeout ${idle}`],
    ],
    whole: (text, folder) =>
      `daemon off; pid ${folder}/pid; error_log stderr; events {}\nhttp {\naccess_log off;\n${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n")}\n${text}}\n`,
    args: (file) => ["-e", "stderr", "-c", file],
    isImpatient: true,
    asksAnother: true,
  },
  {
    name: "haproxy",
    file: "haproxy.cfg",
    changes: ({ port, servers: [one, two], idle, both }) => [
      ["bind :443", `bind 127.0.0.1:${port}`],
      ["server one 127.0.0.1:3001", `server one 127.0.0.1:${one}`],
      ["# server two 127.0.0.1:3002", `${two ? "" : "# "}server two 127.0.0.1:${two}`],
      ["/etc/ssl/chat.example.org.pem", both],
      ["timeout client  60s", `timeout client  ${idle}`],
      ["timeout server  60s", `timeout server  ${idle}`],
      ["timeout tunnel  60s", `timeout tunnel  ${idle}`],
    ],
    whole: (text) => text,
    args: (file) => ["-f", file],
    isImpatient: true,
    asksAnother: true,
  },
  {
    name: "caddy",
    file: "Caddyfile",
    changes: ({ port, servers, certificate, key }) => [
      ["chat.example.org {", `https://localhost:${port} {\n\ttls ${certificate} ${key}\n\tbind 127.0.0.1`],
      ["to 127.0.0.1:3001", `to ${servers.map((each) => `127.0.0.1:${each}`).join(" ")}`],
    ],
    whole: (text) => `{\n\tadmin off\n\tauto_https off\n}\n${text}`,
    args: (file) => ["run", "--adapter", "caddyfile", "--config", file],
    isImpatient: false,
    asksAnother: false,
  },
];
