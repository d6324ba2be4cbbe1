import { lessons } from "virtual:lessons";
import { html, nothing, type TemplateResult } from "lit";
import type { ServerEntry } from "../shared/servers.ts";
import { courseList, courseMinutes } from "./course-list.ts";
import { countOf } from "./live-line.ts";

export { aroundStyle } from "./start.css.ts";

import type { CoursePlace } from "./course-place.ts";
import type { CourseProgress } from "./progress.ts";

/** What the pages around the course show, and the functions that they call. */
export interface Around {
  servers: ServerEntry[];
  progress: CourseProgress;
  /** The address as it was typed, without `#`. */
  hash: string;
  addressOf(lesson: CoursePlace): string;
  /** The address of a lesson on all servers at once. */
  everyAddressOf(lesson: CoursePlace): string;
  resetProgress(): void;
}

/** Draws the page on which the course begins. */
export function startPage(around: Around): TemplateResult {
  const { servers, addressOf, everyAddressOf } = around;
  return html`
    <div class="around">
      <div class="hero">
        <h2 id="lesson" tabindex="-1">Learn WebSockets by using one.</h2>
        <p class="lead">
          A WebSocket is a connection that stays open, on which both sides may speak at any time. Behind this page
          ${servers.length > 1 ? html`are ${countOf(servers.length)} servers, each written with a different stack` : "is a server"}.
          Send something, and see how fast it comes back.
        </p>
      </div>
      <rosetta-live-line .servers=${servers}></rosetta-live-line>
      <ul class="ways">
        <li>
          <h3>Learn</h3>
          <p>
            ${lessons.length} lessons, about ${courseMinutes()} minutes. In each you do something to a real server, watch
            every message on the wire, and read the code that did it.
          </p>
          <a class="go" href=${addressOf(continueAt(around))}>${continueText(around)}</a>
        </li>
        <li>
          <h3>Choose a stack</h3>
          <p>
            Do every experiment on all servers at once. The page lays the results side by side and marks what differs:
            the close code, the reason, how a slow reader is treated.
          </p>
          <a class="go" href=${everyAddressOf(3)}>Compare all servers</a>
        </li>
        <li>
          <h3>Start a service</h3>
          <p>
            Six small programs for each stack, from an echo in 25 lines to a server you can deploy. Or take the whole
            application as a project of your own.
          </p>
          <a class="go" href=${addressOf("next")}>See the ways to start</a>
        </li>
      </ul>
      <section class="able">
        <h3>When you are through, you can</h3>
        <ul>
          <li>read every byte of a WebSocket, from the handshake to the close code</li>
          <li>keep strangers out, and tell a closed connection from a dead one</li>
          <li>reconnect without a stampede, and miss no message while you were away</li>
          <li>survive a reader that is too slow, and deploy while people are connected</li>
          <li>decide when Server-Sent Events or long polling do the job better</li>
          <li>say what <a href=${addressOf("libraries")}>a library</a> would do for you, and what it costs</li>
        </ul>
      </section>
      ${courseOf(around)}
    </div>
  `;
}

/** Draws the page for an address that names nothing. */
export function unknownPage(around: Around): TemplateResult {
  return html`
    <div class="around">
      <div class="hero">
        <h2 id="lesson" tabindex="-1">There is no such page.</h2>
        <p class="lead">
          The address ends in <code class="break">#${around.hash}</code>, which is not a lesson. These are:
        </p>
      </div>
      ${courseOf(around)}
    </div>
  `;
}

/** Draws the page about libraries. Its content is in a file of its own, `libraries.ts`. */
export function librariesPage({ addressOf }: Around): TemplateResult {
  return html`
    <div class="around">
      <div class="hero">
        <h2 id="lesson" tabindex="-1">Libraries that do it for you</h2>
        <p class="lead">
          You now know what has to be done: reconnect, number, resume, acknowledge. Some libraries do a part of it. See
          what they put on the wire, and decide. <a href=${addressOf("next")}>Where to go from here</a>
        </p>
      </div>
      <rosetta-libraries></rosetta-libraries>
    </div>
  `;
}

/** Draws where the course leads on to. */
export function nextPage(around: Around): TemplateResult {
  const { progress, addressOf } = around;
  const open = lessons.filter(({ number }) => !progress.done.includes(number));
  return html`
    <div class="around">
      <div class="hero">
        <h2 id="lesson" tabindex="-1">Where to go from here</h2>
        <p class="lead">
          ${
            open.length === 0
              ? "You have done every lesson. Now build something."
              : html`You have done ${progress.done.length} of ${lessons.length} lessons.
                Next would be <a href=${addressOf(open[0]?.number ?? 1)}>${open[0]?.title}</a>.`
          }
        </p>
      </div>
      <ul class="ways">
        <li>
          <h3>Climb the ladder</h3>
          <p>
            Each stack has six programs in <code>apps/*/steps</code>. Each is complete in one file, and adds one subject
            to the one before: echo, rooms, heartbeat, admission, backpressure, shutdown.
          </p>
          <pre class="command">pnpm step express-ws 1</pre>
        </li>
        <li>
          <h3>Read the browser’s side</h3>
          <p>
            Four short pages grow from a bare <code>new WebSocket()</code> to a client that backs off and misses
            nothing. View their source.
          </p>
          <p class="list">
            <a href="./steps/1-echo.html">Echo</a> <a href="./steps/2-reconnect.html">Reconnect</a>
            <a href="./steps/3-backoff.html">Backoff</a> <a href="./steps/4-resume.html">Resume</a>
          </p>
        </li>
        <li>
          <h3>Libraries that do it for you</h3>
          <p>What Socket.IO, partysocket and htmx give you, what they put on the wire, and when to take them.</p>
          <a class="go" href=${addressOf("libraries")}>Compare them</a>
        </li>
        <li>
          <h3>Take a server with you</h3>
          <p>
            Writes a server of your choice to a folder, with tests, a Dockerfile and nothing that depends on this
            repository.
          </p>
          <pre class="command">pnpm eject express-ws ../my-service</pre>
        </li>
        <li>
          <h3>Test your own server</h3>
          <p>
            Tries hundreds of cases of RFC 6455 and RFC 7692 on any server, and names the clause that a failure breaks.
          </p>
          <pre class="command">pnpm conform ws://localhost:3001/echo</pre>
        </li>
        <li>
          <h3>Measure</h3>
          <p>Compares the stacks’ latency and throughput with the libraries below them, and says when it cannot tell.</p>
          <pre class="command">pnpm bench</pre>
        </li>
        <li>
          <h3>Look it up</h3>
          <p>
            <a href="https://www.rfc-editor.org/rfc/rfc6455" target="_blank" rel="noreferrer">RFC 6455</a> is what travels,
            <a href="https://websockets.spec.whatwg.org/" target="_blank" rel="noreferrer">the WebSockets standard</a> what a
            browser does, and
            <a href="https://developer.mozilla.org/docs/Web/API/WebSocket" target="_blank" rel="noreferrer">MDN</a> how to use it.
          </p>
        </li>
      </ul>
    </div>
  `;
}

function courseOf({ progress, addressOf, resetProgress }: Around): TemplateResult {
  const hasBegun = progress.done.length > 0 || progress.last !== undefined;
  return html`
    <section class="contents-of" aria-labelledby="lessons">
      <div class="apart">
        <h3 id="lessons">The lessons</h3>
        ${
          hasBegun
            ? html`<p class="hint">
              ${progress.done.length} of ${lessons.length} done. This is kept in your browser only.
              <button class="small" @click=${resetProgress}>Forget my progress</button>
            </p>`
            : nothing
        }
      </div>
      ${courseList(progress, undefined, addressOf)}
    </section>
  `;
}

// The lesson that was open last, or the next one if that is done.
function continueAt({ progress: { done, last } }: Around): number {
  const from = last ?? 1;
  const open = lessons.find(({ number }) => number >= from && !done.includes(number));
  return open?.number ?? lessons.find(({ number }) => !done.includes(number))?.number ?? 1;
}

function continueText(around: Around): string {
  const { done, last } = around.progress;
  const number = continueAt(around);
  const { title } = lessons.find((entry) => entry.number === number) ?? { title: "" };
  if (last === undefined && done.length === 0) return "Begin with lesson 1";
  return done.length === lessons.length ? "Begin again" : `Continue with ${number}. ${title}`;
}
