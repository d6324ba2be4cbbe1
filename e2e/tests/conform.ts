// Each server judged by RFC 6455 and RFC 7692: a test for each group of cases. `pnpm conform` shows each case.
import { type Group, groups, resultReport, runConformance } from "@rosetta/conformance";
import { raisedLimits } from "@rosetta/manifest";
import { failure } from "@rosetta/testkit";
import { conformanceAttachment } from "../conformance.ts";
import { test } from "../fixtures.ts";

// Groups that judge clients. No server can be asked their cases.
const clientGroups = ["answers"];

// Where a region's code decides what becomes of the cases. The rest is the stack's library itself.
const regions: Record<string, string[]> = {
  framing: ["@messages", "@echo"],
  control: ["@messages"],
  bits: ["@guard"],
  opcodes: ["@guard"],
  fragmentation: ["@messages", "@limits"],
  utf8: ["@echo", "@guard"],
  closing: ["@closed", "@guard"],
  delivery: ["@messages", "@echo"],
  size: ["@limits", "@send"],
  opening: ["@upgrade", "@door"],
  negotiation: ["@limits"],
  compression: ["@limits", "@send"],
};

// One after another: a server that others keep busy is late, and being late is a verdict.
test.describe.configure({ mode: "default", timeout: 180_000 });

for (const group of groups.filter(({ name }) => !clientGroups.includes(name))) {
  const id = `CONF-${String(group.number).padStart(2, "0")}`;
  test(
    `${id} MUST fail no conformance case of: ${group.title}`,
    { tag: regionsOf(group) },
    async ({ launch }, testInfo) => {
      const server = await launch({ ...raisedLimits, ...(group.compressed && { COMPRESSION: "1" }) });
      const results = await judge(server.wsUrl("/echo"), group);
      await testInfo.attach(conformanceAttachment, { body: JSON.stringify(results) });
      if (results.length === 0) throw failure("no case was judged");
      const failed = results.filter(({ verdict }) => verdict === "fail");
      if (failed.length === 0) return;
      const ids = failed.map(({ id }) => id).join(", ");
      const reasons = failed.map(({ id, behaviour, close }) => `${id}: ${behaviour.why ?? close.why}`);
      throw failure(`${failed.length} of ${results.length} cases fail: ${ids}\n${reasons.join("\n")}`);
    },
  );
}

// A new group must say which regions decide about it: with a guess instead, it would be tested for none.
function regionsOf({ name }: Group): string[] {
  const tags = regions[name];
  if (!tags) throw new Error(`name the regions that decide about the conformance group ${name}`);
  return tags;
}

async function judge(url: string, { cases }: Group) {
  const results = [];
  // Longer than the tool's own deadline: here the machine is busy with the rest of the suite.
  for await (const result of runConformance(url, { cases, deadlineMs: 20_000 })) {
    const { wire: _, ...rest } = resultReport(result);
    results.push({ ...rest, wire: [] });
  }
  // They come as they are done.
  const place = new Map(cases.map(({ id }, index) => [id, index]));
  return results.sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}
