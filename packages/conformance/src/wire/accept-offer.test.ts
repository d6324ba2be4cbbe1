import { expect, test } from "vitest";
import { acceptOffer } from "./accept-offer.ts";
import { agree } from "./deflate.ts";

const plain = "permessage-deflate";
const usual = "permessage-deflate; client_max_window_bits";

test.each([
  [plain, plain, plain],
  [plain, usual, plain],
  [`${plain}; server_no_context_takeover`, plain, `${plain}; server_no_context_takeover`],
  [plain, `${plain}; server_no_context_takeover`, `${plain}; server_no_context_takeover`],
  [`${plain}; server_max_window_bits=12`, usual, `${plain}; server_max_window_bits=12`],
  [
    `${plain}; server_max_window_bits=12`,
    `${plain}; server_max_window_bits=10`,
    `${plain}; server_max_window_bits=10`,
  ],
  [`${plain}; client_max_window_bits=9`, usual, `${plain}; client_max_window_bits=9`],
  [`${plain}; client_max_window_bits=9`, `${plain}, ${usual}`, `${plain}; client_max_window_bits=9`],
])("%j of the offer %j is answered with %j", (wanted, offers, answer) => {
  expect(acceptOffer(wanted, offers)?.answer).toBe(answer);
  expect(() => agree(offers, answer)).not.toThrow();
});

test.each([
  [plain, ""],
  [plain, "x-other"],
  [plain, `${plain}; x_unknown`],
  [`${plain}; client_max_window_bits=9`, plain],
])("%j cannot be agreed on with the offer %j", (wanted, offers) => {
  expect(acceptOffer(wanted, offers)).toBeUndefined();
});

test("both ends see the same agreement", () => {
  const wanted = `${plain}; server_no_context_takeover; client_max_window_bits=10`;
  const { answer, agreement } = acceptOffer(wanted, usual) ?? expect.unreachable();
  const { ours, theirs } = agree(usual, answer) ?? expect.unreachable();
  expect(agreement).toEqual({ ours: theirs, theirs: ours });
});
