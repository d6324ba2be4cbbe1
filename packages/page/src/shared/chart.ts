import { css, html, type TemplateResult } from "lit";

/** Units of a drawing: it is stretched to the width of its panel. */
export const chartBox = { width: 240, height: 72 };

/**
 * Draws something over time with a line below it that says what is seen. Nothing else tells it to a screen reader.
 */
export function chart(label: string, drawing: unknown, caption: unknown): TemplateResult {
  return html`
    <figure aria-label=${label}>
      <svg viewBox="0 0 ${chartBox.width} ${chartBox.height}" preserveAspectRatio="none" aria-hidden="true">
        ${drawing}
      </svg>
      <figcaption class="hint number">${caption}</figcaption>
    </figure>
  `;
}

/** How drawings are set, those of bars as well. */
export const chartStyle = css`
  figure {
    margin: 0;
  }

  figcaption {
    margin-block-start: 0.375rem;
  }

  figure svg {
    display: block;
    inline-size: 100%;
    block-size: 4.5rem;
    border-block-end: 1px solid var(--edge);
  }

  polyline,
  line {
    fill: none;
    vector-effect: non-scaling-stroke;
  }

  polyline {
    stroke: var(--accent);
    stroke-width: 2;
    stroke-linejoin: round;
  }
`;

/** A value in the course of a topic, to be drawn. */
export interface Point {
  offset: number;
  value: number;
}

/** Points as an SVG's polyline wants them, from the oldest of `places` places on the left to the newest on the right. */
export function polyline(
  points: Point[],
  newest: number,
  places: number,
  [low, high]: [low: number, high: number],
  { width, height } = chartBox,
): string {
  return points
    .filter(({ offset }) => offset > newest - places)
    .map(({ offset, value }) => {
      const x = width * (1 - (newest - offset) / (places - 1));
      const y = height * (1 - (value - low) / (high - low));
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
