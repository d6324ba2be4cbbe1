import type { Locator, Page } from "@playwright/test";
import { encodeFrame, Opcode } from "@rosetta/conformance";
import { agreementOf, columnsOf, comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the panel of the lesson, in the page or in a column of it. */
function framesIn(place: Page | Locator) {
  const region = place.getByRole("region", { name: /^Frames\b/ });
  const choose = (field: string, value: string) =>
    region.getByLabel(field, { exact: true }).selectOption(value);
  return {
    region,
    up: region.getByRole("list", { name: "Frame to the server" }).getByRole("listitem"),
    down: region.getByRole("list", { name: "Frame back from the server" }).getByRole("listitem"),
    characters: region.getByRole("list", { name: "Characters and their bytes" }).getByRole("listitem"),
    newest: region.getByRole("log", { name: "What came back" }).getByRole("listitem").first(),
    end: region.getByRole("status", { name: "End of the connection" }),
    wire: region.getByLabel("Bytes on the wire"),
    choose,
    async write(text: string): Promise<void> {
      await choose("Kind of message", "text");
      await region.getByLabel("Text", { exact: true }).fill(text);
    },
    async writeBytes(hex: string): Promise<void> {
      await choose("Kind of message", "bytes");
      await region.getByLabel("Bytes in hex", { exact: true }).fill(hex);
    },
    async writeLetters(option: string): Promise<void> {
      await choose("Kind of message", "many letters");
      await choose("How many letters", option);
    },
    async send(): Promise<void> {
      await region.getByRole("button", { name: "Send message", exact: true }).click();
    },
  };
}

/** Reads the boxes of a frame as its bytes in hex: two bytes of bits, then bytes as they are. */
async function bytesOf(boxes: Locator): Promise<string> {
  const values = await boxes.getByRole("code").allInnerTexts();
  const bits = values.slice(0, 5).join("");
  const first = [bits.slice(0, 8), bits.slice(8)].map((byte) => Number.parseInt(byte, 2));
  return [Buffer.from(first).toString("hex"), ...values.slice(5)].join("").replaceAll(" ", "");
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

// RFC 6455 §5.2.
test("COURSE-05 MUST draw the frames of a message as they are, and get the message back as it was", {
  tag: ["@messages", "@echo", "@send", "@limits", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/3");
  const { page, wire } = visit;
  const frames = framesIn(page);
  await frames.write("é👋");
  await expect(frames.characters).toHaveText([/é\s*U\+00E9\s*c3 a9/, /👋\s*U\+1F44B\s*f0 9f 91 8b/]);
  const payload = Buffer.from("é👋");
  const key = frames.up.filter({ hasText: "Masking key" }).getByRole("code");
  const mask = Buffer.from((await key.textContent().then(String)).replaceAll(" ", ""), "hex");
  expect(await bytesOf(frames.up)).toBe(hexOf(encodeFrame({ opcode: Opcode.Text, payload, mask })));
  expect(await bytesOf(frames.down)).toBe(hexOf(encodeFrame({ opcode: Opcode.Text, payload })));
  await frames.send();
  await expect(frames.newest).toContainText("came back equal, as text");
  await wire.filter("é👋");
  await expect(wire.row(/^received .* text 6 B é👋$/)).toHaveCount(1);

  await frames.writeBytes("00 ff 0a");
  expect(await bytesOf(frames.down)).toBe("820300ff0a");
  await frames.send();
  await expect(frames.newest).toContainText("came back equal, as binary");

  await frames.writeLetters("126");
  await expect(frames.up.filter({ hasText: "Length, 16 bits" })).toContainText("00 7e");
  await expect(frames.wire).toContainText("8 B header + 126 B message = 134 B");
  await frames.writeLetters("65,536");
  await expect(frames.down.filter({ hasText: "Length, 64 bits" })).toContainText("00 00 00 00 00 01 00 00");
  await expect(frames.wire).toContainText("14 B header + 65,536 B message = 65,550 B");
  await frames.send();
  await expect(frames.newest).toContainText("came back equal, as text");

  await frames.writeLetters("65,537, one over the limit");
  await expect(frames.down).toHaveCount(0);
  await frames.send();
  await expect(frames.end).toContainText("Closed by the server with 1009");
  await expect(frames.newest).toContainText("lost: the connection ended");
  await frames.write("again");
  await frames.send();
  await expect(frames.newest).toContainText("came back equal, as text");

  await expectAccessible(visit);
});

test("COURSE-06 MUST send one message to all servers, and lay beside each other what they made of it", {
  tag: ["@echo", "@limits", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/3?server=every", siblings[0]);
  const columns = columnsOf(visit, siblings).map(framesIn);
  const [first] = columns as [ReturnType<typeof framesIn>];
  const table = comparisonOf(visit);
  await first.writeBytes("00 ff 0a");
  await first.send();
  for (const column of columns) await expect(column.newest).toContainText("came back equal, as binary");
  await expect(table.getByRole("row", { name: "What came back" }).getByRole("cell")).toHaveText(
    siblings.map(() => "came back equal, as binary"),
  );
  await expect(agreementOf(visit)).toContainText("The servers agree");

  await first.writeLetters("65,537, one over the limit");
  await first.send();
  for (const column of columns) await expect(column.end).toContainText("1009");
  await expect(table.getByRole("row", { name: /^Message/ }).getByRole("cell")).toHaveText(
    siblings.map(() => "text, 65,537 B"),
  );
  // Which reason a stack gives is its own affair; the code is not.
  await expect(table.getByRole("row", { name: /^Closed with/ }).getByRole("cell")).toHaveText(
    siblings.map(() => /^1009/),
  );
});
