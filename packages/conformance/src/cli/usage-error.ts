/** A reason not to start. The message is one line that names the bad value and the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(message: string) {
    // One line even if the bad value has several.
    super(message.replace(/\s*[\r\n]+\s*/g, " "));
  }
}
