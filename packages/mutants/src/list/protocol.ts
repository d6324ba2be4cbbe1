import type { Mutant } from "../mutant.ts";

type Row = [search: string, replace: string, why: string, equal?: string];

/** Mistakes in a file of the protocol, for its unit tests. */
function inFile(name: string, rows: Row[]): Mutant[] {
  return rows.map(([search, replace, why, equal]) => ({
    file: `packages/protocol/src/${name}.ts`,
    ...{ search, replace, why },
    tests: unitTests,
    ...(equal !== undefined && { equal }),
  }));
}

const unitTests = [
  "packages/protocol/src/address.test.ts",
  "packages/protocol/src/admission.test.ts",
  "packages/protocol/src/close.test.ts",
  "packages/protocol/src/codec.test.ts",
  "packages/protocol/src/document.test.ts",
  "packages/protocol/src/environment.test.ts",
  "packages/protocol/src/origin.test.ts",
  "packages/protocol/src/request.test.ts",
];

const address = inFile("address", [
  [
    "return parts.length === 4 && parts.every",
    "return parts.every",
    "an IPv4 address of any number of parts",
  ],
  ["/^(?:0|[1-9]\\d{0,2})$/", "/^\\d{1,3}$/", "leading zeros, which some take for octal"],
  ["Number(part) < 256", "Number(part) <= 256", "256 in an IPv4 address"],
  [
    `if (host.toLowerCase() === "localhost") return true;`,
    `if (host === "localhost") return true;`,
    "LOCALHOST is not this machine",
  ],
  [
    `return parseAddress(host) === "::1" ||`,
    `return host === "::1" ||`,
    "0:0:0:0:0:0:0:1 is not this machine",
  ],
  [
    `(ipv4Of(host)?.startsWith("127.") ?? false)`,
    `host.startsWith("127.")`,
    "a name that begins like an address of this machine",
  ],
  [
    `proxies === 0 ? "" : (forwardedFor ?? "").split(",").at(-proxies)`,
    `(forwardedFor ?? "").split(",").at(-1)`,
    "the header is believed without a proxy",
  ],
  [".at(-proxies);", ".at(0);", "what the client wrote is believed"],
  [
    `shareOf(withoutPort(hop?.trim() ?? ""))`,
    `shareOf(hop?.trim() ?? "")`,
    "each port of a client is another client",
  ],
  [`hop?.trim() ?? ""`, `hop ?? ""`, "a blank after the comma hides the address"],
  [" ?? shareOf(remote) ?? remote", " ?? remote", "a peer is counted as the stack writes it"],
  [`address.replace(/%.*/s, "")`, "address", "the zone makes an address unknown"],
  ["  if (dotted !== undefined) return dotted;\n", "", "IPv4 in IPv6 is a network"],
  ["groups.slice(0, 4), 0, 0, 0, 0])", "groups.slice(0, 5), 0, 0, 0])", "a /80 is one address"],
  ["groups.slice(0, 4), 0, 0, 0, 0])", "groups.slice(0, 3), 0, 0, 0, 0, 0])", "a /48 is one address"],
  [
    "(?:\\[([^\\]]*)\\]|([\\d.]+))(?::\\d*)?$/.exec(node)",
    "(?:\\[([^\\]]*)\\]|([\\d.]+))(?::.*)?$/.exec(node)",
    "anything after a colon is a port",
  ],
  ["0:0:0:0:0:65535|", "0:0:0:0:0:65535|0:0:0:0:0:0|", "::1 is 0.0.0.1"],
  ["|100:65435:0:0:0:0", "", "behind a translator all of IPv4 is one client"],
  [
    "Number(group) >> 8, Number(group) & 255",
    "Number(group) & 255, Number(group) >> 8",
    "the bytes of an address in another order",
  ],
  ["others.length > 0 || ", "", "two :: in one address"],
  [
    "right === undefined ? missing !== 0 : missing < 1",
    "right === undefined ? missing < 0 : missing < 1",
    "too few groups without ::",
  ],
  ["missing !== 0 : missing < 1", "missing !== 0 : missing < 0", ":: for nothing"],
  ["/^[\\da-f]{1,4}$/i", "/^[\\da-f]{1,5}$/i", "a group of five digits"],
  ["/^[\\da-f]{1,4}$/i", "/^[\\da-f]{1,4}$/", "capitals in an address"],
  ["a * 256 + b", "a * 16 + b", "a dotted end is read wrongly"],
  ["|| !isIpv4(dotted)) return text;", ") return text;", "a dotted end with leading zeros"],
  ["size > 1; size--", "size > 0; size--", ":: for a single group"],
  ["let size = 8; size > 1", "let size = 7; size > 1", "the address of zeros only"],
  ["at + size <= groups.length && ", "", "a run of zeros beyond the end"],
]);

const origin = inFile("origin", [
  [`plain.toLowerCase().replace(/\\.$/, "")`, `plain.replace(/\\.$/, "")`, "hosts go by their case"],
  [
    `plain.toLowerCase().replace(/\\.$/, "")`,
    "plain.toLowerCase()",
    "the dot of the root makes another host",
  ],
  [`.replace(/\\.$/, "")`, `.replace(/\\.+$/, "")`, "any number of dots at the end"],
  [`digits === "" ? undefined : Number(digits)`, "Number(digits)", "an empty port is port 0"],
  [
    "if (!name || (port ?? 0) > 65_535) return undefined;",
    "if (!name) return undefined;",
    "ports beyond 65535",
  ],
  ["(port ?? 0) > 65_535", "(port ?? 0) > 65_534", "the last port is none"],
  ["if (!name || (port", "if ((port", "a host without a name"],
  [
    "|([\\w.-]+))(?::(\\d*))?$/.exec(text)",
    "|([\\w.,-]+))(?::(\\d*))?$/.exec(text)",
    "two Hosts look like one",
  ],
  [
    "|([\\w.-]+))(?::(\\d*))?$/.exec(text)",
    "|([\\w.@-]+))(?::(\\d*))?$/.exec(text)",
    "a user is a part of the host",
  ],
  [
    "|([\\w.-]+))(?::(\\d*))?$/.exec(text)",
    "|([\\w.-]+))(?::(\\d*))?/.exec(text)",
    "whatever follows a host",
  ],
  ["port: host.port ?? usualPorts[scheme]", "port: host.port", "a whole URL without a port is any port's"],
  ["/^(https?):\\/\\/(.*)$/i", "/^(https?):\\/\\/(.*)$/", "the scheme of an origin goes by its case"],
  [
    "originOf(scheme.toLowerCase() as Scheme, host)",
    "originOf(scheme as Scheme, host)",
    "the scheme keeps its case",
  ],
  [
    "port === undefined || port === usualPorts[scheme]",
    "port === undefined",
    "the usual port is another origin",
  ],
  ["port === usualPorts[scheme]\n", "port === 80\n", "port 80 is the usual one of https, too"],
  [`"0.0.0.0": "127.0.0.1", `, "", "the URL is every address"],
  [`"::": "::1"`, `"::": "127.0.0.1"`, "the URL of another family"],
  ["?? host.toLowerCase()", "?? host", "a URL in capitals, as no browser asks for it"],
  ['address.includes(":") ? `[${address}]` : address', "address", "an IPv6 address without brackets"],
  [
    "parseHost(authority)?.port ?? usualPorts[scheme as Scheme]",
    "parseHost(authority)?.port ?? 80",
    "https has port 80",
  ],
  [`origins.has(originOf("http", host)) || `, "", "only hosts of https origins"],
  [` || origins.has(originOf("https", host))`, "", "only hosts of http origins"],
  [
    `literal.includes(":") ? parseAddress(literal) : undefined`,
    "parseAddress(literal)",
    "an IPv4 address in brackets",
  ],
]);

const request = inFile("request", [
  [
    `target?.scheme ? parseAuthority(target.scheme, target.authority ?? "") : parseHost(sent ?? "")`,
    `parseHost(sent ?? "")`,
    "Host counts more than a whole URL",
  ],
  ['  if (!target) return "a target is a path or a whole URL";\n', "", "a target that is none"],
  [
    `sent === undefined ? version !== "1.0" : !parseHost(sent)`,
    "sent === undefined || !parseHost(sent)",
    "HTTP/1.0 must name its host",
  ],
  [
    `sent === undefined ? version !== "1.0" : !parseHost(sent)`,
    "sent !== undefined && !parseHost(sent)",
    "HTTP/1.1 need not name its host",
  ],
  [
    `sent === undefined ? version !== "1.0" : !parseHost(sent)`,
    `sent === undefined ? version === "1.1" : !parseHost(sent)`,
    "of an unknown version no Host is demanded",
  ],
  [
    `return target.scheme && !host ? "the target names no host" : undefined;`,
    "return undefined;",
    "a whole URL with a user",
  ],
  ["(\\/[^?]*)?(?:\\?(.*))?$/is.exec(url)", "(\\/[^?]*)?(?:\\?(.*))?$/s.exec(url)", "HTTP:// is no URL"],
  [`return path === "" ? undefined : { path, query };`, "return { path, query };", "a target without a path"],
  [`path: path || "/"`, "path", "a URL without a path has none"],
  [
    "scheme.toLowerCase() as Scheme, authority };",
    "scheme as Scheme, authority };",
    "HTTPS:// has no usual port",
  ],
  ["[^/?#]*))?(\\/", "[^/?]*))?(\\/", "a fragment is a part of the host"],
  ["(\\/[^?]*)?(?:\\?(.*))?$", "(\\/[^?#]*)?(?:[?#](.*))?$", "a fragment begins the query"],
  ["decoded(pair.slice(0, end)) !== name", "pair.slice(0, end) !== name", "names are not decoded"],
  ["decoded(pair.slice(end + 1))", "pair.slice(end + 1)", "values are not decoded"],
  [`pair.indexOf("=")`, `pair.lastIndexOf("=")`, "a name ends at the last ="],
  [
    "    if (value !== undefined) return value;\n",
    "    return value;\n",
    "a value that cannot be decoded ends the search",
  ],
  [`query.split("&", mostParameters)`, `query.split("&")`, "any number of parameters is read"],
  ["    return undefined;\n  }\n}", "    return text;\n  }\n}", "what cannot be decoded is taken as it is"],
  [
    `[target.path, target.query].filter((part) => part !== "").join("?")`,
    "target.path",
    "the query is lost on the way to the router",
  ],
]);

const admission = inFile("admission", [
  ["version !== undefined && !versions.has(version)", `version === "2.0"`, "HTTP/0.9 is spoken"],
  [`new Set(["1.0", "1.1"])`, `new Set(["1.0", "1.1", "2.0"])`, "HTTP/2.0 in a request line is spoken"],
  ["  if (problem !== undefined) return refuse(400, problem);\n", "", "a request that is none is answered"],
  ["length !== undefined && !/^\\d+$/.test(length)", "false", "a body of two lengths"],
  [`version !== "1.0" && /^chunked$/i.test(coding)`, `version !== "1.0"`, "any transfer coding"],
  [`version !== "1.0" && /^chunked$/i.test(coding)`, "/^chunked$/i.test(coding)", "chunks in HTTP/1.0"],
  ["/^chunked$/i", "/^chunked$/", "Chunked is not chunked"],
  [`continueList.test(header("expect") ?? "100-continue")`, "true", "any expectation"],
  [
    "host === undefined || isHostOf(host, policy.origins)",
    "host === undefined || true",
    "any Host: DNS rebinding",
  ],
  [
    "isHostOf(host, policy.origins) || isForAll(facts, policy)",
    "isHostOf(host, policy.origins)",
    "a probe by address",
  ],
  [`origins.has(parseOrigin(origin) ?? "")`, "origins.has(origin)", "origins are compared as text"],
  [
    "if (origin === undefined || !isListed(origin, policy)) return headers;",
    "if (origin === undefined) return headers;",
    "any page may read an answer",
  ],
  [
    `"Access-Control-Allow-Origin": origin`,
    `"Access-Control-Allow-Origin": parseOrigin(origin) ?? origin`,
    "the answer allows another spelling than the browser's",
  ],
  [`Vary: "Origin", `, "", "a cache may give one origin's answer to another"],
  [`site === "same-origin" || `, "", "the page's own fetches are refused"],
  [` || site === "none"`, "", "the address bar is refused"],
  [
    "linkable.has(pathOf(facts)) || isForAll(facts, policy)",
    "linkable.has(pathOf(facts))",
    "no link to the health",
  ],
  [`return exposed.has("metrics");`, "return true;", "metrics by any Host, though not exposed"],
  [
    `exposed.has("log") && queryOf`,
    `exposed.has("metrics") && queryOf`,
    "the log goes by the switch of the metrics",
  ],
  [` && queryOf(facts, "topic") === "log"`, "", "every topic by any Host, once the log is exposed"],
  [
    '  if (facts.version === "1.0") return refuse(400, "a handshake is HTTP/1.1");\n',
    "",
    "a handshake of HTTP/1.0",
  ],
  ['  if (hasBody(facts)) return refuse(400, "a handshake has no body");\n', "", "a handshake with a body"],
  [
    `if (facts.header("transfer-encoding") !== undefined) return true;`,
    "",
    "a handshake with a body in chunks",
  ],
  [
    `!/^0*$/.test(facts.header("content-length") ?? "")`,
    `facts.header("content-length") !== undefined`,
    "a handshake with a body of no bytes is refused",
  ],
  ["/^0*$/", "/^0/", "a length that begins with 0"],
  [`facts.header("upgrade")?.toLowerCase() !== "websocket"`, "false", "an upgrade to one of several"],
  [
    `if (!isEndpoint(pathOf(facts))) return refuse(404, "no WebSocket is spoken here");`,
    "",
    "a WebSocket at any path",
  ],
  [
    `if (facts.method !== "GET") return refuse(405, "a handshake is a GET", { Allow: "GET" });`,
    "",
    "a handshake by POST",
  ],
  [
    `facts.header("sec-websocket-version") !== "13"`,
    `Number.parseInt(facts.header("sec-websocket-version") ?? "", 10) !== 13`,
    "a version that begins with 13",
  ],
  ["[A-Za-z0-9+/]{22}==$/", "[A-Za-z0-9+/]+==$/", "a key of any length"],
  ["offered !== undefined && !isSetOfTokens(offered)", "false", "an offer that is no list of tokens"],
  [" && new Set(names).size === names.length", "", "a subprotocol twice"],
  ["return tokenList.test(header) && new", "return new", "a subprotocol that is no token"],
  [
    `return offered === undefined ? undefined : refuse(400, "/echo speaks no subprotocol");`,
    "return undefined;",
    "a subprotocol at /echo",
  ],
  [
    "offered === undefined || extensionList.test(offered)",
    "true",
    "an offer of extensions that cannot be read",
  ],
  [
    '${item}(?:[ \\\\t]*,[ \\\\t]*${item})*$`, "i")',
    '${item}(?:[ \\\\t]*,[ \\\\t]*${item})*,?$`, "i")',
    "a comma at the end of a list",
  ],
  ["(?:^|,)[ \\\\t]*${item}[ \\\\t]*(?:,|$)", "(?:^|,|\\\\b)${item}(?:,|$|\\\\b)", "a token within a word"],
  ["webSocketInList.test(upgrade) && ", "", "any upgrade is one to WebSocket"],
  [" && upgradeInList.test(connection)", "", "Upgrade counts without Connection"],
  [
    `if (!plainPath.test(pathOf(facts))) return refuse(404, "no path here is written so");`,
    "",
    "a path that each router reads in its own way",
  ],
  [
    "/^(?:\\/[\\w-][\\w.-]*)*\\/?$/",
    "/^(?:\\/[\\w.-]+)*\\/?$/",
    "a path with a segment that begins with a dot",
  ],
  [
    `if (isHeld(pathOf(facts))) return refuse(405, "only GET is answered", { Allow: "GET" });`,
    "",
    "a HEAD of a stream that would not end",
  ],
  [
    "!isEndpoint(pathOf(facts)) && !isHeld(pathOf(facts))",
    "!isEndpoint(pathOf(facts))",
    "streams and polls are let in by a full server",
  ],
  ["if (load.draining) return", "if (false) return", "a server that goes down lets in"],
  [
    "load.connections >= policy.limits.connections",
    "load.connections > policy.limits.connections",
    "one connection too many",
  ],
  [
    "load.fromAddress < policy.limits.connectionsPerAddress",
    "load.fromAddress <= policy.limits.connectionsPerAddress",
    "one connection of an address too many",
  ],
  [`Connection: "Upgrade, close"`, `Connection: "Upgrade"`, "who is to upgrade keeps the connection"],
  [`{ Connection: "close", ...headers }`, "headers", "who was refused keeps the connection"],
  [
    "names.includes(subprotocol) ? subprotocol : undefined",
    "names[0]",
    "whatever is offered first is chosen",
  ],
]);

const codec = inFile("codec", [
  ["id.length > bounds.id", "id.length >= bounds.id", "an id of 64 units does not come back in errors"],
  ["id.length > bounds.id", "[...id].length > bounds.id", "an id that is too long comes back in errors"],
  ["id.length === 0 || ", "", "an empty id comes back in errors"],
  [" || !id.isWellFormed()", "", "half a surrogate pair comes back in errors"],
  [
    `Object.hasOwn(value, "id") ? value.id : undefined`,
    "value.id",
    "an inherited id comes back in errors",
    "JSON.parse makes plain objects, and what they inherit has no id",
  ],
  [
    `if (hasPrototypeKey(value)) return { problem: { code: "invalid", reason: "a key that no message has" } };`,
    "",
    "__proto__ as a field",
  ],
  [`["__proto__", "constructor", "prototype"]`, `["__proto__", "prototype"]`, "constructor as a field"],
  [" && !Array.isArray(value)", "", "an array is a message"],
  ["value !== null && ", "", "null is a message"],
  ["!types.has(value.type)", "false", "an unknown type is only invalid"],
  ["issue.path.slice(0, 2)", "issue.path", "an error quotes a key of the sender's"],
  [
    "z.config().jitless ? schema : z.compile(schema)",
    "z.compile(schema)",
    "the page tries to compile, which its policy forbids",
  ],
]);

const messages = inFile("messages", [
  ["(text) => text.length <= units", "() => true", "bounds count code points"],
  ["text.length <= units", "text.length < units", "a text that is just as long is refused"],
  [
    "z.string().check(z.minLength(1), ...atMost(bounds.id), wellFormed)",
    "z.string().check(z.minLength(1), ...atMost(bounds.id))",
    "half a surrogate pair in an id",
  ],
  [
    "z.string().check(...atMost(bounds.text), wellFormed)",
    "z.string().check(...atMost(bounds.text))",
    "half a surrogate pair in a text",
  ],
  ["z.minLength(1), ...atMost(bounds.id)", "...atMost(bounds.id)", "an empty id"],
  ["[a-z0-9-]{1,32})?$/", "[a-z0-9-]{1,33})?$/", "a room's name of 33"],
  ["/^[0-9a-f]{32}$/", "/^[0-9a-f]{31,32}$/", "a client with fewer bits"],
  ["z.minimum(1), z.maximum(256)", "z.minimum(1), z.maximum(257)", "a job of 257 MiB"],
  ["z.minimum(1000), z.maximum(4999)", "z.minimum(1000), z.maximum(5000)", "a close code of 5000"],
]);

const close = inFile("close", [
  [`if (agreed) return "stop";`, "", "an end that was agreed on is no end"],
  ["code >= 4500", "code > 4500", "4500 is tried again"],
  ["1009, 1010, 1015", "1009, 1010", "a wrong certificate is tried again"],
  ["1002, 1003, 1007, 1008,", "1002, 1003, 1007,", "who is refused tries again"],
]);

const environment = inFile("environment", [
  [
    `if (text === undefined || text === "") return fallback;`,
    "if (text === undefined) return fallback;",
    "an empty variable is a value",
  ],
  ["/^\\d{1,12}$/", "/^[\\d.e]{1,12}$/", "1e3 is a number of an environment"],
  ["number >= least && number <= most", "number >= least", "a limit beyond its bound"],
  ["number >= least && number <= most", "number > least && number <= most", "the least value is refused"],
  [
    'toSwitch(text: string): boolean | undefined {\n  if (text === "0") return false;\n',
    "toSwitch(text: string): boolean | undefined {\n",
    "0 is no value of a switch",
  ],
  [
    `integer("TRUST_PROXY", 0, 0, 10)`,
    `integer("TRUST_PROXY", 1, 0, 10)`,
    "a proxy is trusted that nobody named",
  ],
  ["new Set([port, ...urls.map(portOf)])", "new Set([port])", "siblings' ports are not listed"],
  ["new Set([...local, ...urls])", "new Set(local)", "siblings elsewhere are not listed"],
  [
    `const names = ["localhost", "127.0.0.1", "[::1]"];`,
    `const names = ["localhost", "127.0.0.1"];`,
    "the page by IPv6 is not listed",
  ],
  ["JSON.stringify(text)}", "text}", "a line break in a value breaks the line"],
  [`!origin.includes("[")`, "true", "a source that a policy cannot hold"],
  [`"frame-ancestors 'none'"`, `"frame-ancestors *"`, "the page in anybody's frame"],
  [
    "parseAddress(text) ?? (/^",
    "(/^[\\da-f:.]+$/i.test(text) ? text : undefined) ?? (/^",
    "an address that is none is listened at",
  ],
  ["items.every((item) => item !== undefined)", "true", "one bad origin in a list is passed over"],
]);

/** Mistakes in what is decided for all stacks. */
export const protocol: Mutant[] = [
  ...address,
  ...origin,
  ...request,
  ...admission,
  ...codec,
  ...messages,
  ...close,
  ...environment,
];
