/**
 * Waits for something that must happen. Rejects with its name after `patienceMs`, which is far longer than it
 * takes.
 */
export async function inTime<Value>(what: Promise<Value>, name: string, patienceMs = 15_000): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${name} did not come within ${patienceMs} ms`)),
    patienceMs,
  );
  try {
    return await Promise.race([what, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
