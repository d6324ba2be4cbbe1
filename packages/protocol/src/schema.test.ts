import { expect, test } from "vitest";
import { isCurrent, schemaText } from "./schema.ts";

test("protocol.schema.json matches the messages (pnpm -C packages/protocol run schema)", () => {
  expect(isCurrent()).toBe(true);
});

test("the schema refers to nothing that it does not define, and defines every message with a description", () => {
  const { $defs } = JSON.parse(schemaText()) as { $defs: Record<string, { description?: string }> };
  const references = [...schemaText().matchAll(/"\$ref": "#\/\$defs\/([^"]+)"/g)].map((match) => match[1]);
  expect(references.length).toBeGreaterThan(40);
  for (const name of references) expect(Object.keys($defs)).toContain(name);
  for (const [name, { description }] of Object.entries($defs)) expect(description, name).toMatch(/\.$/);
  expect(Object.keys($defs).filter((name) => name.startsWith("Client."))).toHaveLength(10);
  expect(Object.keys($defs).filter((name) => name.startsWith("Server."))).toHaveLength(8);
});
