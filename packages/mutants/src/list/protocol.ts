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
  "packages/protocol/src/redis-url.test.ts",
  "packages/protocol/src/request.test.ts",
];

const address = inFile("address", [
  ["){3}$`", ")*$`", "an IPv4 address may have any number of parts"],
  ["|[1-9]?\\\\d)", "|\\\\d?\\\\d)", "leading zeros are accepted, which some read as octal"],
  ["25[0-5]", "25[0-6]", "a part of an IPv4 address may be 256"],
  [
    `if (host.toLowerCase() === "localhost") return true;`,
    `if (host === "localhost") return true;`,
    "LOCALHOST does not count as this machine",
  ],
  [
    `return parseAddress(host) === "::1" ||`,
    `return host === "::1" ||`,
    "0:0:0:0:0:0:0:1 does not count as this machine",
  ],
  [
    `(ipv4Of(host)?.startsWith("127.") ?? false)`,
    `host.startsWith("127.")`,
    "a name that begins with 127. counts as this machine",
  ],
  [
    "  if (proxies === 0) return shareOfRemote(remote);\n",
    "",
    "X-Forwarded-For is believed although there is no proxy",
  ],
  [".at(-proxies);", ".at(0);", "an address that the client wrote itself is believed"],
  [
    `shareOf(withoutPort(hop?.trim() ?? ""))`,
    `shareOf(hop?.trim() ?? "")`,
    "a client counts anew for each of its ports",
  ],
  [`hop?.trim() ?? ""`, `hop ?? ""`, "an address after a comma and a blank is not found"],
  [
    "share: shareOf(remote) ?? remote }",
    "share: remote }",
    "two spellings of a peer's address count as two peers",
  ],
  [`address.replace(/%.*/s, "")`, "address", "an address with a zone is not understood"],
  [
    "  if (dotted !== undefined) return dotted;\n",
    "",
    "an IPv4 address in IPv6 notation counts as a whole network",
  ],
  [
    "groups.slice(0, 4), 0, 0, 0, 0])",
    "groups.slice(0, 5), 0, 0, 0])",
    "addresses of one /64 count apart, by their /80",
  ],
  [
    "groups.slice(0, 4), 0, 0, 0, 0])",
    "groups.slice(0, 3), 0, 0, 0, 0, 0])",
    "a whole /48 counts as one address",
  ],
  [
    "(?:\\[([^\\]]*)\\]|([\\d.]+))(?::\\d*)?$/.exec(node)",
    "(?:\\[([^\\]]*)\\]|([\\d.]+))(?::.*)?$/.exec(node)",
    "any text after a colon is read as a port",
  ],
  ["0:0:0:0:0:65535|", "0:0:0:0:0:65535|0:0:0:0:0:0|", "::1 is 0.0.0.1"],
  ["|100:65435:0:0:0:0", "", "behind a translator all IPv4 addresses count as one client"],
  [
    "Number(group) >> 8, Number(group) & 255",
    "Number(group) & 255, Number(group) >> 8",
    "the bytes of an embedded address are swapped",
  ],
  ["others.length > 0 || ", "", "an address may have two ::"],
  [
    "right === undefined ? missing !== 0 : missing < 1",
    "right === undefined ? missing < 0 : missing < 1",
    "an address without :: may have too few groups",
  ],
  ["missing !== 0 : missing < 1", "missing !== 0 : missing < 0", ":: may stand for no group at all"],
  ["/^[\\da-f]{1,4}$/i", "/^[\\da-f]{1,5}$/i", "a group may have five digits"],
  ["/^[\\da-f]{1,4}$/i", "/^[\\da-f]{1,4}$/", "an address in capitals is not understood"],
  ["a * 256 + b", "a * 16 + b", "a dotted end is read wrongly"],
  ["|| !isIpv4(dotted)) return text;", ") return text;", "a dotted end may have leading zeros"],
  ["size > 1; size--", "size > 0; size--", "a single group of zeros is written as ::"],
  ["let size = 8; size > 1", "let size = 7; size > 1", "the address of zeros only is not written as ::"],
  ["at + size <= groups.length && ", "", "a run of zeros may reach beyond the end of the address"],
]);

const origin = inFile("origin", [
  [
    `plain.toLowerCase().replace(/\\.$/, "")`,
    `plain.replace(/\\.$/, "")`,
    "hosts that differ only in case count as different",
  ],
  [
    `plain.toLowerCase().replace(/\\.$/, "")`,
    "plain.toLowerCase()",
    "a host with the root's dot counts as another host",
  ],
  [`.replace(/\\.$/, "")`, `.replace(/\\.+$/, "")`, "a host may end with several dots"],
  [`digits === "" ? undefined : Number(digits)`, "Number(digits)", "an empty port is read as port 0"],
  [
    "if (!name || (port ?? 0) > 65_535) return undefined;",
    "if (!name) return undefined;",
    "a port may be beyond 65535",
  ],
  ["(port ?? 0) > 65_535", "(port ?? 0) > 65_534", "port 65535 is refused"],
  ["if (!name || (port", "if ((port", "a host may be empty"],
  [
    "|([\\w.-]+))(?::(\\d*))?$/.exec(text)",
    "|([\\w.,-]+))(?::(\\d*))?$/.exec(text)",
    "two Host headers are read as one host",
  ],
  [
    "|([\\w.-]+))(?::(\\d*))?$/.exec(text)",
    "|([\\w.@-]+))(?::(\\d*))?$/.exec(text)",
    "a user name is read as part of the host",
  ],
  [
    "|([\\w.-]+))(?::(\\d*))?$/.exec(text)",
    "|([\\w.-]+))(?::(\\d*))?/.exec(text)",
    "anything may follow a host",
  ],
  ["port: host.port ?? usualPorts[scheme]", "port: host.port", "a whole URL without a port matches any port"],
  ["/^(https?):\\/\\/(.*)$/i", "/^(https?):\\/\\/(.*)$/", "an origin with its scheme in capitals is refused"],
  [
    "originOf(scheme.toLowerCase() as Scheme, host)",
    "originOf(scheme as Scheme, host)",
    "an origin keeps capitals in its scheme",
  ],
  [
    "port === undefined || port === usualPorts[scheme]",
    "port === undefined",
    "the usual port is another origin",
  ],
  ["port === usualPorts[scheme]\n", "port === 80\n", "port 80 counts as the usual port of https"],
  [`"0.0.0.0": "127.0.0.1", `, "", "the server gives 0.0.0.0 as its URL"],
  [`"::": "::1"`, `"::": "127.0.0.1"`, "the URL is of another address family"],
  ["?? host.toLowerCase()", "?? host", "the URL keeps capitals, which no browser sends"],
  ['address.includes(":") ? `[${address}]` : address', "address", "an IPv6 address in a URL has no brackets"],
  [
    "parseHost(authority)?.port ?? usualPorts[scheme as Scheme]",
    "parseHost(authority)?.port ?? 80",
    "a sibling on https without a port counts as on port 80",
  ],
  [`origins.has(originOf("http", host)) || `, "", "only the hosts of https origins are accepted"],
  [` || origins.has(originOf("https", host))`, "", "only the hosts of http origins are accepted"],
  [
    `literal.includes(":") ? parseAddress(literal) : undefined`,
    "parseAddress(literal)",
    "an IPv4 address may stand in brackets",
  ],
]);

const request = inFile("request", [
  [
    `target?.scheme ? parseAuthority(target.scheme, target.authority ?? "") : sentHost`,
    "sentHost",
    "Host counts, although the target is a whole URL",
  ],
  ['  if (!target) return "a target is a path or a whole URL";\n', "", "a malformed target is accepted"],
  [
    `sent === undefined ? version === "1.0" : sentHost !== undefined`,
    "sentHost !== undefined",
    "HTTP/1.0 must name its host",
  ],
  [
    `sent === undefined ? version === "1.0" : sentHost !== undefined`,
    "sent === undefined || sentHost !== undefined",
    "HTTP/1.1 need not name its host",
  ],
  [
    `sent === undefined ? version === "1.0" : sentHost !== undefined`,
    `sent === undefined ? version !== "1.1" : sentHost !== undefined`,
    "a request of unknown version needs no Host",
  ],
  [
    `return target.scheme && !host ? "the target names no host" : undefined;`,
    "return undefined;",
    "a whole URL may have a user name",
  ],
  ["(\\/.*)?$/is.exec(place)", "(\\/.*)?$/s.exec(place)", "HTTP:// in capitals is not read as a URL"],
  [`place.startsWith("/")`, `(place === "" || place.startsWith("/"))`, "a target may be empty"],
  [`place.startsWith("/")`, `!place.startsWith("h")`, "a target may begin with anything"],
  [`path = "/"] =`, `path = ""] =`, "a URL without a path does not get the path /"],
  [
    "scheme.toLowerCase() as Scheme, authority };",
    "scheme as Scheme, authority };",
    "HTTPS:// in capitals has no usual port",
  ],
  ["[^/#]*)(\\/", "[^/]*)(\\/", "a fragment is read as part of the host"],
  [
    "(?:^|,)[ \\\\t]*${item}[ \\\\t]*(?:,|$)",
    "(?:^|,|\\\\b)${item}(?:,|$|\\\\b)",
    "a token is found within a longer word",
  ],
  [`webSocketInList.test(header("upgrade") ?? "") &&`, "", "any Upgrade counts as one to WebSocket"],
  [`&& upgradeInList.test(header("connection") ?? "")`, "", "Upgrade counts without Connection"],
  [`url.indexOf("?")`, "url.search(/[?#]/)", "a fragment is read as the query"],
  [`url.indexOf("?")`, `url.lastIndexOf("?")`, "a query begins at its last question mark"],
  ["text !== newestHost.text", `newestHost.text === ""`, "every request counts as one for the first host"],
  ["decoded(pair.slice(0, end)) !== name", "pair.slice(0, end) !== name", "names are not decoded"],
  ["decoded(pair.slice(end + 1))", "pair.slice(end + 1)", "values are not decoded"],
  [`pair.indexOf("=")`, `pair.lastIndexOf("=")`, "a name ends at the last ="],
  [
    "    if (value !== undefined) return value;\n",
    "    return value;\n",
    "a value that cannot be decoded ends the search",
  ],
  [`query.split("&", mostParameters)`, `query.split("&")`, "any number of parameters is read"],
  [
    "    return undefined;\n  }\n}",
    "    return text;\n  }\n}",
    "a value that cannot be decoded is taken as it is",
  ],
  [
    `[target.path, target.query].filter((part) => part !== "").join("?")`,
    "target.path",
    "the query is lost on the way to the router",
  ],
]);

const admission = inFile("admission", [
  [
    "return refuseRate(facts, load) ?? refuseLoad(facts, policy, load);",
    "return refuseLoad(facts, policy, load);",
    "a handshake is let in although its address has spent its requests since it was looked at",
  ],
  [
    "return refuseRate(facts, load) ?? refuseLoad(facts, policy, load);",
    "return refuseRate(facts, load);",
    "a handshake is let in although the server has begun to shut down, or is full, since it was looked at",
  ],
  ["version !== undefined && !versions.has(version)", `version === "2.0"`, "HTTP/0.9 is answered"],
  [`new Set(["1.0", "1.1"])`, `new Set(["1.0", "1.1", "2.0"])`, "HTTP/2.0 in a request line is answered"],
  ["  if (problem !== undefined) return refuse(400, problem);\n", "", "a malformed request is answered"],
  ["length !== undefined && !/^\\d+$/.test(length)", "false", "a body may have two lengths"],
  [`version !== "1.0" && /^chunked$/i.test(coding)`, `version !== "1.0"`, "any transfer coding is accepted"],
  [`version !== "1.0" && /^chunked$/i.test(coding)`, "/^chunked$/i.test(coding)", "HTTP/1.0 may have chunks"],
  ["/^chunked$/i", "/^chunked$/", "Chunked with a capital is refused"],
  [`continueList.test(header("expect") ?? "100-continue")`, "true", "any expectation is accepted"],
  [
    "host === undefined || isHostOf(host, policy.origins)",
    "host === undefined || true",
    "any Host is accepted, which DNS rebinding uses",
  ],
  [
    "isHostOf(host, policy.origins) || isForAll(facts, policy)",
    "isHostOf(host, policy.origins)",
    "a health check by address is refused",
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
  [` || site === "none"`, "", "a URL typed into the address bar is refused"],
  [
    "linkable.has(pathOf(facts)) || isForAll(facts, policy)",
    "linkable.has(pathOf(facts))",
    "a link to /healthz is refused",
  ],
  [`return exposed.has("metrics");`, "return true;", "metrics are served under any Host, though not exposed"],
  [
    `exposed.has("log") && queryOf`,
    `exposed.has("metrics") && queryOf`,
    "exposing the metrics exposes the log",
  ],
  [` && queryOf(facts, "topic") === "log"`, "", "exposing the log exposes every topic under any Host"],
  [
    '  if (facts.version === "1.0") return refuse(400, "a handshake is HTTP/1.1");\n',
    "",
    "a handshake in HTTP/1.0 is accepted",
  ],
  [
    '  if (hasBody(facts)) return refuse(400, "a handshake has no body");\n',
    "",
    "a handshake with a body is accepted",
  ],
  [
    `if (facts.header("transfer-encoding") !== undefined) return true;`,
    "",
    "a handshake with a body in chunks is accepted",
  ],
  [
    `!/^0*$/.test(facts.header("content-length") ?? "")`,
    `facts.header("content-length") !== undefined`,
    "a handshake with a body of no bytes is refused",
  ],
  ["/^0*$/", "/^0/", "a length that begins with 0 counts as no body"],
  [
    `facts.header("upgrade")?.toLowerCase() !== "websocket"`,
    "false",
    "an upgrade to one of several protocols is accepted",
  ],
  [
    `if (!isEndpoint(pathOf(facts))) return refuse(404, "no WebSocket is spoken here");`,
    "",
    "a WebSocket opens at any path",
  ],
  [
    `if (facts.method !== "GET") return refuse(405, "a handshake is a GET", { Allow: "GET" });`,
    "",
    "a handshake by POST is accepted",
  ],
  [
    `facts.header("sec-websocket-version") !== "13"`,
    `Number.parseInt(facts.header("sec-websocket-version") ?? "", 10) !== 13`,
    "a version that begins with 13 is accepted",
  ],
  ["[A-Za-z0-9+/]{22}==$/", "[A-Za-z0-9+/]+==$/", "a key may have any length"],
  [
    "offered !== undefined && !isSetOfTokens(offered)",
    "false",
    "an offer that is no list of tokens is accepted",
  ],
  [" && new Set(names).size === names.length", "", "a subprotocol may be offered twice"],
  ["return tokenList.test(header) && new", "return new", "a subprotocol need not be a token"],
  [
    `return offered === undefined ? undefined : refuse(400, "/echo speaks no subprotocol");`,
    "return undefined;",
    "/echo accepts an offer of subprotocols",
  ],
  [
    "offered === undefined || extensionList.test(offered)",
    "true",
    "a malformed offer of extensions is accepted",
  ],
  [
    '${item}(?:[ \\\\t]*,[ \\\\t]*${item})*$`, "i")',
    '${item}(?:[ \\\\t]*,[ \\\\t]*${item})*,?$`, "i")',
    "a list may end with a comma",
  ],
  [
    `if (!plainPath.test(pathOf(facts))) return refuse(404, "no path here is written so");`,
    "",
    "a path that routers read differently is let in",
  ],
  ["/^(?:\\/[\\w-][\\w.-]*)*\\/?$/", "/^(?:\\/[\\w.-]+)*\\/?$/", "a segment of a path may begin with a dot"],
  [
    `if (isHeld(pathOf(facts))) return refuse(405, "only GET is answered", { Allow: "GET" });`,
    "",
    "HEAD of an event stream is let in, and never ends",
  ],
  [
    "!isEndpoint(pathOf(facts)) && !isHeld(pathOf(facts))",
    "!isEndpoint(pathOf(facts))",
    "streams and polls are let in by a full server",
  ],
  ["if (load.draining) return", "if (false) return", "a server that drains lets requests in"],
  [
    "load.connections >= policy.limits.connections",
    "load.connections > policy.limits.connections",
    "one connection too many is let in",
  ],
  [
    "load.fromAddress < policy.limits.connectionsPerAddress",
    "load.fromAddress <= policy.limits.connectionsPerAddress",
    "one connection too many of an address is let in",
  ],
  [`Connection: "Upgrade, close"`, `Connection: "Upgrade"`, "the connection stays open after a 426"],
  [`{ Connection: "close", ...headers }`, "headers", "the connection stays open after a refusal"],
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
    "__proto__ may be a field of a message",
  ],
  [`Object.hasOwn(value, "constructor") ||`, "", "constructor may be a field of a message"],
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
  ["text.length <= units", "text.length < units", "a text of exactly the greatest length is refused"],
  [
    "z.string().check(z.minLength(1), ...atMost(bounds.id), wellFormed)",
    "z.string().check(z.minLength(1), ...atMost(bounds.id))",
    "an id may hold half a surrogate pair",
  ],
  [
    "z.string().check(...atMost(bounds.text), wellFormed)",
    "z.string().check(...atMost(bounds.text))",
    "a text may hold half a surrogate pair",
  ],
  ["z.minLength(1), ...atMost(bounds.id)", "...atMost(bounds.id)", "an id may be empty"],
  ["[a-z0-9-]{1,32})?$/", "[a-z0-9-]{1,33})?$/", "a room's name may have 33 characters"],
  ["/^[0-9a-f]{32}$/", "/^[0-9a-f]{31,32}$/", "a client's secret may be shorter"],
  ["z.minimum(1), z.maximum(256)", "z.minimum(1), z.maximum(257)", "a job may hash 257 MiB"],
  ["z.minimum(1000), z.maximum(4999)", "z.minimum(1000), z.maximum(5000)", "chaos may close with 5000"],
]);

const close = inFile("close", [
  [`if (agreed) return "stop";`, "", "the client comes back after an end that was agreed on"],
  ["code >= 4500", "code > 4500", "the client comes back after 4500"],
  ["1009, 1010, 1015", "1009, 1010", "the client comes back after a wrong certificate"],
  ["1002, 1003, 1007, 1008,", "1002, 1003, 1007,", "the client comes back after 1008"],
]);

const redisUrl = inFile("redis-url", [
  ["/^([a-z+]*:\\/\\/)?.*@/is", "/^([a-z+]*:\\/\\/)[^:@]*:.*@/is", "a password without a user is shown"],
  ['.replace(/[?&#].*$/s, "?…")', "", "the password of the sentinels is shown"],
  [
    "sentinel ? usualPorts.sentinel : usualPorts.server",
    "usualPorts.server",
    "sentinels are asked at the servers' port",
  ],
  [
    "if (!sentinel && hosts.length > 1)",
    "if (false)",
    "of several servers the first is taken for the only one",
  ],
  ["[^:@/]*))?$/", ".*))?$/", "a password with a slash is taken as it stands"],
  ['isEncrypted: scheme === "rediss"', "isEncrypted: false", "a password goes over the network in the clear"],
  ['(query !== "" && !sentinel)', "false", "a query that means nothing is ignored"],
  ["!host || host.port === 0", "!host", "port 0 is a port"],
]);

const environment = inFile("environment", [
  [
    `if (text === undefined || text === "") return fallback;`,
    "if (text === undefined) return fallback;",
    "an empty variable is a value",
  ],
  ["/^\\d{1,12}$/", "/^[\\d.e]{1,12}$/", "1e3 is accepted as a number"],
  ["number >= least && number <= most", "number >= least", "a limit may exceed its bound"],
  ["number >= least && number <= most", "number > least && number <= most", "the least value is refused"],
  [
    'toSwitch(text: string): boolean | undefined {\n  if (text === "0") return false;\n',
    "toSwitch(text: string): boolean | undefined {\n",
    "a switch cannot be set to 0",
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
    "the page's origin by IPv6 is not listed",
  ],
  [
    "${name}=${JSON.stringify(shown)}",
    "${name}=${shown}",
    "a line break in a value breaks the message into two lines",
  ],
  [`!origin.includes("[")`, "true", "the policy names a source that it cannot hold"],
  [`"frame-ancestors 'none'"`, `"frame-ancestors *"`, "any page may frame ours"],
  [
    "parseAddress(text) ?? (/^",
    "(/^[\\da-f:.]+$/i.test(text) ? text : undefined) ?? (/^",
    "HOST may be a malformed address",
  ],
  ["items.every((item) => item !== undefined)", "true", "a bad origin in a list is ignored"],
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
  ...redisUrl,
  ...environment,
];
