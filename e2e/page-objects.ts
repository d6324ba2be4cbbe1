import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "@playwright/test";

/** A part of the page, found by its heading. Actions are named after what a person does. */
class Panel {
  readonly region: Locator;

  constructor(page: Page, heading: string) {
    this.region = page.getByRole("region", { name: heading, exact: true });
  }

  button(name: string): Locator {
    return this.region.getByRole("button", { name, exact: true });
  }

  field(label: string): Locator {
    return this.region.getByLabel(label, { exact: true });
  }

  log(name: string): Locator {
    return this.region.getByRole("log", { name, exact: true });
  }
}

class ConnectionPanel extends Panel {
  readonly state: Locator;
  readonly countdown: Locator;
  readonly notice: Locator;

  constructor(page: Page) {
    super(page, "Connection");
    this.state = this.region.getByRole("status", { name: "Connection state" });
    this.countdown = this.region.getByRole("timer", { name: "Next attempt" });
    this.notice = this.region.getByRole("alert");
  }

  /** Returns a fact that the page shows about the other side: its address, the server, or the user's own name. */
  fact(text: string): Locator {
    return this.region.getByRole("definition").filter({ hasText: text });
  }

  async close(): Promise<void> {
    await this.button("Close").click();
  }

  async open(): Promise<void> {
    await this.button("Open").click();
  }

  async retryNow(): Promise<void> {
    await this.button("Retry now").click();
  }
}

class EchoPanel extends Panel {
  readonly state: Locator;
  /** Who closed it, and how. */
  readonly ending: Locator;

  constructor(page: Page) {
    super(page, "Echo");
    this.state = this.region.getByRole("status", { name: "Echo state" });
    this.ending = this.region.getByText(/^(Closed by|Ended by)/);
  }

  /** Returns the line with the state of a sent message, found by its text, or of a file by its name. */
  line(label: string): Locator {
    return this.log("What came back").getByRole("listitem").filter({ hasText: label });
  }

  async sendText(text: string): Promise<void> {
    await this.field("Message to echo").fill(text);
    await this.button("Send text").click();
  }

  async sendFile(name: string, bytes: Uint8Array): Promise<void> {
    const file = { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) };
    await this.field("File to echo").setInputFiles(file);
    await this.button("Send file").click();
  }

  async askForStop(): Promise<void> {
    await this.button("Ask for stop").click();
  }

  /** Closes it with a code, or without one. */
  async close(code?: number): Promise<void> {
    await this.field("Close code").selectOption(code === undefined ? "none" : "my own");
    if (code !== undefined) await this.field("Own code").fill(String(code));
    await this.button("Close echo").click();
  }

  async open(): Promise<void> {
    await this.button("Open echo").click();
  }
}

class ChatPanel extends Panel {
  readonly members: Locator;
  readonly said: Locator;
  readonly lines: Locator;

  constructor(page: Page) {
    super(page, "Chat room");
    this.members = this.region.getByRole("list", { name: /^Here now/ }).getByRole("listitem");
    this.said = this.region.getByRole("log", { name: /^Said in/ });
    this.lines = this.said.getByRole("listitem");
  }

  /** Returns the line that says what was said, by whom and to whom. */
  line(text: string): Locator {
    return this.lines.filter({ has: this.region.page().getByText(text, { exact: true }) });
  }

  async enter(room: string): Promise<void> {
    await this.field("Room name").fill(room);
    await this.button("Enter room").click();
  }

  async say(text: string, to: "To all, you included" | "To others" = "To all, you included"): Promise<void> {
    await this.field(to).check();
    await this.field("Message to the room").fill(text);
    await this.button("Send to room").click();
  }
}

class FeedPanel extends Panel {
  readonly newest: Locator;
  readonly events: Locator;

  constructor(page: Page) {
    super(page, "Live feed");
    this.newest = this.region.getByRole("group", { name: "Newest event" });
    this.events = this.region.getByRole("list", { name: "Events, newest first" }).getByRole("listitem");
  }

  async choose(topic: string): Promise<void> {
    await this.field("Topic").selectOption(topic);
  }
}

class JobsPanel extends Panel {
  readonly jobs: Locator;

  constructor(page: Page) {
    super(page, "Jobs");
    this.jobs = this.region.getByRole("list", { name: "Jobs of this page" }).getByRole("listitem");
  }

  job(number: number): Locator {
    return this.jobs.filter({ has: this.state(number) });
  }

  state(number: number): Locator {
    return this.region.page().getByRole("status", { name: `State of job ${number}`, exact: true });
  }

  progress(number: number): Locator {
    return this.region.getByRole("progressbar", { name: `Progress of job ${number}`, exact: true });
  }

  async start(mebibytes: number): Promise<void> {
    await this.field("MiB to hash").fill(String(mebibytes));
    await this.button("Start job").click();
  }

  async cancel(number: number): Promise<void> {
    await this.button(`Cancel job ${number}`).click();
  }
}

class ServerLogPanel extends Panel {
  readonly lines: Locator;

  constructor(page: Page) {
    super(page, "Server log");
    this.lines = this.log("Server log, newest first").getByRole("listitem");
  }
}

class WireLogPanel extends Panel {
  /** The visible ones, oldest first. */
  readonly rows: Locator;
  readonly content: Locator;

  constructor(page: Page) {
    super(page, "Wire log");
    this.rows = this.log("Messages on the wire, oldest first").getByRole("button");
    this.content = this.region.getByRole("group", { name: "Content of the row" });
  }

  /** Rows as a screen reader reads them: `sent 14:03:07.045 echo 5 B hello`. */
  row(saying: RegExp): Locator {
    return this.log("Messages on the wire, oldest first").getByRole("button", { name: saying });
  }

  async filter(text: string): Promise<void> {
    await this.field("Filter").fill(text);
  }
}

class ServerSwitch {
  readonly group: Locator;
  readonly advice: Locator;

  constructor(page: Page) {
    this.group = page.getByRole("group", { name: "Server", exact: true });
    this.advice = page.getByRole("status", { name: "Server advice" });
  }

  server(title: string): Locator {
    return this.group.getByRole("radio", { name: title, exact: true });
  }
}

/** The contents of the course, behind a button in the header. */
class Course {
  readonly nav: Locator;
  readonly button: Locator;

  constructor(page: Page) {
    this.nav = page.getByRole("navigation", { name: "Course" });
    this.button = this.nav.getByRole("button");
  }

  /** Returns the link to a lesson. It is there once the contents are open. */
  link(name: RegExp): Locator {
    return this.nav.getByRole("list").getByRole("link", { name });
  }

  /** Goes to a lesson, found by its number and title. */
  async goTo(name: RegExp): Promise<void> {
    await this.button.click();
    await this.link(name).click();
  }
}

// The page drops the code of a lesson if the visitor moves on before it has loaded. A busy machine makes that likely.
const givenUpCode = /\/assets\/[^/]+\.json failed: net::ERR_ABORTED$/;

/** The page of a server in its own browser, as a user sees it right after opening it. */
export class Visit {
  readonly page: Page;
  readonly course: Course;
  readonly servers: ServerSwitch;
  readonly connection: ConnectionPanel;
  readonly echo: EchoPanel;
  readonly chat: ChatPanel;
  readonly feed: FeedPanel;
  readonly jobs: JobsPanel;
  readonly serverLog: ServerLogPanel;
  readonly wire: WireLogPanel;
  readonly #context: BrowserContext;
  readonly #troubles: string[] = [];
  readonly #expected: RegExp[] = [givenUpCode];

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    this.course = new Course(page);
    this.servers = new ServerSwitch(page);
    this.connection = new ConnectionPanel(page);
    this.echo = new EchoPanel(page);
    this.chat = new ChatPanel(page);
    this.feed = new FeedPanel(page);
    this.jobs = new JobsPanel(page);
    this.serverLog = new ServerLogPanel(page);
    this.wire = new WireLogPanel(page);
    page.on("console", (said) => this.#note(`${said.type()}: ${said.text()} (${said.location().url})`));
    page.on("pageerror", (error) => this.#note(`uncaught: ${error.stack ?? error.message}`));
    page.on("requestfailed", (request) => {
      this.#note(`request: ${request.method()} ${request.url()} failed: ${request.failure()?.errorText}`);
    });
  }

  /** Opens a new browser. `script` runs in it before the page does. */
  static async begin(browser: Browser, { script, ...options }: VisitOptions): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    // Not every violation of the policy appears on the console.
    await context.addInitScript(
      `addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
        console.error("policy:", violatedDirective, blockedURI));`,
    );
    if (script) await context.addInitScript(script);
    return new Visit(context, await context.newPage());
  }

  /** Makes the test expect such troubles from here on. */
  expectTrouble(about: RegExp): void {
    this.#expected.push(about);
  }

  /** Returns what was logged, what was thrown, and which requests failed, except for what the test expects. */
  async troubles(): Promise<string[]> {
    // Once the browser has answered, everything that it reported before has arrived.
    if (!this.page.isClosed()) await this.page.evaluate("0");
    return this.#troubles.filter((trouble) => !this.#expected.some((about) => about.test(trouble)));
  }

  async goOffline(): Promise<void> {
    await this.#context.setOffline(true);
  }

  async goOnline(): Promise<void> {
    await this.#context.setOffline(false);
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }

  #note(trouble: string): void {
    this.#troubles.push(trouble);
  }
}

/** The options of a browser, and a script to run in it first. */
export type VisitOptions = BrowserContextOptions & { script?: string };
